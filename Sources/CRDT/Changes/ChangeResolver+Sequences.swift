extension ChangeResolver {
    mutating func insert(
        _ bytes: [UInt8],
        _ text: Range<Int>,
        after origin: Operation.Origin,
        _ store: borrowing ElementStore
    ) throws(ChangeError) {
        var operation = ResolvedOperation(kind: .insertAfter)
        switch origin {
        case .newest: try setTextOrigin(.own(distance: 1), of: &operation, store)
        case .element(let reference): try setTextOrigin(reference, of: &operation, store)
        case .start(let target):
            operation.kind = .insertAtStart
            operation.target = try self.target(target, .text, bytes, store)
        }
        operation.start = UInt32(units.count)
        operation.count = UInt32(try appendUnits(bytes, text))
        append(operation)
    }

    /// An origin is older than what is inserted after it, and not the first half of a pair.
    private func setTextOrigin(
        _ reference: Operation.Reference,
        of operation: inout ResolvedOperation,
        _ store: borrowing ElementStore
    ) throws(ChangeError) {
        let origin = try element(reference, store, or: .unknownOrigin)
        guard origin.kind == .text else { throw .wrongKind }
        try checkAge(of: origin, store)
        if UTF16Unit.isHigh(unit(of: origin, store)) { throw .splitsSurrogatePair }
        operation.replica = origin.replica
        operation.counter = origin.counter
    }

    mutating func insert(
        _ bytes: [UInt8],
        _ items: [WireValue],
        after origin: Operation.Origin,
        _ store: borrowing ElementStore
    ) throws(ChangeError) {
        var operation = ResolvedOperation(kind: .insertItemsAfter)
        switch origin {
        case .newest: try setListOrigin(.own(distance: 1), of: &operation, store)
        case .element(let reference): try setListOrigin(reference, of: &operation, store)
        case .start(let target):
            operation.kind = .insertItemsAtStart
            operation.target = try self.target(target, .list, bytes, store)
        }
        operation.start = UInt32(values.count)
        operation.count = UInt32(items.count)
        let depth = depth(of: operation.target, store) + 1
        for (index, item) in items.enumerated() {
            let value = try resolve(item, bytes)
            if case .new(let kind) = value {
                let holder = nextCounter + UInt32(truncatingIfNeeded: index)
                try appendContainer(kind, depth: depth, holder: holder)
            }
            append(value)
        }
        appendElements(items.count, .item, in: operation.target)
        append(operation)
    }

    private func setListOrigin(
        _ reference: Operation.Reference,
        of operation: inout ResolvedOperation,
        _ store: borrowing ElementStore
    ) throws(ChangeError) {
        let origin = try element(reference, store, or: .unknownOrigin)
        guard origin.kind == .item || origin.kind == .move else { throw .wrongKind }
        try checkAge(of: origin, store)
        operation.replica = origin.replica
        operation.counter = origin.counter
        operation.target = list(of: origin, store)
    }

    mutating func move(
        _ item: Operation.Reference,
        after origin: Operation.Reference?,
        _ store: borrowing ElementStore
    ) throws(ChangeError) {
        let item = try element(item, store, or: .unknownElement)
        guard item.kind == .item else { throw .wrongKind }
        try checkAge(of: item, store)
        let list = list(of: item, store)
        var operation = ResolvedOperation(kind: .moveToStart, replica: item.replica, counter: item.counter)
        operation.target = list
        if let origin {
            let origin = try element(origin, store, or: .unknownOrigin)
            guard origin.kind == .item || origin.kind == .move, self.list(of: origin, store) == list
            else { throw .wrongKind }
            try checkAge(of: origin, store)
            operation.kind = .moveAfter
            operation.originReplica = origin.replica
            operation.originCounter = origin.counter
        }
        appendElements(1, .move, in: list)
        append(operation)
    }

    // MARK: Deletion

    mutating func delete(
        _ reference: Operation.Reference,
        _ count: UInt32,
        _ store: borrowing ElementStore
    ) throws(ChangeError) {
        let first = try element(reference, store, or: .unknownElement)
        let last = try self.last(of: first, count, store)
        try touch(Int(count), store)
        try checkDeletable(first, last, count, store)
        append(
            ResolvedOperation(kind: .delete, replica: first.replica, counter: first.counter, count: count)
        )
    }

    /// The last of consecutive elements, which must exist.
    func last(
        of first: ResolvedElement,
        _ count: UInt32,
        _ store: borrowing ElementStore
    ) throws(ChangeError) -> ResolvedElement {
        let (end, overflow) = first.counter.addingReportingOverflow(count - 1)
        let isOwn = first.replica == ResolvedOperation.author
        let next = isOwn ? nextCounter : store.replicas[Int(first.replica)].nextCounter
        guard !overflow, end < next else { throw .unknownElement }
        let isPending = isOwn && end >= firstCounter
        let kind = isPending ? pendingElement(end).kind : store.kind(of: end, by: owner(of: first))
        return ResolvedElement(replica: first.replica, counter: end, kind: kind, isPending: isPending)
    }

    /// Only units of text and items of lists are deleted, and pairs whole.
    private func checkDeletable(
        _ first: ResolvedElement,
        _ last: ResolvedElement,
        _ count: UInt32,
        _ store: borrowing ElementStore
    ) throws(ChangeError) {
        var counter = first.counter
        while counter <= last.counter {
            let isPending = first.replica == ResolvedOperation.author && counter >= firstCounter
            let kind: ElementKind
            var end: UInt32
            if isPending {
                kind = pendingElement(counter).kind
                end = counter + 1
                // In a change that only writes text there is nothing else.
                if kind == .text, pendingCount == 0 { end = last.counter + 1 }
            } else {
                // What is counted can be deleted, or it would not be counted.
                let limit = Int(last.counter - counter) + 1
                let settled = store.counts.settledCount(from: counter, by: UInt32(owner(of: first)), limit)
                if settled > 0 {
                    counter += UInt32(truncatingIfNeeded: settled)
                    continue
                }
                (kind, end) = store.kinds(from: counter, by: owner(of: first))
            }
            guard kind == .text || kind == .item else { throw .wrongKind }
            counter = max(end, counter + 1)
        }
        if first.kind == .text, UTF16Unit.isLow(unit(of: first, store)) { throw .splitsSurrogatePair }
        if last.kind == .text, UTF16Unit.isHigh(unit(of: last, store)) { throw .splitsSurrogatePair }
    }
}
