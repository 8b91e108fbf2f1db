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
            let (columns, replicas) = try HistoryFormat.parts(of: bytes, limits)
            reader = HistoryReader(columns, replicas)
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
        // Of an empty document it is known how long its text will be: it need not grow, and move, in steps.
        if store.elementCount == 0 { store.text.reserve(reader.columns.text.remaining + ElementStore.maximumSegment) }
        var state = HistoryApplication(reader.replicas, version, &store)
        var changeCount = 0
        while try Self.next(&reader) {
            let (author, sequence, count) = (reader.item.author, reader.item.sequence, reader.item.count)
            changeCount += count
            guard changeCount <= limits.maximumChangeCount else { throw .format(.limitExceeded) }
            let limit = state.limits[author]
            if limit <= sequence { continue }
            let wanted = Int(min(limit - sequence, UInt64(count)))
            if wanted == count, try applyWhole(&reader, &state) { continue }
            try applySingly(wanted, &reader)
            state.gap = store.beginReplay()
        }
    }

    @inline(__always)
    private static func next(_ reader: inout HistoryReader) throws(ChangeError) -> Bool {
        do throws(FormatError) {
            return try reader.next()
        } catch {
            throw .format(error)
        }
    }

    /// The general way: change by change.
    @inline(never)
    private mutating func applySingly(
        _ count: Int,
        _ reader: inout HistoryReader
    ) throws(ChangeError) {
        var patches: [Patch] = []
        var writer = ChangeWriter()
        // Not all at once: the first that is refused ends it, however many the item claims to be.
        try reader.expand(0..<count, &writer) { (change) throws(ChangeError) in
            switch readiness(of: change) {
            case .duplicate: return
            case .waiting: throw .notReady
            case .ready: try integrate(change, patches: &patches)
            }
            patches.removeAll(keepingCapacity: true)
        }
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
    /// Where the last item ended.
    var gap: ReplayGap

    init(_ replicas: [HistoryReplica], _ version: Version?, _ store: inout ElementStore) {
        gap = store.beginReplay()
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
