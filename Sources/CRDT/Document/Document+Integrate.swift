extension Document {
    /// Whether a change can be applied now.
    ///
    /// - Complexity: O(d) for d dependencies.
    public func readiness(of change: Change) -> Readiness {
        let known = knownCount(of: change.replica)
        if change.sequence < known { return .duplicate }
        var missing = Version()
        if change.sequence > known { missing[change.replica] = change.sequence }
        for entry in change.dependencies.entries where knownCount(of: entry.replica) < entry.count {
            missing[entry.replica] = entry.count
        }
        return missing.isEmpty ? .ready : .waiting(missing: missing)
    }

    private func knownCount(of replica: ReplicaID) -> UInt64 { store.replicas.changeCount(of: replica) }

    /// Applies a change that is ready.
    ///
    /// It is validated whole before anything is changed.
    ///
    /// - Parameters:
    ///   - change: one whose ``readiness(of:)`` is `ready`.
    ///   - patches: what it did to the texts is appended here.
    /// - Throws: `notReady`, `duplicate`, or why the change is refused. Nothing has changed then.
    /// - Complexity: O(1) amortised for typing that continues where the last change ended, else O(log n) an operation for
    ///   n runs; an insertion that is concurrent with k others at its place takes O(k) steps more, most of them over whole
    ///   leaves.
    public mutating func integrate(_ change: Change, patches: inout [Patch]) throws(ChangeError) {
        switch readiness(of: change) {
        case .ready: break
        case .duplicate: throw .duplicate
        case .waiting: throw .notReady
        }
        guard transaction == nil else { throw .transactionOpen }
        try resolver.resolve(change, in: store)
        let author = store.replicas.insert(change.replica)
        var list = PatchList(patches)
        patches = []
        performResolved(by: author, &list)
        patches = list.take()
        noteApplied(author)
    }

    private mutating func noteApplied(_ author: Int) {
        store.replicas[author].nextSequence += 1
        if !store.replicas[author].isNews { noteNews(author) }
    }

    /// Notes whom the local replica's next change depends on.
    @inline(never)
    mutating func noteNews(_ author: Int) {
        if store.replicas[author].id == replica.rawValue {
            undoHistory.skip(to: store.replicas[author].nextCounter)
            return
        }
        store.replicas[author].isNews = true
        news.append(UInt32(author))
    }

    // MARK: In whatever order

    /// Applies what can be applied of the received changes, in whatever order they come; the rest waits in the backlog.
    ///
    /// - Parameters:
    ///   - changes: duplicates among them are ignored.
    ///   - patches: what was done to the texts is appended here.
    /// - Returns: what became of them.
    /// - Throws: when a change is refused or the backlog is full: the first such error, once everything else was done as if
    ///   the refused change had not come.
    public mutating func receive(_ changes: [Change], patches: inout [Patch]) throws(ChangeError) -> Receipt {
        var receipt = Receipt(applied: [], duplicates: 0, waiting: 0)
        var refusal: ChangeError?
        for change in changes {
            if change.sequence < knownCount(of: change.replica) {
                receipt.duplicates += 1
                continue
            }
            var waiting = Backlog.Waiting(change)
            guard let lacked = waiting.firstLacking(in: store.replicas) else {
                apply(change, &receipt, &refusal, patches: &patches)
                drainBacklog(&receipt, &refusal, patches: &patches)
                continue
            }
            switch backlog.insert(waiting, lacking: lacked) {
            case .inserted: break
            case .known: receipt.duplicates += 1
            case .full: refusal = refusal ?? .backlogFull
            }
        }
        if let refusal { throw refusal }
        receipt.waiting = backlog.count
        return receipt
    }

    private mutating func apply(
        _ change: Change,
        _ receipt: inout Receipt,
        _ refusal: inout ChangeError?,
        patches: inout [Patch]
    ) {
        do throws(ChangeError) {
            try integrate(change, patches: &patches)
            receipt.applied.append(change)
        } catch {
            refusal = refusal ?? error
        }
    }

    /// Applies what the change applied last has freed, and what that frees in turn.
    private mutating func drainBacklog(
        _ receipt: inout Receipt,
        _ refusal: inout ChangeError?,
        patches: inout [Patch]
    ) {
        var position = max(receipt.applied.count - 1, 0)
        while position < receipt.applied.count, backlog.count > 0 {
            let freed = backlog.removeFreed(by: receipt.applied[position])
            position += 1
            for var waiting in freed where waiting.change.sequence >= knownCount(of: waiting.change.replica) {
                if let lacked = waiting.firstLacking(in: store.replicas) {
                    _ = backlog.insert(waiting, lacking: lacked)
                } else {
                    apply(waiting.change, &receipt, &refusal, patches: &patches)
                }
            }
        }
    }

    /// How many received changes wait for others.
    public var backlogCount: Int { backlog.count }

    /// What the waiting changes lack: for each replica, its changes up to that count.
    ///
    /// Empty when nothing waits.
    ///
    /// - Complexity: O(d log d) for d dependencies of all that waits.
    public var missing: Version {
        var lacked: [Version.Entry] = []
        for waiting in backlog.changes { lacked += waiting.lacking(in: store.replicas) }
        return Version(greatestOf: lacked)
    }
}
