/// A change that is being made.
struct OpenChange: BitwiseCopyable, Sendable {
    /// The number of the local replica.
    var author: Int
    /// The Lamport timestamp of its first element, and the end of its author's before.
    var lamport: UInt64
    var previousEnd: UInt64
}

extension Document {
    /// Starts a transaction: the edits until ``commit()`` become one change.
    ///
    /// Each edit is checked and done at once and gives no change of its own; one that is refused leaves the others as they
    /// are. Nothing is received and no snapshot is taken while a transaction is open.
    ///
    /// - Precondition: none is open.
    public mutating func begin() {
        precondition(transaction == nil, "A transaction is open already.")
        let open = startChange()
        transaction = open
        transactionAuthor = UInt32(open.author)
        shortAuthor = Self.nobody
        // Open places are for changes of their own.
        store.closeOpenPlace()
    }

    /// Ends the transaction and gives its change; `nil` when nothing was edited.
    ///
    /// - Precondition: one is open.
    public mutating func commit() -> Change? {
        guard let open = transaction else { preconditionFailure("No transaction is open.") }
        drainLane()
        transaction = nil
        transactionAuthor = Self.nobody
        noteShortAuthor(open.author)
        // What was open to the transaction is not open to the changes that follow.
        store.closeOpenPlace()
        return endChange(open)
    }

    /// Ends the transaction and appends its change to `changes`, unless nothing was edited.
    ///
    /// - Precondition: one is open.
    public mutating func commit(to changes: inout ChangeBuffer) {
        if let change = commit() { changes.append(change) }
    }

    /// Whether a transaction is open.
    public var isInTransaction: Bool { transaction != nil }

    // MARK: The steps of a local change

    /// The open transaction, or a change for one edit.
    mutating func beginChange() -> OpenChange {
        guard let open = transaction else { return startChange() }
        drainLane()
        return open
    }

    /// The change of one edit; `nil` in a transaction, or when nothing was edited.
    mutating func finishChange(_ open: OpenChange) -> Change? { transaction == nil ? endChange(open) : nil }

    private mutating func startChange() -> OpenChange {
        writer.begin(dependencies: news.count == 0 ? Version() : dependencies())
        let author = store.replicas.insert(replica)
        localIndex = author
        noteShortAuthor(author)
        return OpenChange(author: author, lamport: store.clock, previousEnd: store.replicas[author].lamportEnd)
    }

    private mutating func noteShortAuthor(_ author: Int) {
        if replica.rawValue < Change.replicaFollows { shortAuthor = UInt32(author) }
    }

    /// What the next local change depends on besides the one before.
    @inline(never)
    mutating func dependencies() -> Version {
        var entries: [Version.Entry] = []
        entries.reserveCapacity(news.count)
        for index in 0..<news.count {
            let record = store.replicas[Int(news[index])]
            entries.append(Version.Entry(replica: ReplicaID(record.id), count: record.nextSequence))
        }
        return Version(sorting: entries)
    }

    private mutating func endChange(_ open: OpenChange) -> Change? {
        if writer.isEmpty { return nil }
        for index in 0..<news.count { store.replicas[Int(news[index])].isNews = false }
        news.removeAll()
        let record = store.replicas[open.author]
        let sequence = record.nextSequence
        store.replicas[open.author].nextSequence += 1
        // A change without insertions has no Lamport timestamp.
        let advance = record.lamportEnd == open.previousEnd ? 0 : open.lamport - open.previousEnd
        return writer.finish(replica: replica, sequence: sequence, lamportAdvance: advance)
    }

    // MARK: What a change names
    //
    // Mutating, though nothing is changed: see ``introduce(_:)``.

    mutating func reference(_ replica: Int, _ counter: UInt32, by author: Int) -> ChangeWriter.Reference {
        if replica == author { return .own(distance: store.replicas[author].nextCounter - counter) }
        return .other(ReplicaID(store.replicas[replica].id), counter: counter)
    }

    mutating func reference(to address: UInt32, by author: Int) -> ChangeWriter.Reference {
        reference(store.blocks.owner(of: address), store.blocks.counter(of: address), by: author)
    }

    mutating func target(_ container: UInt32, by author: Int) -> ChangeWriter.Target {
        let record = store.containers[container]
        if record.parent == ContainerRecord.none { return .root(store.containers.name(of: container)) }
        return .nested(reference(Int(record.holderReplica), record.holderCounter, by: author))
    }

    mutating func origin(of gap: Gap, by author: Int) -> ChangeWriter.Origin {
        guard let address = store.address(before: gap) else {
            return .start(target(store.containers.container(ofSequence: gap.root), by: author))
        }
        let counter = store.blocks.counter(of: address)
        let owner = store.blocks.owner(of: address)
        if owner != author { return .other(ReplicaID(store.replicas[owner].id), counter: counter) }
        let distance = store.replicas[author].nextCounter - counter
        return distance == 1 ? .newest : .own(distance: distance)
    }

    /// The number of a container that is to be edited: of a root, which is made when there is none, or of a nested one.
    mutating func open(_ kind: ContainerKind, _ place: ContainerPlace) -> UInt32? {
        if let known = store.container(kind, place) { return known }
        guard case .root(let name) = place else { return nil }
        return store.containers.makeRoot(kind, name)
    }
}
