extension Anchor {
    private static let magic: UInt8 = 0xD8
    private static let magicMask: UInt8 = 0xF8

    /// The anchor as bytes; see `FORMAT.md`.
    public var encoded: [UInt8] {
        switch place {
        case .start: return [Self.magic]
        case .end: return [Self.magic | 1]
        case .after(let element): return Self.bytes(Self.magic | 2, element)
        case .before(let element): return Self.bytes(Self.magic | 3, element)
        }
    }

    private static func bytes(_ first: UInt8, _ element: ElementID) -> [UInt8] {
        var bytes = [first]
        bytes.appendVarint(element.replica.rawValue)
        bytes.appendVarint(UInt64(element.counter))
        return bytes
    }

    /// Reads an anchor from bytes that came from outside.
    ///
    /// Whether its element exists is found out in a document.
    ///
    /// - Throws: when the bytes are not exactly one anchor.
    public init(decoding bytes: [UInt8]) throws(FormatError) {
        guard let first = bytes.first else { throw .truncated }
        guard first & Self.magicMask == Self.magic else { throw .badMagic }
        var reader = ByteReader(bytes, from: 1)
        switch first & ~Self.magicMask {
        case 0: self = .start
        case 1: self = .end
        case 2: self.init(.after(try Self.element(from: &reader)))
        case 3: self.init(.before(try Self.element(from: &reader)))
        default: throw .unsupportedVersion
        }
        try reader.requireEnd()
    }

    private static func element(from reader: inout ByteReader) throws(FormatError) -> ElementID {
        let replica = ReplicaID(try reader.varint())
        return ElementID(replica: replica, counter: try reader.varint32())
    }
}
