/// What is known of one replica.
///
/// Its newest Lamport jump and its newest segment are here, those before them in lists: who types alone has no list.
struct ReplicaRecord: BitwiseCopyable, Sendable {
    let id: UInt64
    /// The number of its changes that are applied.
    var nextSequence: UInt64 = 0
    /// Lamport timestamp - counter of its newest elements.
    fileprivate(set) var lamportOffset: UInt64 = 0
    /// The number of elements it inserted.
    var nextCounter: UInt32 = 0
    /// The counter from which on `lamportOffset` holds.
    fileprivate(set) var lamportStart: UInt32 = 0
    /// Address - counter, wrapping, of its newest elements, and the counter from which on that holds.
    fileprivate(set) var addressOffset: UInt32 = 0
    fileprivate(set) var segmentStart: UInt32 = 0
    /// The end of its newest segment.
    var freeEnd: UInt32 = 0
    /// The end of its newest segment for elements of lists.
    var listEnd: UInt32 = 0
    /// Whether it has changes that the local replica has not yet named as dependencies.
    var isNews = false
    fileprivate(set) var hasSegment = false
    fileprivate(set) var hasLamport = false
    fileprivate var segments = JumpList()
    fileprivate var lamports = JumpList()

    init(id: UInt64) {
        self.id = id
    }

    /// The first free address of its newest segment.
    @inline(__always)
    var freeAddress: UInt32 { nextCounter &+ addressOffset }

    /// One above the Lamport timestamp of its newest element; 0 before the first.
    @inline(__always)
    var lamportEnd: UInt64 { nextCounter == 0 ? 0 : lamportOffset &+ UInt64(nextCounter) }

    /// How many Lamport jumps it has.
    var lamportJumpCount: Int { hasLamport ? Int(lamports.count) + 1 : 0 }
}

/// All replicas of a document, numbered densely in order of appearance.
///
/// The Lamport timestamps of elements are kept here as jumps per replica and not in the runs, so that runs merge across
/// them: someone who types alone has one jump in all.
@safe
struct ReplicaTable: ~Copyable, Sendable {
    private var records = Slab<ReplicaRecord>()
    private var pool = JumpPool()
    private var indices = ReplicaIndex()
    /// The replica asked for last; consecutive changes are mostly by one.
    private var recent: (id: UInt64, index: Int) = (0, -1)

    var count: Int { records.count }

    subscript(_ index: Int) -> ReplicaRecord {
        @inline(__always) unsafeAddress { unsafe records.address(of: index) }
        @inline(__always) unsafeMutableAddress { unsafe records.mutableAddress(of: index) }
    }

    @inline(__always)
    func index(of replica: ReplicaID) -> Int? {
        if recent.index >= 0, recent.id == replica.rawValue { return recent.index }
        return indices.find(replica.rawValue, in: records)
    }

    /// How many changes of a replica are applied.
    func changeCount(of replica: ReplicaID) -> UInt64 { index(of: replica).map { records[$0].nextSequence } ?? 0 }

    /// The index of a replica, which is added when it is new.
    @inline(__always)
    mutating func insert(_ replica: ReplicaID) -> Int {
        if recent.index >= 0, recent.id == replica.rawValue { return recent.index }
        return insertAnother(replica)
    }

    @inline(never)
    private mutating func insertAnother(_ replica: ReplicaID) -> Int {
        let index: Int
        if let known = indices.find(replica.rawValue, in: records) {
            index = known
        } else {
            index = records.count
            records.append(ReplicaRecord(id: replica.rawValue))
            indices.insertLast(of: records)
        }
        recent = (replica.rawValue, index)
        return index
    }

    // MARK: Lamport timestamps

    @inline(__always)
    func lamport(of counter: UInt32, by index: Int) -> UInt64 {
        if counter >= records[index].lamportStart { return records[index].lamportOffset &+ UInt64(counter) }
        return pool.last(of: records[index].lamports, notAbove: counter).value &+ UInt64(counter)
    }

    /// Notes that the next elements have Lamport timestamps from `lamport` on.
    ///
    /// - Precondition: `lamport` is not below the replica's `lamportEnd`.
    @inline(__always)
    mutating func noteLamport(_ lamport: UInt64, by index: Int) {
        assert(lamport >= records[index].lamportEnd, "Lamport timestamps of one replica rise.")
        let counter = records[index].nextCounter
        if lamport &- UInt64(counter) != records[index].lamportOffset || !records[index].hasLamport {
            noteJump(Jump(key: counter, value: lamport - UInt64(counter)), by: index)
        }
    }

    /// Adds a jump: the newest, or as it was read from a snapshot.
    @inline(never)
    mutating func noteJump(_ jump: Jump, by index: Int) {
        if records[index].hasLamport {
            let last = Jump(key: records[index].lamportStart, value: records[index].lamportOffset)
            pool.append(last, to: &records[index].lamports)
        }
        records[index].hasLamport = true
        records[index].lamportStart = jump.key
        records[index].lamportOffset = jump.value
    }

    func lamportJump(_ jump: Int, by index: Int) -> Jump {
        let record = records[index]
        if jump < Int(record.lamports.count) { return pool[record.lamports, jump] }
        return Jump(key: record.lamportStart, value: record.lamportOffset)
    }

    // MARK: Addresses

    /// The address of an element that exists.
    @inline(__always)
    func address(of counter: UInt32, by index: Int) -> UInt32 {
        if counter >= records[index].segmentStart { return counter &+ records[index].addressOffset }
        let segment = pool.last(of: records[index].segments, notAbove: counter)
        return UInt32(truncatingIfNeeded: segment.value) &+ (counter &- segment.key)
    }

    /// How many elements from `counter` on have consecutive addresses.
    @inline(__always)
    func contiguousCount(from counter: UInt32, by index: Int) -> Int {
        if counter >= records[index].segmentStart { return Int(records[index].nextCounter - counter) }
        return olderContiguousCount(from: counter, by: index)
    }

    @inline(never)
    private func olderContiguousCount(from counter: UInt32, by index: Int) -> Int {
        let record = records[index]
        let segment = pool.index(in: record.segments, notAbove: counter) + 1
        let end = segment < Int(record.segments.count) ? pool[record.segments, segment].key : record.segmentStart
        return Int(end - counter)
    }

    /// Notes that the next elements have addresses from `address` on.
    mutating func noteSegment(at address: UInt32, by index: Int) {
        if records[index].hasSegment {
            let start = records[index].segmentStart
            let last = Jump(key: start, value: UInt64(start &+ records[index].addressOffset))
            pool.append(last, to: &records[index].segments)
        }
        records[index].hasSegment = true
        records[index].segmentStart = records[index].nextCounter
        records[index].addressOffset = address &- records[index].nextCounter
    }
}
