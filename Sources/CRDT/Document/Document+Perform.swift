extension Document {
    /// Does what the resolver found possible.
    mutating func performResolved(by author: Int, _ patches: inout PatchList) {
        if resolver.hasSurrogates { store.hasSurrogates = true }
        for index in 0..<resolver.operations.count {
            let operation = resolver.operations[index]
            let replica = operation.replica == ResolvedOperation.author ? author : Int(operation.replica)
            let range = ElementRange(replica: UInt32(replica), counter: operation.counter, count: operation.count)
            switch operation.kind {
            case .insertAtStart, .insertAfter: insertText(operation, origin: replica, by: author, &patches)
            case .insertItemsAtStart, .insertItemsAfter: insertItems(operation, origin: replica, by: author, &patches)
            case .delete: store.delete(range, patches: &patches)
            case .set: set(operation, by: author, &patches)
            case .moveToStart, .moveAfter: move(operation, item: replica, by: author, &patches)
            case .restoreText:
                store.restoreText(range, resolver.restoredUnits, Int(operation.start), patches: &patches)
            case .restoreItems:
                for offset in 0..<operation.count {
                    guard case .stored(let value) = resolver.values[Int(operation.start + offset)] else { continue }
                    store.restoreItem(operation.counter + offset, by: replica, value, patches: &patches)
                }
            }
        }
    }

    /// The Lamport timestamp of the author's next element.
    private func nextLamport(_ author: Int) -> UInt64 {
        resolver.lamport + UInt64(store.replicas[author].nextCounter - resolver.firstCounter)
    }

    /// The number of a container; a root that is not there yet is made.
    private mutating func container(_ target: ResolvedTarget, by author: Int) -> UInt32 {
        if target.container != ContainerRecord.none { return target.container }
        if target.name != ContainerRecord.none {
            let key = resolver.names[Int(target.name)]
            return store.containers.root(key.kind, key.name) ?? store.containers.makeRoot(key.kind, key.name)
        }
        guard let number = store.containers.nested(in: UInt32(author), target.holder) else {
            preconditionFailure("A container that a change creates is not there when it is needed.")
        }
        return number
    }

    /// Where elements go: after an element, or at the start of a container.
    private mutating func gap(
        after origin: (replica: Int, counter: UInt32)?,
        in target: ResolvedTarget,
        by author: Int
    ) -> Gap {
        var gap: Gap
        if let origin {
            gap = store.gap(after: store.replicas.address(of: origin.counter, by: origin.replica))
        } else {
            gap = store.startGap(of: store.makeSequence(of: container(target, by: author)))
        }
        store.settle(&gap, Rank(lamport: nextLamport(author), replica: store.replicas[author].id))
        return gap
    }

    // MARK: Texts

    private mutating func insertText(
        _ operation: ResolvedOperation,
        origin: Int,
        by author: Int,
        _ patches: inout PatchList
    ) {
        let after = operation.kind == .insertAfter ? (origin, operation.counter) : nil
        var gap = gap(after: after, in: operation.target, by: author)
        let range = Int(operation.start)..<Int(operation.start + operation.count)
        let position = store.tree.position(of: gap)
        patches.insert(Array(resolver.units[range]), at: position, in: store.textID(ofRoot: gap.root))
        store.insert(resolver.units, range, at: &gap, by: author, lamport: nextLamport(author))
        store.cursor = gap
    }

    // MARK: Lists

    private mutating func insertItems(
        _ operation: ResolvedOperation,
        origin: Int,
        by author: Int,
        _ patches: inout PatchList
    ) {
        let after = operation.kind == .insertItemsAfter ? (origin, operation.counter) : nil
        var gap = gap(after: after, in: operation.target, by: author)
        let index = store.tree.position(of: gap)
        let list = store.containers.container(ofSequence: gap.root)
        let first = store.replicas[author].nextCounter
        let lamport = nextLamport(author)
        store.insertListElements(Int(operation.count), at: &gap, by: author, lamport: lamport)
        store.cursor = gap
        var values: [Value] = []
        values.reserveCapacity(Int(operation.count))
        for offset in 0..<operation.count {
            let address = store.replicas.address(of: first + offset, by: author)
            let value: StoredValue
            switch resolver.values[Int(operation.start + offset)] {
            case .stored(let stored): value = stored
            case .unset: value = .null
            case .new(let kind):
                let number = store.containers.makeNested(
                    kind,
                    in: list,
                    slot: address,
                    holder: UInt32(author),
                    first + offset
                )
                value = .container(number)
            }
            store.values[address] = value
            values.append(store.value(value))
        }
        patches.insert(values, at: index, in: ListID(store.place(of: list)))
    }

    private mutating func move(
        _ operation: ResolvedOperation,
        item replica: Int,
        by author: Int,
        _ patches: inout PatchList
    ) {
        let item = store.replicas.address(of: operation.counter, by: replica)
        let isOwn = operation.originReplica == ResolvedOperation.author
        let origin = (isOwn ? author : Int(operation.originReplica), operation.originCounter)
        var gap = gap(after: operation.kind == .moveAfter ? origin : nil, in: operation.target, by: author)
        let counter = store.replicas[author].nextCounter
        store.insertListElements(1, at: &gap, by: author, lamport: nextLamport(author))
        store.cursor = gap
        let address = store.replicas.address(of: counter, by: author)
        store.values[address] = .move(item: item)
        store.settleMove(of: item, to: address, patches: &patches)
    }

    // MARK: Maps

    private mutating func set(_ operation: ResolvedOperation, by author: Int, _ patches: inout PatchList) {
        let map = container(operation.target, by: author)
        let key = store.maps.insert(key: resolver.keys[Int(operation.key)])
        let counter = store.replicas[author].nextCounter
        let lamport = nextLamport(author)
        store.insertSet(by: author, lamport: lamport)
        let value: StoredValue?
        switch resolver.values[Int(operation.start)] {
        case .stored(let stored): value = stored
        case .unset: value = nil
        case .new(let kind):
            value = .container(
                store.containers.makeNested(kind, in: map, slot: key, holder: UInt32(author), counter)
            )
        }
        let rank = Rank(lamport: lamport, replica: store.replicas[author].id)
        guard store.maps.set(map, key, to: value, rank: rank, by: UInt32(author), counter) else { return }
        let id = MapID(store.place(of: map))
        patches.set(store.maps.keys[Int(key)], in: id, to: value.map { store.value($0) })
    }
}
