/// Bounds on what a decoder accepts.
public struct DecodingLimits: Hashable, Sendable {
    /// The most bytes of a blob.
    public var maximumByteCount: Int
    /// The most changes in a set.
    public var maximumChangeCount: Int
    /// The most elements, alive or dead, of a document read from a snapshot.
    ///
    /// Deleted text takes no room in a snapshot but takes memory once it is loaded, so that this alone bounds what a
    /// small blob can ask for.
    public var maximumElementCount: Int

    /// Sets the bounds.
    public init(
        maximumByteCount: Int = 256 << 20,
        maximumChangeCount: Int = 1 << 22,
        maximumElementCount: Int = 1 << 27
    ) {
        self.maximumByteCount = maximumByteCount
        self.maximumChangeCount = maximumChangeCount
        self.maximumElementCount = maximumElementCount
    }

    /// Generous enough for the largest document the server keeps, and bounded.
    public static let `default` = DecodingLimits()
}

/// Several changes in one blob, in causal order: what travels in one message and what one log entry holds.
public enum ChangeSet {
    static let magic: UInt8 = 0b1100_0000
    static let magicMask: UInt8 = 0b1111_0000

    /// Writes the changes in order.
    ///
    /// One change alone is written as itself.
    public static func encode(_ changes: [Change]) -> [UInt8] {
        if changes.count == 1 { return changes[0].encoded }
        var bytes: [UInt8] = []
        var total = 16
        for change in changes { total += change.encoded.count + 2 }
        bytes.reserveCapacity(total)
        bytes.append(magic)
        bytes.appendVarint(changes.count)
        for change in changes { bytes.appendPrefixed(change.encoded) }
        return bytes
    }

    /// Reads the changes of a blob that came from outside; a change alone is a set of one.
    ///
    /// - Throws: when any of the changes is damaged or a limit is passed. No change is returned then.
    /// - Complexity: O(n) for n bytes.
    public static func decode(_ bytes: [UInt8], limits: DecodingLimits = .default) throws(FormatError) -> [Change] {
        guard bytes.count <= limits.maximumByteCount else { throw .limitExceeded }
        guard let first = bytes.first else { throw .truncated }
        if first & Change.magicMask == Change.magic { return [try Change(decoding: bytes)] }
        guard first & magicMask == magic else { throw .badMagic }
        guard first == magic else { throw .unsupportedVersion }
        var reader = ByteReader(bytes, from: 1)
        let count = try reader.count(ofSize: 2)
        guard count <= limits.maximumChangeCount else { throw .limitExceeded }
        var changes: [Change] = []
        changes.reserveCapacity(min(count, 1024))
        for _ in 0..<count {
            let range = try reader.prefixedRange()
            changes.append(try Change(decoding: Array(bytes[range])))
        }
        try reader.requireEnd()
        return changes
    }
}
