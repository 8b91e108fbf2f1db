extension Span where Element == UInt8 {
    /// Eight bytes from `position` on, little-endian; those past the end are zeros.
    @inline(__always)
    func word(at position: Int) -> UInt64 {
        if position >= 0, position &+ 8 <= count {
            return unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
        }
        return lastWord(at: position)
    }

    /// The same where fewer than eight are left: from two words of four bytes that overlap, when there are as many.
    @inline(__always)
    private func lastWord(at position: Int) -> UInt64 {
        precondition(position >= 0 && position <= count, "A word out of its bytes.")
        let left = count &- position
        if left >= 4 {
            let low = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self)
            let high = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            let shift = UInt64(truncatingIfNeeded: left &- 4) &* 8
            return UInt64(UInt32(littleEndian: low)) | UInt64(UInt32(littleEndian: high)) &<< shift
        }
        var word: UInt64 = 0
        for index in 0..<left { word |= UInt64(self[position + index]) &<< UInt64(8 &* index) }
        return word
    }
}
