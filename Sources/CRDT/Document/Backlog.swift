/// Received changes that depend on others which have not come yet.
///
/// Bounded.
///
/// A change waits under the first thing that it lacks; when a change is applied, only those that waited for it are looked
/// at again.
struct Backlog: Sendable {
    /// The most changes, and the most bytes of them: a peer whose changes never come together costs no more.
    let maximumCount: Int
    let maximumByteCount: Int

    enum Outcome {
        case inserted
        case known
        case full
    }

    /// A change that waits, and the name of the one that it waits for.
    private struct Entry: Sendable {
        var change: Change
        var lackedReplica: ReplicaID
        var lackedSequence: UInt64
        /// An older one that waits for the same, or `nil`.
        var older: UInt32?
    }

    private var entries: [Entry?] = []
    private var free: [UInt32] = []
    /// What waits, by the hash of its name.
    private var named = NumberTable()
    /// The newest that waits for a change, by the hash of that change's name.
    private var waiting = NumberTable()
    private var byteCount = 0

    init(maximumCount: Int = 65_536, maximumByteCount: Int = 16 << 20) {
        self.maximumCount = maximumCount
        self.maximumByteCount = maximumByteCount
    }

    var count: Int { named.count }

    /// All that waits, in no particular order.
    var changes: [Change] { entries.compactMap { $0?.change } }

    /// Keeps a change that lacks `missing`, which is not empty.
    ///
    /// For two names of one hash, which nobody sees in a lifetime, it is full.
    mutating func insert(_ change: Change, missing: Version) -> Outcome {
        let name = Self.hash(change.replica, change.sequence)
        if let known = named[name], let entry = entries[Int(known)] {
            let isSame = entry.change.replica == change.replica && entry.change.sequence == change.sequence
            return isSame ? .known : .full
        }
        guard count < maximumCount, byteCount + change.encoded.count <= maximumByteCount,
            let lacked = missing.entries.first
        else { return .full }
        let lackedName = Self.hash(lacked.replica, lacked.count - 1)
        let older = waiting[lackedName]
        if let older, !waits(older, for: lacked.replica, lacked.count - 1) { return .full }
        let entry = Entry(
            change: change,
            lackedReplica: lacked.replica,
            lackedSequence: lacked.count - 1,
            older: older
        )
        let number: UInt32
        if let last = free.popLast() {
            number = last
            entries[Int(number)] = entry
        } else {
            number = UInt32(entries.count)
            entries.append(entry)
        }
        named[name] = number
        waiting[lackedName] = number
        byteCount += change.encoded.count
        return .inserted
    }

    /// Takes out what waited for `change`, the oldest first.
    mutating func removeFreed(by change: Change) -> [Change] {
        let name = Self.hash(change.replica, change.sequence)
        guard let newest = waiting[name], waits(newest, for: change.replica, change.sequence) else { return [] }
        waiting[name] = nil
        var freed: [Change] = []
        var next: UInt32? = newest
        while let number = next, let entry = entries[Int(number)] {
            freed.append(entry.change)
            named[Self.hash(entry.change.replica, entry.change.sequence)] = nil
            byteCount -= entry.change.encoded.count
            entries[Int(number)] = nil
            free.append(number)
            next = entry.older
        }
        freed.reverse()
        return freed
    }

    private func waits(_ number: UInt32, for replica: ReplicaID, _ sequence: UInt64) -> Bool {
        guard let entry = entries[Int(number)] else { return false }
        return entry.lackedReplica == replica && entry.lackedSequence == sequence
    }

    private static func hash(_ replica: ReplicaID, _ sequence: UInt64) -> UInt64 {
        HashSeed.mix(replica.rawValue, HashSeed.value) ^ sequence
    }
}
