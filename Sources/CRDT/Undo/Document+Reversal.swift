/// What a change does that reverts a step.
struct Reversal {
    var deleted: [ElementRange] = []
    var restored: [ElementRange] = []
    /// The keys that it sets, and what they held before it.
    var settings: [UndoStep.Setting] = []
    /// The items that it moves back, and where they were before it.
    var movements: [UndoStep.Movement] = []
}

extension Document {
    /// Writes the change that reverts a step; `nil` when nothing is to be changed.
    mutating func writeReversal(of step: UndoStep) -> (change: Change, reversal: Reversal)? {
        guard let author = store.replicas.index(of: replica) else { return nil }
        let first = step.firstCounter
        writer.begin(dependencies: news.count == 0 ? Version() : dependencies())
        var reversal = Reversal()
        // What the step deleted of what it inserted is gone for good.
        var own: [ElementRange] = []
        for range in step.removed {
            let end = range.counter + range.count
            if Int(range.replica) != author || end <= first {
                reversal.restored.append(range)
                continue
            }
            let start = max(range.counter, first)
            own.append(ElementRange(replica: range.replica, counter: start, count: end - start))
            if start > range.counter {
                let older = ElementRange(replica: range.replica, counter: range.counter, count: start - range.counter)
                reversal.restored.append(older)
            }
        }
        if own.count > 1 { own = SortOrder.ascending(own.map { UInt64($0.counter) }).map { own[$0] } }
        reversal.deleted = step.restored
        insertions(of: step, by: author, without: own, into: &reversal.deleted)

        var next = store.replicas[author].nextCounter
        for range in reversal.restored { writeRestoration(of: range, author, next) }
        for range in reversal.deleted { writeDeletion(of: range, author, next) }
        for movement in step.movements {
            let place = store.place(ofItem: movement.item)
            guard place == undoHistory.place(standingFor: movement.place) else { continue }
            writer.move(reference(movement.item, author, next), after: reference(movement.previous, author, next))
            reversal.movements.append(.init(item: movement.item, place: place, previous: movement.previous))
            next += 1
        }
        for setting in step.settings {
            guard let entry = store.maps.entry(setting.map, setting.key),
                Int(store.maps[entry].replica) == author,
                store.maps[entry].counter == undoHistory.set(standingFor: setting.counter)
            else { continue }
            write(setting, author, next)
            var current = setting
            current.previous = store.maps[entry].isSet ? store.maps.value(of: entry) : nil
            current.counter = store.maps[entry].counter
            reversal.settings.append(current)
            next += 1
        }
        if writer.isEmpty { return nil }
        let record = store.replicas[author]
        let advance = next == record.nextCounter ? 0 : store.clock - record.lamportEnd
        let change = writer.finish(replica: replica, sequence: record.nextSequence, lamportAdvance: advance)
        return (change, reversal)
    }

    /// What a step inserted, outside of containers that it created itself: those go with what holds them.
    private func insertions(
        of step: UndoStep,
        by author: Int,
        without removed: [ElementRange],
        into ranges: inout [ElementRange]
    ) {
        var counter = step.firstCounter
        var position = 0
        while counter < step.endCounter {
            // Past what was deleted again.
            while position < removed.count, removed[position].counter + removed[position].count <= counter {
                position += 1
            }
            var end = step.endCounter
            if position < removed.count {
                if removed[position].counter <= counter {
                    counter = min(end, removed[position].counter + removed[position].count)
                    continue
                }
                end = min(end, removed[position].counter)
            }
            let (kind, kindEnd) = store.kinds(from: counter, by: author)
            end = min(end, kindEnd)
            if kind == .text || kind == .item {
                let address = store.replicas.address(of: counter, by: author)
                var gap = store.gap(after: address)
                gap.offset -= 1
                end = min(end, counter + UInt32(store.tree.run(at: gap).length - gap.offset))
                if !isNew(store.container(of: address), since: step.firstCounter, by: author) {
                    append(ElementRange(replica: UInt32(author), counter: counter, count: end - counter), to: &ranges)
                }
            }
            counter = end
        }
    }

    private func append(_ range: ElementRange, to ranges: inout [ElementRange]) {
        if let last = ranges.last, last.replica == range.replica, last.counter + last.count == range.counter {
            ranges[ranges.count - 1].count += range.count
        } else {
            ranges.append(range)
        }
    }

    /// Whether a container was created by the local replica's element `first` or a later one.
    func isNew(_ container: UInt32, since first: UInt32, by author: Int) -> Bool {
        let record = store.containers[container]
        return record.parent != ContainerRecord.none && Int(record.holderReplica) == author
            && record.holderCounter >= first
    }

    // MARK: Operations

    private func reference(_ address: UInt32, _ author: Int, _ next: UInt32) -> ChangeWriter.Reference {
        reference(store.blocks.owner(of: address), store.blocks.counter(of: address), author, next)
    }

    private func reference(_ owner: Int, _ counter: UInt32, _ author: Int, _ next: UInt32) -> ChangeWriter.Reference {
        owner == author ? .own(distance: next - counter) : .other(ReplicaID(store.replicas[owner].id), counter: counter)
    }

    private mutating func writeDeletion(of range: ElementRange, _ author: Int, _ next: UInt32) {
        switch reference(Int(range.replica), range.counter, author, next) {
        case .own(let distance): writer.deleteOwn(distance: distance, count: range.count)
        case .other(let owner, let counter): writer.delete(of: owner, counter: counter, count: range.count)
        }
    }

    private mutating func writeRestoration(of range: ElementRange, _ author: Int, _ next: UInt32) {
        let owner = Int(range.replica)
        var counter = range.counter
        let end = range.counter + range.count
        while counter < end {
            let start = reference(owner, counter, author, next)
            if store.kind(of: counter, by: owner) == .text {
                var units: [UInt16] = []
                while counter < end, store.kind(of: counter, by: owner) == .text {
                    let kindEnd = min(end, store.kinds(from: counter, by: owner).end)
                    let address = Int(store.replicas.address(of: counter, by: owner))
                    store.text.read(address..<address + Int(kindEnd - counter), into: &units)
                    counter = kindEnd
                }
                writer.restore(start, units)
            } else {
                var values: [StoredValue] = []
                while counter < end, store.kind(of: counter, by: owner) == .item {
                    values.append(store.values[store.replicas.address(of: counter, by: owner)])
                    counter += 1
                }
                writer.restore(start, values)
            }
        }
    }

    private mutating func write(_ setting: UndoStep.Setting, _ author: Int, _ next: UInt32) {
        let record = store.containers[setting.map]
        let map: ChangeWriter.Target =
            record.parent == ContainerRecord.none
            ? .root(store.containers.name(of: setting.map))
            : .nested(reference(Int(record.holderReplica), record.holderCounter, author, next))
        let value: ChangeWriter.WrittenValue
        switch setting.previous {
        case nil: value = .unset
        case .container(let number)?:
            let container = store.containers[number]
            value = .existing(reference(Int(container.holderReplica), container.holderCounter, author, next))
        case .some(let stored): value = .plain(stored)
        }
        writer.set(store.maps.keys[Int(setting.key)], in: map, to: value)
    }
}
