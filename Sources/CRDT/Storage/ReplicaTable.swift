/// What is known of one replica.
struct ReplicaRecord: BitwiseCopyable, Sendable {
    var id: UInt64
    /// The number of its changes that are applied.
    var nextSequence: UInt64 = 0
    /// One above the Lamport timestamp of its newest element; 0 before the first.
    var lamportEnd: UInt64 = 0
    /// The number of elements it inserted.
    var nextCounter: UInt32 = 0
    /// The first free address of its newest segment, and that segment's end.
    var freeAddress: UInt32 = 0
    var freeEnd: UInt32 = 0
    /// Counter to address: where its segments start.
    var segments = JumpList()
    /// Counter to (Lamport timestamp - counter).
    var lamports = JumpList()
    /// Whether it has changes that the local replica has not yet named as dependencies.
    var isNews = false
}

/// All replicas of a document, numbered densely in order of appearance.
///
/// The Lamport timestamps of elements are kept here as jumps per replica and not in the runs, so that runs merge across
/// them: someone who types alone has one jump in all.
struct ReplicaTable: ~Copyable, Sendable {
    private var records = Slab<ReplicaRecord>()
    private var pool = JumpPool()
    private var indices: [UInt64: UInt32] = [:]
    /// The replica asked for last; consecutive changes are mostly by one.
    private var recent: (id: UInt64, index: Int) = (0, -1)

    var count: Int { records.count }

    subscript(_ index: Int) -> ReplicaRecord {
        @inline(__always) get { records[index] }
        @inline(__always) set { records[index] = newValue }
    }

    func index(of replica: ReplicaID) -> Int? {
        if recent.index >= 0, recent.id == replica.rawValue { return recent.index }
        return indices[replica.rawValue].map(Int.init)
    }

    /// The index of a replica, which is added when it is new.
    mutating func insert(_ replica: ReplicaID) -> Int {
        if recent.index >= 0, recent.id == replica.rawValue { return recent.index }
        let index: Int
        if let known = indices[replica.rawValue] {
            index = Int(known)
        } else {
            index = records.count
            records.append(ReplicaRecord(id: replica.rawValue))
            indices[replica.rawValue] = UInt32(index)
        }
        recent = (replica.rawValue, index)
        return index
    }

    // MARK: Lamport timestamps

    @inline(__always)
    func lamport(of counter: UInt32, by index: Int) -> UInt64 {
        pool.last(of: records[index].lamports, notAbove: counter).value + UInt64(counter)
    }

    /// Notes that the next `count` elements have Lamport timestamps from `lamport` on.
    ///
    /// - Precondition: `lamport` is not below the replica's `lamportEnd`.
    mutating func noteLamport(_ lamport: UInt64, count: Int, by index: Int) {
        var record = records[index]
        assert(lamport >= record.lamportEnd, "Lamport timestamps of one replica rise.")
        if lamport != record.lamportEnd || record.lamports.count == 0 {
            let jump = Jump(key: record.nextCounter, value: lamport - UInt64(record.nextCounter))
            pool.append(jump, to: &record.lamports)
        }
        record.lamportEnd = lamport + UInt64(count)
        records[index] = record
    }

    /// Adds a jump as it was read from a snapshot.
    mutating func noteJump(_ jump: Jump, by index: Int) {
        var record = records[index]
        pool.append(jump, to: &record.lamports)
        records[index] = record
    }

    func lamportJump(_ jump: Int, by index: Int) -> Jump { pool[records[index].lamports, jump] }

    // MARK: Addresses

    /// The address of an element that exists.
    @inline(__always)
    func address(of counter: UInt32, by index: Int) -> UInt32 {
        let segment = pool.last(of: records[index].segments, notAbove: counter)
        return UInt32(truncatingIfNeeded: segment.value) &+ (counter &- segment.key)
    }

    /// How many elements from `counter` on have consecutive addresses.
    func contiguousCount(from counter: UInt32, by index: Int) -> Int {
        let record = records[index]
        let segment = pool.index(in: record.segments, notAbove: counter)
        let end = segment + 1 < Int(record.segments.count) ? pool[record.segments, segment + 1].key : record.nextCounter
        return Int(end - counter)
    }

    mutating func noteSegment(at address: UInt32, by index: Int) {
        var record = records[index]
        pool.append(Jump(key: record.nextCounter, value: UInt64(address)), to: &record.segments)
        records[index] = record
    }
}
