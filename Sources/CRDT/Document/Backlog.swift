/// Received changes that depend on others which have not come yet.
///
/// Bounded.
///
/// A change waits under the first thing that it lacks; when a change is applied, only those that waited for it are looked
/// at again, and only from that dependency on: what is known stays known, so that each dependency is looked at once while it is
/// lacked and once when it came, however many there are.
struct Backlog: Sendable {
    /// The most changes, and the most bytes of them: a peer whose changes never come together costs no more.
    let maximumCount: Int
    let maximumByteCount: Int

    enum Outcome {
        case inserted
        case known
        case full
    }

    /// A change that waits, and for what.
    struct Waiting: Sendable {
        let change: Change
        /// Which of the things that it needs is the first that may be lacking.
        fileprivate(set) var position = 0

        init(_ change: Change) { self.change = change }

        /// What it needs, one after the other: its author's changes before it, then its dependencies.
        private func requirement(_ position: Int) -> Version.Entry {
            if position == 0 { return Version.Entry(replica: change.replica, count: change.sequence) }
            return change.dependencies.entries[position - 1]
        }

        /// The first thing that it lacks.
        ///
        /// - Complexity: O(1), and over all calls O(d) for d dependencies.
        mutating func firstLacking(in replicas: borrowing ReplicaTable) -> Version.Entry? {
            while position <= change.dependencies.entries.count {
                let entry = requirement(position)
                if replicas.changeCount(of: entry.replica) < entry.count { return entry }
                position += 1
            }
            return nil
        }

        /// All that it lacks.
        func lacking(in replicas: borrowing ReplicaTable) -> [Version.Entry] {
            var entries: [Version.Entry] = []
            for index in position..<change.dependencies.entries.count + 1 {
                let entry = requirement(index)
                if replicas.changeCount(of: entry.replica) < entry.count { entries.append(entry) }
            }
            return entries
        }
    }

    /// A change that waits, and the name of the one that it waits for.
    private struct Entry: Sendable {
        var waiting: Waiting
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
    private var newest = NumberTable()
    private var byteCount = 0

    init(maximumCount: Int = 65_536, maximumByteCount: Int = 16 << 20) {
        self.maximumCount = maximumCount
        self.maximumByteCount = maximumByteCount
    }

    var count: Int { named.count }

    /// All that waits, in no particular order.
    var changes: [Waiting] { entries.compactMap { $0?.waiting } }

    /// Keeps a change, of which `lacked` is the first thing that it lacks.
    ///
    /// For two names of one hash, which nobody sees in a lifetime, it is full.
    mutating func insert(_ waiting: Waiting, lacking lacked: Version.Entry) -> Outcome {
        let change = waiting.change
        let name = Self.hash(change.replica, change.sequence)
        if let known = named[name], let entry = entries[Int(known)] {
            let known = entry.waiting.change
            let isSame = known.replica == change.replica && known.sequence == change.sequence
            return isSame ? .known : .full
        }
        guard count < maximumCount, byteCount + change.encoded.count <= maximumByteCount else { return .full }
        let lackedName = Self.hash(lacked.replica, lacked.count - 1)
        let older = newest[lackedName]
        if let older, !waits(older, for: lacked.replica, lacked.count - 1) { return .full }
        let entry = Entry(
            waiting: waiting,
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
        newest[lackedName] = number
        byteCount += change.encoded.count
        return .inserted
    }

    /// Takes out what waited for `change`, the oldest first.
    mutating func removeFreed(by change: Change) -> [Waiting] {
        let name = Self.hash(change.replica, change.sequence)
        guard let first = newest[name], waits(first, for: change.replica, change.sequence) else { return [] }
        newest[name] = nil
        var freed: [Waiting] = []
        var next: UInt32? = first
        while let number = next, let entry = entries[Int(number)] {
            let change = entry.waiting.change
            freed.append(entry.waiting)
            named[Self.hash(change.replica, change.sequence)] = nil
            byteCount -= change.encoded.count
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
