/// Reads numbers and byte ranges from bytes that may be hostile.
///
/// It never reads past `end` and never allocates.
struct ByteReader {
    let bytes: [UInt8]
    private(set) var position: Int
    let end: Int

    init(_ bytes: [UInt8], from start: Int = 0, to end: Int? = nil) {
        self.bytes = bytes
        position = start
        self.end = min(end ?? bytes.count, bytes.count)
    }

    var remaining: Int { end - position }

    mutating func byte() throws(FormatError) -> UInt8 {
        guard position < end else { throw .truncated }
        defer { position += 1 }
        return bytes[position]
    }

    /// Gives back the byte that was read last.
    mutating func stepBack() {
        assert(position > 0, "Nothing was read.")
        position -= 1
    }

    /// An unsigned LEB128 number in its shortest form.
    mutating func varint() throws(FormatError) -> UInt64 {
        guard position < end else { throw .truncated }
        let first = bytes[position]
        if first < 0x80 {
            position += 1
            return UInt64(first)
        }
        return try longVarint()
    }

    @inline(never)
    private mutating func longVarint() throws(FormatError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try byte()
            if shift == 63, byte > 1 { throw .overflow }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                if byte == 0, shift > 0 { throw .invalid }
                return value
            }
            shift += 7
            if shift > 63 { throw .overflow }
        }
    }

    /// A number below 2^32; nothing says that what it counts is there.
    mutating func varint32() throws(FormatError) -> UInt32 {
        guard let value = UInt32(exactly: try varint()) else { throw .overflow }
        return value
    }

    /// No document has as many of anything, and two of them still add up in an `Int` of 32 bits.
    static var sizeLimit: UInt64 { 1 << 30 }

    /// A number below ``sizeLimit``.
    mutating func size() throws(FormatError) -> Int {
        let value = try varint()
        guard value < Self.sizeLimit else { throw .overflow }
        return Int(value)
    }

    /// A count of things that each take at least `size` bytes: more than fit in what remains are refused at once.
    mutating func count(ofSize size: Int = 1) throws(FormatError) -> Int {
        let value = try varint()
        guard value <= UInt64(remaining / size) else { throw .truncated }
        return Int(value)
    }

    /// The next `length` bytes.
    mutating func range(_ length: Int) throws(FormatError) -> Range<Int> {
        guard length >= 0, length <= remaining else { throw .truncated }
        defer { position += length }
        return position..<position + length
    }

    /// The byte count, which comes first, and then the bytes.
    mutating func prefixedRange() throws(FormatError) -> Range<Int> {
        try range(count())
    }

    mutating func littleEndian() throws(FormatError) -> UInt32 {
        let range = try range(4)
        var value: UInt32 = 0
        for index in range.reversed() { value = value << 8 | UInt32(bytes[index]) }
        return value
    }

    func requireEnd() throws(FormatError) {
        guard position == end else { throw .trailingBytes }
    }
}

extension ByteReader {
    static func unzigzag(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}
