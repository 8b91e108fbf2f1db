/// Recent changes in the order they were applied, for participants to catch up from.
public struct ChangeLog: Sendable {
    /// The version just before the oldest change that is kept.
    public private(set) var start: Version
    /// How many bytes the kept changes have together.
    public private(set) var byteCount: Int
    private var kept: [Change]
    /// How many at the front of `kept` were removed already; the array is compacted when they are half of it.
    private var removed: Int

    /// An empty log of a document at `start`.
    public init(start: Version = Version()) {
        self.start = start
        byteCount = 0
        kept = []
        removed = 0
    }

    /// How many changes are kept.
    public var count: Int { kept.count - removed }

    /// Adds a change that was just applied.
    ///
    /// - Precondition: changes come in the order in which they were applied to one document that was at `start`.
    public mutating func append(_ change: Change) {
        kept.append(change)
        byteCount += change.encoded.count
    }

    /// The changes that a participant at `version` lacks, in causal order; `nil` when some of them are not kept any more.
    ///
    /// - Complexity: O(n log r) for n kept changes and r replicas.
    public func changes(since version: Version) -> [Change]? {
        guard version.covers(start) else { return nil }
        return kept[removed...].filter { $0.sequence >= version[$0.replica] }
    }

    /// Whether one of these changes has the replica and the sequence number of a kept one without being it.
    ///
    /// Honest replicas never write two changes of one number; whoever lets the second pass for a duplicate of the first
    /// loses it.
    ///
    /// - Complexity: O(n + m) for n kept changes and m given ones.
    public func contradicts(_ changes: [Change]) -> Bool {
        if changes.isEmpty { return false }
        var byNumber: [Number: Int] = [:]
        for (index, change) in changes.enumerated() { byNumber[Number(change)] = index }
        return kept[removed...].contains { kept in
            byNumber[Number(kept)].map { changes[$0].encoded != kept.encoded } ?? false
        }
    }

    private struct Number: Hashable {
        var replica: ReplicaID
        var sequence: UInt64

        init(_ change: Change) {
            replica = change.replica
            sequence = change.sequence
        }
    }

    /// Drops the oldest changes.
    public mutating func removeFirst(_ count: Int) {
        let end = min(removed + max(count, 0), kept.count)
        for index in removed..<end {
            start[kept[index].replica] = kept[index].sequence + 1
            byteCount -= kept[index].encoded.count
        }
        removed = end
        if removed * 2 >= kept.count {
            kept.removeFirst(removed)
            removed = 0
        }
    }
}
