extension Version {
    private static let magic: UInt8 = 0xD0
    private static let magicMask: UInt8 = 0xF8

    /// The version as bytes; see `FORMAT.md`.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = [Self.magic]
        write(to: &bytes)
        return bytes
    }

    /// Reads a version from bytes that came from outside.
    ///
    /// - Throws: when the bytes are not exactly one version.
    public init(decoding bytes: [UInt8]) throws(FormatError) {
        guard let first = bytes.first else { throw .truncated }
        guard first & Self.magicMask == Self.magic else { throw .badMagic }
        guard first == Self.magic else { throw .unsupportedVersion }
        var reader = ByteReader(bytes, from: 1)
        try self.init(from: &reader)
        try reader.requireEnd()
    }

    /// The number of entries; for each the replica, as its distance from the one before, and its count.
    func write(to bytes: inout [UInt8]) {
        bytes.appendVarint(entries.count)
        var expected: UInt64 = 0
        for entry in entries {
            bytes.appendVarint(entry.replica.rawValue - expected)
            bytes.appendVarint(entry.count)
            expected = entry.replica.rawValue &+ 1
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        let count = try reader.count(ofSize: 2)
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        var expected: UInt64 = 0
        for index in 0..<count {
            let (replica, overflow) = expected.addingReportingOverflow(try reader.varint())
            // After the greatest number nothing can follow.
            guard !overflow, index == 0 || expected != 0 else { throw .overflow }
            let known = try reader.varint()
            guard known > 0 else { throw .invalid }
            guard known < Change.maximumSequence else { throw .overflow }
            entries.append(Entry(replica: ReplicaID(replica), count: known))
            expected = replica &+ 1
        }
        self.init(ascending: entries)
    }
}
