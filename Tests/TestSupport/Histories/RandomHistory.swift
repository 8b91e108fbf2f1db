import CRDT

/// A random history: replicas that edit, and a network that duplicates, delays, reorders and cuts off.
///
/// The same seed gives the same history everywhere.
public struct RandomHistory: ~Copyable {
    /// What it is made from.
    public let seed: UInt64
    var random: SplitMix64
    var replicas: [HistoryReplica] = []
    /// Everything that was ever made.
    var changes: [Change] = []
    var numbers: [ChangeName: Int] = [:]
    var anchors: [SetAnchor] = []
    /// Lent to all replicas in turn.
    var patches = PatchBuffer()
    let checksEachStep: Bool

    /// The name of a change.
    struct ChangeName: Hashable {
        var replica: ReplicaID
        var sequence: UInt64
    }

    /// Prepares the history of a seed: 2 to 8 replicas, one time in 20 it is 50 of them.
    public init(seed: UInt64) {
        self.seed = seed
        random = SplitMix64(seed: seed)
        let count = random.oneIn(20) ? 50 : 2 + random.below(7)
        var used = Set<UInt64>()
        while replicas.count < count {
            // The lowest ones have a short form in changes.
            let id = random.oneIn(3) ? random.next() : UInt64(random.below(random.oneIn(2) ? 8 : 100))
            guard used.insert(id).inserted else { continue }
            replicas.append(HistoryReplica(ReplicaID(id), hasOracle: replicas.count < 8))
            if random.oneIn(2) { replicas[replicas.count - 1].undoLimit = 1 + random.below(12) }
        }
        // Drawn in any build, so that a seed gives the same history in all of them.
        let isChosen = random.oneIn(8)
        #if DEBUG
        checksEachStep = true
        #else
        checksEachStep = isChosen
        #endif
    }

    /// How many replicas take part.
    public var replicaCount: Int { replicas.count }

    func failure(_ reason: String) -> HistoryFailure { HistoryFailure(seed: seed, reason: reason) }

    // MARK: Steps

    /// Makes it happen.
    ///
    /// - Throws: a `HistoryFailure` when something is not as it must be, or what the engine should not have thrown.
    public mutating func run() throws {
        let steps = random.oneIn(10) ? 100 + random.below(100) : 8 + random.below(32)
        for _ in 0..<steps {
            let index = random.below(replicas.count)
            switch random.below(42) {
            case 0..<17: try edit(replicas[index])
            case 17..<20: try burst(replicas[index], isInterrupted: true)
            case 20..<35: try deliver(to: replicas[index])
            case 35: replicas[index].isCut.toggle()
            case 37, 38: try takeBack(replicas[index])
            case 39: replicas[index].document.closeUndoStep()
            case 36: try reload(replicas[index])
            default: try setAnchor(replicas[index])
            }
            if checksEachStep { try check(replicas[index]) }
        }
        try heal()
    }

    func check(_ replica: HistoryReplica) throws {
        if let fault = replica.fault() { throw failure(fault) }
        replica.checkInvariants()
    }

    /// Takes note of a change that a replica made, and sends it to all others, to some of them twice.
    mutating func send(_ change: Change, from replica: HistoryReplica) throws {
        guard try Change(decoding: change.encoded) == change else { throw failure("a change reads back as another") }
        try replica.note(change)
        numbers[ChangeName(replica: change.replica, sequence: change.sequence)] = changes.count
        changes.append(change)
        for other in replicas where other !== replica {
            other.inbox.append(changes.count - 1)
            if random.oneIn(8) { other.inbox.append(changes.count - 1) }
        }
    }

    /// Hands over some of what is under way, in any order; some of it stays under way.
    mutating func deliver(to replica: HistoryReplica) throws {
        if replica.isCut { return }
        if random.oneIn(2) { return try deliverInOrder(to: replica) }
        var batch: [Int] = []
        for _ in 0...random.below(random.oneIn(4) ? 30 : 6) where !replica.inbox.isEmpty {
            let position = random.below(min(replica.inbox.count, random.oneIn(4) ? .max : 4))
            batch.append(replica.inbox[position])
            if !random.oneIn(10) { replica.inbox.remove(at: position) }
        }
        if !batch.isEmpty { try hand(batch, to: replica) }
    }

    /// Hands over what was made first of what is under way, as a network mostly does.
    private mutating func deliverInOrder(to replica: HistoryReplica) throws {
        replica.inbox.sort()
        let count = random.oneIn(2) ? replica.inbox.count : random.below(replica.inbox.count + 1)
        let batch = Array(replica.inbox[..<count])
        replica.inbox.removeFirst(count)
        if !batch.isEmpty { try hand(batch, to: replica) }
    }

    /// Stops a replica and starts it again from its snapshot: what waited in its backlog is lost and sent again.
    mutating func reload(_ replica: HistoryReplica) throws {
        let snapshot = replica.document.snapshot()
        replica.document = try Document(snapshot: snapshot, replica: replica.document.replica)
        replica.document.undoLimit = replica.undoLimit
        guard replica.document.snapshot() == snapshot else { throw failure("a snapshot is not canonical") }
        replica.inbox = Array(changes.indices)
    }

    // MARK: The end

    /// Everybody gets everything, in whatever order; then all are equal.
    private mutating func heal() throws {
        for replica in replicas {
            // Some of what it has comes again.
            var order: [Int] = []
            for (number, change) in changes.enumerated()
            where replica.known[change.replica] <= change.sequence || random.oneIn(8) { order.append(number) }
            order.shuffle(using: &random)
            var position = 0
            while position < order.count {
                let end = min(order.count, position + 1 + random.below(40))
                try hand(Array(order[position..<end]), to: replica)
                position = end
            }
            try check(replica)
            guard replica.document.backlogCount == 0 else { throw failure("something still waits") }
        }
        let snapshot = replicas[0].document.snapshot()
        for replica in replicas {
            guard replica.document.version == replicas[0].document.version else { throw failure("versions differ") }
            guard replica.document.snapshot() == snapshot else { throw failure("snapshots differ") }
            try checkAnchors(replica)
        }
        // Who reads the snapshot has the same document.
        let reader = try Document(snapshot: snapshot, replica: ReplicaID(1 << 40))
        guard try reader.content(known: replicas[0].mirror) == replicas[0].mirror.filled else {
            throw failure("a snapshot has another content")
        }
    }
}
