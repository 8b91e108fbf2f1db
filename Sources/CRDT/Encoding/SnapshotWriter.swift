/// The format of snapshots; see `FORMAT.md`.
enum SnapshotFormat {
    static let magic: [UInt8] = [0x51, 0x55, 0x49, 0x52]  // "QUIR"
    static let version: UInt8 = 2
    static let checksumCount = 4
}

/// Writes a snapshot: columns, so that numbers of one kind stand together and compress well.
struct SnapshotWriter: ~Copyable {
    private var spans = ByteRow()
    private var owners = ByteRow()
    private var counters = ByteRow()
    private var lengths = ByteRow()
    private var life = ByteRow()
    private var pairs = ByteRow()
    private var text = ByteRow()

    /// The place of each replica among those ascending by identifier.
    private var ranks: [Int] = []
    private var extras = SnapshotExtrasWriter()

    // The span being gathered: consecutive elements of one replica, whatever their life.
    private var owner = -1
    private var counter: UInt32 = 0
    private var length = 0
    private var spanCount = 0
    private var ends: [UInt32] = []
    private var lastRank = 0
    private var ownerCount = 0

    // The stretch being gathered: neighbours that are all alive or all dead.
    private var isDead = false
    private var stretch = 0

    private var deadCount = 0
    private var pairEnd = 0

    static func write(_ store: borrowing ElementStore) -> [UInt8] {
        var writer = SnapshotWriter()
        return writer.run(store)
    }

    private mutating func run(_ store: borrowing ElementStore) -> [UInt8] {
        var bytes = SnapshotFormat.magic
        bytes.append(SnapshotFormat.version)
        writeReplicas(store, to: &bytes)
        let order = extras.writeContainers(store, ranks)
        for container in order where store.containers[container].kind != .map { write(container, store) }
        if stretch > 0 { life.appendVarint(UInt64(stretch)) }
        if ownerCount > 0 { owners.appendVarint(UInt64(ownerCount)) }
        extras.writeEntries(store, ranks, order)
        extras.writeCounts(store, ranks)
        bytes.reserveCapacity(bytes.count + extras.byteCount + columnByteCount + 12 * 5 + SnapshotFormat.checksumCount)
        bytes.appendPrefixed(extras.containers)
        bytes.appendPrefixed(extras.keys)
        bytes.appendPrefixed(spans)
        bytes.appendPrefixed(owners)
        bytes.appendPrefixed(counters)
        bytes.appendPrefixed(lengths)
        bytes.appendPrefixed(life)
        bytes.appendPrefixed(pairs)
        bytes.appendPrefixed(text)
        bytes.appendPrefixed(extras.values)
        bytes.appendPrefixed(extras.entries)
        bytes.appendPrefixed(extras.counts)
        bytes.appendLittleEndian(Checksum.crc32(bytes, 0..<bytes.count))
        return bytes
    }

    private var columnByteCount: Int {
        spans.count + owners.count + counters.count + lengths.count + life.count + pairs.count + text.count
    }

    /// Replicas ascending by identifier: distance from the one before, changes, elements, Lamport jumps.
    private mutating func writeReplicas(_ store: borrowing ElementStore, to bytes: inout [UInt8]) {
        let identifiers = (0..<store.replicas.count).map { store.replicas[$0].id }
        let order = SortOrder.ascending(identifiers).filter { store.replicas[$0].nextSequence > 0 }
        ranks = [Int](repeating: 0, count: store.replicas.count)
        ends = [UInt32](repeating: 0, count: store.replicas.count)
        bytes.appendVarint(order.count)
        var expected: UInt64 = 0
        for (rank, index) in order.enumerated() {
            ranks[index] = rank
            let record = store.replicas[index]
            bytes.appendVarint(record.id - expected)
            expected = record.id &+ 1
            bytes.appendVarint(record.nextSequence)
            bytes.appendVarint(UInt64(record.nextCounter))
            bytes.appendVarint(record.lamportJumpCount)
            var before = Jump(key: 0, value: 0)
            for position in 0..<record.lamportJumpCount {
                let jump = store.replicas.lamportJump(position, by: index)
                bytes.appendVarint(UInt64(jump.key - before.key))
                bytes.appendVarint(jump.value - before.value)
                before = jump
            }
            writeKinds(of: index, store, to: &bytes)
        }
    }

    /// Stretches of elements of texts, of lists and of maps; none when all are of texts.
    private func writeKinds(of replica: Int, _ store: borrowing ElementStore, to bytes: inout [UInt8]) {
        let end = store.replicas[replica].nextCounter
        let stretches = store.stretches(of: replica)
        if stretches.isEmpty || stretches[0] == SnapshotStretch(place: .text, count: end) {
            bytes.append(0)
            return
        }
        bytes.appendVarint(stretches.count)
        for stretch in stretches { bytes.appendVarint(UInt64(stretch.count) << 2 | UInt64(stretch.place.rawValue)) }
    }

    private mutating func write(_ container: UInt32, _ store: borrowing ElementStore) {
        spanCount = 0
        let record = store.containers[container]
        if record.sequence != ContainerRecord.none {
            let isList = record.kind == .list
            var leaf = store.tree.firstLeaf(of: record.sequence)
            while leaf != RunTree.none {
                for index in 0..<store.tree.count(of: leaf) {
                    let run = store.tree.runs[RunTree.run(leaf, index)]
                    write(run, isList: isList, store)
                    if isList { extras.writeValues(run, store, ranks) }
                }
                leaf = store.tree.nextLeaf(leaf)
            }
        }
        endSpan()
        spans.appendVarint(UInt64(spanCount))
    }

    private mutating func write(_ run: Run, isList: Bool, _ store: borrowing ElementStore) {
        let runOwner = store.blocks.owner(of: run.address)
        let runCounter = store.blocks.counter(of: run.address)
        if runOwner == owner, counter &+ UInt32(length) == runCounter {
            length += run.length
        } else {
            endSpan()
            owner = runOwner
            counter = runCounter
            length = run.length
        }
        if run.isDead != isDead {
            life.appendVarint(UInt64(stretch))  // the first stretch is of the living, perhaps empty
            stretch = 0
            isDead = run.isDead
        }
        stretch += run.length
        if isList { return }
        if run.isDead {
            if store.hasSurrogates { notePairs(run, store) }
            deadCount += run.length
        } else {
            text.append(utf8Of: store.text, Int(run.address)..<Int(run.address) + run.length)
        }
    }

    /// Deleted text is dropped, but not where its pairs are: later changes are validated against them.
    private mutating func notePairs(_ run: Run, _ store: borrowing ElementStore) {
        for offset in 0..<run.length where UTF16Unit.isHigh(store.text[Int(run.address) + offset]) {
            pairs.appendVarint(UInt64(deadCount + offset - pairEnd))
            pairEnd = deadCount + offset + 2
        }
    }

    private mutating func endSpan() {
        guard owner >= 0 else { return }
        let rank = ranks[owner]
        if rank != lastRank || ownerCount == 0 {
            if ownerCount > 0 { owners.appendVarint(UInt64(ownerCount)) }
            owners.appendVarint(UInt64(rank))
            lastRank = rank
            ownerCount = 0
        }
        ownerCount += 1
        counters.appendZigzag(Int64(counter) - Int64(ends[owner]))
        ends[owner] = counter &+ UInt32(length)
        lengths.appendVarint(UInt64(length))
        spanCount += 1
        owner = -1
    }
}
