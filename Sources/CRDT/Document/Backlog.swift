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

    struct Name: Hashable {
        var replica: ReplicaID
        var sequence: UInt64
    }

    private var parked: [Name: [Change]] = [:]
    private var names: Set<Name> = []
    private var byteCount = 0

    init(maximumCount: Int = 65_536, maximumByteCount: Int = 16 << 20) {
        self.maximumCount = maximumCount
        self.maximumByteCount = maximumByteCount
    }

    var count: Int { names.count }

    /// All that waits, in no particular order.
    var changes: [Change] { parked.values.flatMap { $0 } }

    /// Keeps a change that lacks `missing`, which is not empty.
    mutating func insert(_ change: Change, missing: Version) -> Outcome {
        let name = Name(replica: change.replica, sequence: change.sequence)
        guard !names.contains(name) else { return .known }
        guard count < maximumCount, byteCount + change.encoded.count <= maximumByteCount,
            let lacked = missing.entries.first
        else { return .full }
        names.insert(name)
        byteCount += change.encoded.count
        parked[Name(replica: lacked.replica, sequence: lacked.count - 1), default: []].append(change)
        return .inserted
    }

    /// Takes out what waited for `change`.
    mutating func removeFreed(by change: Change) -> [Change] {
        let name = Name(replica: change.replica, sequence: change.sequence)
        guard let freed = parked.removeValue(forKey: name) else { return [] }
        for change in freed {
            names.remove(Name(replica: change.replica, sequence: change.sequence))
            byteCount -= change.encoded.count
        }
        return freed
    }
}
