extension Document {
    /// Applies a whole history from bytes that came from outside: as if each of its changes had been received, but what was
    /// typed in one go is done in one go.
    ///
    /// What the document knows already is passed over.
    ///
    /// - Throws: when the bytes are no history, or at the first change that is refused or not ready. What came before is
    ///   applied then.
    /// - Complexity: O(i log n + m) for i entries of the history, n runs and m code units.
    public mutating func apply(history bytes: [UInt8], limits: DecodingLimits = .default) throws(ChangeError) {
        var reader: HistoryReader
        do throws(FormatError) {
            reader = try HistoryFormat.reader(of: bytes, limits)
        } catch {
            throw .format(error)
        }
        try apply(&reader, upTo: nil, limits: limits)
    }

    mutating func apply(
        _ reader: inout HistoryReader,
        upTo version: Version?,
        limits: DecodingLimits = .default
    ) throws(ChangeError) {
        guard transaction == nil else { throw .transactionOpen }
        var state = HistoryApplication(reader.replicas, version, &store)
        var changeCount = 0
        while let item = try Self.next(&reader) {
            changeCount += item.count
            guard changeCount <= limits.maximumChangeCount else { throw .format(.limitExceeded) }
            let left = state.limits[item.author] > item.sequence ? state.limits[item.author] - item.sequence : 0
            if left == 0 { continue }
            let count = Int(min(left, UInt64(item.count)))
            if count == item.count, try applyWhole(item, reader, &state) { continue }
            try applySingly(item, count, reader)
        }
    }

    private static func next(_ reader: inout HistoryReader) throws(ChangeError) -> HistoryItem? {
        do throws(FormatError) {
            return try reader.next()
        } catch {
            throw .format(error)
        }
    }

    /// The general way: change by change.
    private mutating func applySingly(
        _ item: HistoryItem,
        _ count: Int,
        _ reader: borrowing HistoryReader
    ) throws(ChangeError) {
        var patches: [Patch] = []
        var writer = ChangeWriter()
        // Not all at once: the first that is refused ends it, however many the item claims to be.
        try reader.expand(item, 0..<count, &writer) { (change) throws(ChangeError) in
            switch readiness(of: change) {
            case .duplicate: return
            case .waiting: throw .notReady
            case .ready: try integrate(change, patches: &patches)
            }
            patches.removeAll(keepingCapacity: true)
        }
    }

    // MARK: A whole item as one step

    /// Applies all changes of an item together; false when that is not possible, and then nothing has changed.
    @inline(__always)
    private mutating func applyWhole(
        _ item: HistoryItem,
        _ reader: borrowing HistoryReader,
        _ state: inout HistoryApplication
    ) throws(ChangeError) -> Bool {
        guard item.kind != .verbatim else { return false }
        let author = state.indices[item.author]
        guard author >= 0, store.replicas[author].nextSequence == item.sequence,
            Int64(store.replicas[author].nextCounter) == state.bases[item.author] + reader.elementsBefore
        else { return false }
        if let dependency = item.dependency {
            let other = state.indices[dependency.replica]
            guard other >= 0, store.replicas[other].nextSequence >= dependency.count else { throw .notReady }
        }
        let isDone =
            item.kind == .insert
            ? insertWhole(item, reader, author, &state) : deleteWhole(item, author, &state)
        guard isDone else { return false }
        store.replicas[author].nextSequence += UInt64(item.count)
        if !store.replicas[author].isNews, store.replicas[author].id != replica.rawValue {
            store.replicas[author].isNews = true
            news.append(UInt32(author))
        }
        return true
    }

    /// The number and the counter of an element that exists.
    @inline(__always)
    private func element(
        _ reference: HistoryItem.Reference,
        _ author: Int,
        _ base: Int64,
        _ state: borrowing HistoryApplication
    ) -> (owner: Int, counter: UInt32)? {
        switch reference {
        case .own(let relative):
            let counter = base + relative
            guard counter >= 0, counter < Int64(store.replicas[author].nextCounter) else { return nil }
            return (author, UInt32(counter))
        case .other(let place, let counter):
            let owner = state.indices[place]
            guard owner >= 0, counter < store.replicas[owner].nextCounter else { return nil }
            return (owner, counter)
        }
    }

    private mutating func insertWhole(
        _ item: HistoryItem,
        _ reader: borrowing HistoryReader,
        _ author: Int,
        _ state: inout HistoryApplication
    ) -> Bool {
        guard store.canHold(reader.inserted),
            let origin = element(item.reference, author, state.bases[item.author], state)
        else { return false }
        let lamport = store.replicas[author].lamportEnd + item.advance
        let address = store.replicas.address(of: origin.counter, by: origin.owner)
        guard lamport <= store.clock, store.kind(at: address) == .text, !UTF16Unit.isHigh(store.text[Int(address)]),
            origin.owner == author || store.replicas.lamport(of: origin.counter, by: origin.owner) < lamport
        else { return false }
        state.units.removeAll(keepingCapacity: true)
        guard UTF8Text.decode(reader.columns.text, in: item.bytes, into: &state.units) else { return false }
        if reader.inserted != item.bytes.count, !store.hasSurrogates {
            store.hasSurrogates = state.units.contains { UTF16Unit.isSurrogate($0) }
        }
        var gap = store.gap(after: address)
        store.settle(&gap, Rank(lamport: lamport, replica: store.replicas[author].id))
        store.insert(state.units, 0..<state.units.count, at: &gap, by: author, lamport: lamport)
        store.cursor = gap
        return true
    }

    private mutating func deleteWhole(_ item: HistoryItem, _ author: Int, _ state: inout HistoryApplication) -> Bool {
        guard let first = element(item.reference, author, state.bases[item.author], state) else { return false }
        let count = UInt32(item.count) * item.deleteCount
        var start = first.counter
        if item.kind == .eraseLeft {
            guard start >= count - 1 else { return false }
            start -= count - 1
        }
        let next = store.replicas[first.owner].nextCounter
        guard count <= next - start else { return false }
        // Each change of its own must leave pairs whole; where there are none, all do.
        guard !store.hasSurrogates, !store.values.hasLists, store.maps.entryCount == 0, store.counts.isEmpty
        else { return false }
        store.delete(ElementRange(replica: UInt32(first.owner), counter: start, count: count), patches: &state.patches)
        return true
    }
}

/// What is looked up once for a history that is applied.
struct HistoryApplication: ~Copyable {
    /// The document's numbers of the replicas in the table.
    private(set) var indices: [Int] = []
    /// The counters of the first elements that the replicas insert in the history.
    private(set) var bases: [Int64] = []
    /// Up to which sequence each replica's changes are wanted.
    private(set) var limits: [UInt64] = []
    var units: [UInt16] = []
    var patches = PatchList(isOff: true)

    init(_ replicas: [HistoryReplica], _ version: Version?, _ store: inout ElementStore) {
        for replica in replicas {
            limits.append(version.map { $0[replica.id] } ?? .max)
            // Those without changes here are only named; those with some are known from now on.
            let isWanted = replica.start != nil && limits[limits.count - 1] > replica.start ?? 0
            let index = isWanted ? store.replicas.insert(replica.id) : store.replicas.index(of: replica.id) ?? -1
            let isAtStart = index >= 0 && store.replicas[index].nextSequence == replica.start ?? 0
            indices.append(index)
            bases.append(isAtStart ? Int64(store.replicas[index].nextCounter) : .min / 2)
        }
    }
}
