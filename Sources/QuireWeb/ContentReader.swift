/// Reads contents from bytes of the host; `EXPORTS.md` describes them.
struct ContentReader {
    private let bytes: [UInt8]
    private var reader: ByteReader

    init(_ bytes: [UInt8], from start: Int = 0) {
        self.bytes = bytes
        reader = ByteReader(bytes, from: start)
    }

    /// All contents from here on.
    mutating func all() throws(WebError) -> [Content] {
        var contents: [Content] = []
        while reader.remaining > 0 { contents.append(try read(0)) }
        return contents
    }

    /// The one content that is left.
    mutating func last() throws(WebError) -> Content {
        let content = try read(0)
        guard reader.remaining == 0 else { throw WebError(FormatError.trailingBytes) }
        return content
    }

    private mutating func read(_ depth: Int) throws(WebError) -> Content {
        // The engine refuses deeper ones, too; here they would fill the stack.
        guard depth < 64 else { throw WebError(EditError.nestingTooDeep) }
        let tag = try get { (reader) throws(FormatError) in try reader.byte() }
        switch tag {
        case 0: return .null
        case 1: return .bool(false)
        case 2: return .bool(true)
        case 4:
            let low = UInt64(try get { (reader) throws(FormatError) in try reader.littleEndian() })
            let high = UInt64(try get { (reader) throws(FormatError) in try reader.littleEndian() })
            return .number(Double(bitPattern: high << 32 | low))
        case 5: return .string(try prefixed())
        case 6: return .bytes(try prefixed())
        case 7: return .text(try units())
        case 8:
            var contents: [Content] = []
            for _ in 0..<(try count()) { contents.append(try read(depth + 1)) }
            return .list(contents)
        case 9:
            var entries: [Content.Entry] = []
            for _ in 0..<(try count()) {
                let key = try prefixed()
                entries.append(Content.Entry(key: key, content: try read(depth + 1)))
            }
            return .map(entries)
        default: throw WebError(FormatError.unknownOperation)
        }
    }

    private mutating func units() throws(WebError) -> [UInt16] {
        let count = try get { (reader) throws(FormatError) in try reader.count(ofSize: 2) }
        let range = try get { (reader) throws(FormatError) in try reader.range(count * 2) }
        var units: [UInt16] = []
        units.reserveCapacity(count)
        for index in stride(from: range.lowerBound, to: range.upperBound, by: 2) {
            units.append(UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8)
        }
        return units
    }

    private mutating func count() throws(WebError) -> Int {
        try get { (reader) throws(FormatError) in try reader.count() }
    }

    private mutating func prefixed() throws(WebError) -> [UInt8] {
        Array(bytes[try get { (reader) throws(FormatError) in try reader.prefixedRange() }])
    }

    private mutating func get<Result>(
        _ body: (inout ByteReader) throws(FormatError) -> Result
    ) throws(WebError) -> Result {
        do throws(FormatError) {
            return try body(&reader)
        } catch {
            throw WebError(error)
        }
    }
}
