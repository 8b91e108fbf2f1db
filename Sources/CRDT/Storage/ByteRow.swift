/// Bytes that grow at their end, written whole words at a time.
@safe
struct ByteRow: ~Copyable, Sendable {
    private var bytes = Slab<UInt8>()

    /// How many bytes are written.
    private(set) var count = 0

    /// Makes sure that `added` bytes can be written, and a word past them.
    @inline(__always)
    mutating func reserve(_ added: Int) {
        let missing = count + added + 8 - bytes.count
        if missing > 0 { grow(by: missing) }
    }

    @inline(never)
    private mutating func grow(by missing: Int) {
        bytes.append(repeating: 0, count: max(missing, bytes.count, 512))
    }

    /// Writes eight bytes, little-endian, at a place that was reserved; what of them lies past the end is no content.
    @inline(__always)
    mutating func store(_ word: UInt64, at position: Int) {
        precondition(position >= 0 && position + 8 <= bytes.count, "A word out of its row.")
        let place = unsafe UnsafeMutableRawPointer(bytes.mutableAddress(of: position))
        unsafe place.storeBytes(of: word.littleEndian, as: UInt64.self)
    }

    /// Appends the lowest bytes of a word, at most eight.
    @inline(__always)
    mutating func append(word: UInt64, byteCount: Int) {
        if count &+ 8 > bytes.count { grow(by: 8) }
        let place = unsafe UnsafeMutableRawPointer(bytes.mutableAddress(of: count))
        unsafe place.storeBytes(of: word.littleEndian, as: UInt64.self)
        count &+= byteCount
    }

    @inline(__always)
    subscript(_ position: Int) -> UInt8 {
        get { bytes[position] }
        set { bytes[position] = newValue }
    }

    /// Declares that what was stored up to `end` is content.
    @inline(__always)
    mutating func extend(to end: Int) {
        assert(end >= count && end <= bytes.count, "The end of a row went astray.")
        count = end
    }

    mutating func append(_ added: [UInt8]) {
        reserve(added.count)
        bytes.write(added, 0..<added.count, at: count)
        count += added.count
    }

    mutating func append(_ added: Span<UInt8>) {
        reserve(added.count)
        for index in added.indices { bytes[count + index] = added[index] }
        count += added.count
    }

    mutating func removeAll() { count = 0 }

    /// Takes back what was appended since the row had that many bytes.
    mutating func truncate(to end: Int) {
        precondition(end >= 0 && end <= count, "A row has no such end.")
        count = end
    }

    func read(_ range: Range<Int>, into array: inout [UInt8]) {
        precondition(range.upperBound <= count, "A read out of bounds.")
        bytes.read(range, into: &array)
    }

    /// Lends a part of the content.
    @inline(__always)
    func withSpan<Result, Failure: Error>(
        _ range: Range<Int>,
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "A read out of bounds.")
        if range.isEmpty { return try body(Span()) }
        let start = unsafe bytes.address(of: range.lowerBound)
        return try unsafe body(Span(_unsafeStart: start, count: range.count))
    }
}
