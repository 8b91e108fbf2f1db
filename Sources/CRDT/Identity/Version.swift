/// A version vector: per replica, how many of its changes are known, which is the next `sequence` expected of it.
///
/// Because a replica's changes are numbered densely and applied in order, a count is all that is needed: there are no
/// holes.
public struct Version: Hashable, Sendable {
    /// One replica's count, never zero.
    struct Entry: Hashable, Sendable {
        var replica: ReplicaID
        var count: UInt64
    }

    /// Ascending by replica.
    private(set) var entries: [Entry]

    /// The version of an empty document.
    public init() {
        entries = []
    }

    /// Takes entries that are ascending by replica and have no zero counts.
    init(ascending entries: [Entry]) {
        self.entries = entries
    }

    /// Takes entries of different replicas, in any order, that have no zero counts.
    init(sorting entries: [Entry]) {
        if entries.count < 2 {
            self.entries = entries
        } else {
            self.entries = SortOrder.ascending(entries.map { $0.replica.rawValue }).map { entries[$0] }
        }
    }

    /// Takes entries in any order that have no zero counts; of those of one replica the greatest.
    init(greatestOf entries: [Entry]) {
        self.entries = []
        for index in SortOrder.ascending(entries.map { $0.replica.rawValue }) {
            let entry = entries[index]
            if let last = self.entries.last, last.replica == entry.replica {
                self.entries[self.entries.count - 1].count = max(last.count, entry.count)
            } else {
                self.entries.append(entry)
            }
        }
    }

    /// How many changes of `replica` are known; the `sequence` of the next one.
    ///
    /// - Complexity: O(log n) to read, O(n) to add a replica, for n replicas.
    public subscript(replica: ReplicaID) -> UInt64 {
        get {
            let index = insertionIndex(of: replica)
            return index < entries.count && entries[index].replica == replica ? entries[index].count : 0
        }
        set {
            let index = insertionIndex(of: replica)
            if index < entries.count, entries[index].replica == replica {
                if newValue == 0 { entries.remove(at: index) } else { entries[index].count = newValue }
            } else if newValue != 0 {
                entries.insert(Entry(replica: replica, count: newValue), at: index)
            }
        }
    }

    /// Whether nothing is known.
    public var isEmpty: Bool { entries.isEmpty }

    /// How many replicas have changes in this version.
    public var replicaCount: Int { entries.count }

    /// The replicas that have changes in this version, ascending.
    public var replicas: [ReplicaID] { entries.map { $0.replica } }

    /// Whether everything that `other` knows is known here too.
    ///
    /// - Complexity: O(n + m) for n and m replicas.
    public func covers(_ other: Version) -> Bool {
        var index = 0
        for entry in other.entries {
            while index < entries.count, entries[index].replica < entry.replica { index += 1 }
            guard index < entries.count, entries[index].replica == entry.replica, entries[index].count >= entry.count
            else { return false }
        }
        return true
    }

    /// Adds what `other` knows to what is known here.
    ///
    /// - Complexity: O(n + m) for n and m replicas.
    public mutating func merge(_ other: Version) {
        if other.isEmpty { return }
        var merged: [Entry] = []
        merged.reserveCapacity(max(entries.count, other.entries.count))
        var left = 0
        var right = 0
        while left < entries.count || right < other.entries.count {
            if right == other.entries.count
                || (left < entries.count && entries[left].replica < other.entries[right].replica)
            {
                merged.append(entries[left])
                left += 1
            } else if left == entries.count || other.entries[right].replica < entries[left].replica {
                merged.append(other.entries[right])
                right += 1
            } else {
                let count = max(entries[left].count, other.entries[right].count)
                merged.append(Entry(replica: entries[left].replica, count: count))
                left += 1
                right += 1
            }
        }
        entries = merged
    }

    /// Where the replica's entry is, if it has one.
    func index(of replica: ReplicaID) -> Int? {
        let index = insertionIndex(of: replica)
        return index < entries.count && entries[index].replica == replica ? index : nil
    }

    private func insertionIndex(of replica: ReplicaID) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].replica < replica { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
