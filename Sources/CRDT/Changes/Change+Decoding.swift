extension Change {
    // The first byte:
    //
    //      7  6   5  4   3   2   1  0
    //     +------+------+---+---+------+
    //     | 1  0 | 0  1 | d | l | shape|   d: dependencies follow; l: a Lamport advance follows
    //     +------+------+---+---+------+
    //      magic  version
    static let magic: UInt8 = 0b1000_0000
    static let magicMask: UInt8 = 0b1100_0000
    static let versionMask: UInt8 = 0b0011_0000
    static let version: UInt8 = 0b0001_0000
    static let dependenciesFlag: UInt8 = 0b1000
    static let lamportFlag: UInt8 = 0b0100
    static let shapeMask: UInt8 = 0b0011
    /// The lowest bits of the first number are the replica itself below this, and say that it follows when they are this.
    static let replicaFollows: UInt64 = 7
    /// Numbers of changes and Lamport timestamps stay below this, so that sums of a few cannot overflow.
    static let maximumSequence: UInt64 = 0x1000_0000_0000_0000
    /// From this many bytes on the checksum has four bytes instead of one.
    static let longChecksumCount = 64

    static func checksumCount(forBodyCount count: Int) -> Int { count < longChecksumCount ? 1 : 4 }

    /// Reads a change from bytes that came from outside.
    ///
    /// - Throws: when the bytes are not exactly one well-formed change. Whether it fits a document is found out when it
    ///   is applied.
    /// - Complexity: O(n) for n bytes.
    public init(decoding bytes: [UInt8]) throws(FormatError) {
        guard let first = bytes.first else { throw .truncated }
        guard first & Self.magicMask == Self.magic else { throw .badMagic }
        guard first & Self.versionMask == Self.version else { throw .unsupportedVersion }
        guard let shape = ChangeShape(rawValue: first & Self.shapeMask) else { throw .invalid }
        let bodyCount = try Self.checkedBodyCount(bytes)
        var reader = ByteReader(bytes, from: 1, to: bodyCount)
        let (replica, sequence) = try Self.name(from: &reader)
        var dependencies = Version()
        if first & Self.dependenciesFlag != 0 {
            dependencies = try Version(from: &reader)
            guard !dependencies.isEmpty, dependencies[replica] == 0 else { throw .invalid }
        }
        var advance: UInt64 = 0
        if first & Self.lamportFlag != 0 {
            advance = try reader.varint()
            guard advance > 0 else { throw .invalid }
            guard advance < Self.maximumSequence else { throw .overflow }
        }
        let operations = reader.position..<bodyCount
        try Self.check(bytes, operations, shape: shape, author: replica, dependencies: dependencies)
        self.init(
            replica: replica,
            sequence: sequence,
            dependencies: dependencies,
            encoded: bytes,
            lamportAdvance: advance,
            shape: shape,
            operations: operations
        )
    }

    /// The sequence with the replica in its lowest bits, or after it.
    private static func name(from reader: inout ByteReader) throws(FormatError) -> (ReplicaID, UInt64) {
        let number = try reader.varint()
        let sequence = number >> 3
        guard sequence < maximumSequence else { throw .overflow }
        let small = number & replicaFollows
        if small < replicaFollows { return (ReplicaID(small), sequence) }
        let replica = try reader.varint()
        guard replica >= replicaFollows else { throw .invalid }
        return (ReplicaID(replica), sequence)
    }

    /// The number of bytes before the checksum, which must match.
    private static func checkedBodyCount(_ bytes: [UInt8]) throws(FormatError) -> Int {
        if bytes.count <= longChecksumCount {
            let bodyCount = bytes.count - 1
            guard bodyCount > 0 else { throw .truncated }
            guard bytes[bodyCount] == Checksum.short(bytes, 0..<bodyCount) else { throw .badChecksum }
            return bodyCount
        }
        let bodyCount = bytes.count - 4
        guard bodyCount >= longChecksumCount else { throw .truncated }
        var reader = ByteReader(bytes, from: bodyCount)
        guard try reader.littleEndian() == Checksum.crc32(bytes, 0..<bodyCount) else { throw .badChecksum }
        return bodyCount
    }

    /// Reads all operations once, so that a change that exists can be read without surprise.
    private static func check(
        _ bytes: [UInt8],
        _ range: Range<Int>,
        shape: ChangeShape,
        author: ReplicaID,
        dependencies: Version
    ) throws(FormatError) {
        var operations = OperationReader(bytes, range, shape: shape, author: author, dependencies: dependencies)
        while let operation = try operations.next() { try check(operation, bytes) }
    }

    private static func check(_ operation: Operation, _ bytes: [UInt8]) throws(FormatError) {
        switch operation {
        case .insert(let origin, let text):
            guard UTF8Text.utf16Count(of: bytes, in: text) != nil else { throw .illFormedUTF8 }
            if case .start(let target) = origin { try check(target, bytes) }
        case .insertItems(let origin, let values):
            for value in values {
                switch value {
                case .unset, .existing, .kept: throw .invalid
                default: break
                }
            }
            if case .start(let target) = origin { try check(target, bytes) }
        case .set(let target, _, let value):
            if case .kept = value { throw .invalid }
            try check(target, bytes)
        case .restoreText(_, let text):
            guard UTF8Text.utf16Count(of: bytes, in: text) != nil else { throw .illFormedUTF8 }
        case .restoreItems(_, let values):
            for value in values {
                switch value {
                case .unset, .existing, .new: throw .invalid
                default: break
                }
            }
        case .delete, .move: break
        }
    }

    private static func check(_ target: Operation.Target, _ bytes: [UInt8]) throws(FormatError) {
        if case .root(let name) = target { _ = try RootName(utf8: Array(bytes[name])) }
    }
}
