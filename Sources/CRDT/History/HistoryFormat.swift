/// The bytes of a history; see `FORMAT.md`.
enum HistoryFormat {
    static let magic: [UInt8] = [0x51, 0x55, 0x49, 0x48]  // "QUIH"
    static let version: UInt8 = 1

    static func encode(_ columns: HistoryColumns, _ replicas: [HistoryReplica]) -> [UInt8] {
        var bytes = magic
        bytes.reserveCapacity(columns.text.count + columns.others.count + columns.kinds.count * 4 + 64)
        bytes.append(version)
        bytes.appendVarint(replicas.count)
        for replica in replicas {
            bytes.appendVarint(replica.id.rawValue)
            bytes.appendVarint(replica.start.map { $0 + 1 } ?? 0)
        }
        bytes.appendPrefixed(columns.kinds)
        bytes.appendPrefixed(columns.authors)
        bytes.appendPrefixed(columns.counts)
        bytes.appendPrefixed(columns.references)
        bytes.appendPrefixed(columns.referenceRests)
        bytes.appendPrefixed(columns.sizes)
        bytes.appendPrefixed(columns.advances)
        bytes.appendPrefixed(columns.dependencies)
        bytes.appendPrefixed(columns.text)
        bytes.appendPrefixed(columns.others)
        bytes.appendLittleEndian(Checksum.crc32(bytes, 0..<bytes.count))
        return bytes
    }

    /// Reads everything but the items.
    static func parts(
        of bytes: [UInt8],
        _ limits: DecodingLimits
    ) throws(FormatError) -> (HistoryCursors, [HistoryReplica]) {
        guard bytes.count <= limits.maximumByteCount else { throw .limitExceeded }
        guard bytes.count > magic.count + 4 else { throw .truncated }
        guard Array(bytes[..<magic.count]) == magic else { throw .badMagic }
        guard bytes[magic.count] == version else { throw .unsupportedVersion }
        let end = bytes.count - 4
        var sum = ByteReader(bytes, from: end)
        guard try sum.littleEndian() == Checksum.crc32(bytes, 0..<end) else { throw .badChecksum }
        var source = ByteReader(bytes, from: magic.count + 1, to: end)
        let count = try source.count(ofSize: 2)
        var replicas: [HistoryReplica] = []
        var known: Set<ReplicaID> = []
        for _ in 0..<count {
            var replica = HistoryReplica(id: ReplicaID(try source.varint()))
            let start = try source.varint()
            guard start <= Change.maximumSequence, known.insert(replica.id).inserted else { throw .invalid }
            replica.start = start == 0 ? nil : start - 1
            replicas.append(replica)
        }
        let columns = try HistoryCursors(&source)
        try source.requireEnd()
        return (columns, replicas)
    }
}
