/// Where a fast lane is in bytes that may be hostile.
///
/// It has one failure for everything, which is for good: a lane that failed leaves the bytes to the general way, which finds
/// out what is wrong.
struct SpanCursor {
    var position: Int
    let end: Int
    /// Whether anything was not as expected.
    private(set) var failed = false

    @inline(__always)
    init(from position: Int, to end: Int) {
        self.position = position
        self.end = end
    }

    @inline(__always)
    mutating func byte(_ bytes: Span<UInt8>) -> UInt8 {
        guard position < end else {
            failed = true
            return 0
        }
        let byte = bytes[position]
        position &+= 1
        return byte
    }

    /// A number of at most 63 bits in its shortest form.
    @inline(__always)
    mutating func varint(_ bytes: Span<UInt8>) -> UInt64 {
        let first = byte(bytes)
        return first < 0x80 ? UInt64(first) : longVarint(bytes, UInt64(first & 0x7F))
    }

    @inline(__always)
    mutating func varint32(_ bytes: Span<UInt8>) -> UInt32 {
        let value = varint(bytes)
        if value > UInt64(UInt32.max) { failed = true }
        return UInt32(truncatingIfNeeded: value)
    }

    private mutating func longVarint(_ bytes: Span<UInt8>, _ first: UInt64) -> UInt64 {
        var value = first
        var shift: UInt64 = 7
        while shift < 63 {
            let byte = byte(bytes)
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 {
                if byte == 0 { failed = true }
                return value
            }
            shift &+= 7
        }
        failed = true
        return 0
    }
}
