extension Document {
    // MARK: Reading

    /// How many items a list has; 0 when there is none of that name.
    ///
    /// - Complexity: O(1).
    public func count(of list: ListID) -> Int {
        store.root(of: list).map { store.visibleCount(of: $0) } ?? 0
    }

    /// The item at an index, or `nil` when there is none.
    ///
    /// - Complexity: O(log n) for n runs.
    public func value(at index: Int, in list: ListID) -> Value? {
        guard let root = store.root(of: list), index >= 0, index < store.visibleCount(of: root) else { return nil }
        let item = store.item(at: store.visibleAddress(at: index, in: root))
        return store.value(store.values[item])
    }

    /// All items of a list.
    ///
    /// - Complexity: O(n) for n items and runs.
    public func values(of list: ListID) -> [Value] {
        guard let root = store.root(of: list) else { return [] }
        return store.items(ofRoot: root).map { store.value(store.values[$0]) }
    }

    // MARK: Editing

    /// Inserts items at an index, as one change; `nil` when there are none, or in a transaction.
    ///
    /// - Throws: when the edit is not possible. Nothing is edited then.
    /// - Complexity: O(m + log n) for m values and n runs.
    public mutating func insert(
        _ content: [Content],
        at index: Int,
        in list: ListID
    ) throws(EditError) -> Change? {
        try edit([.list(ListEdit(list: list, action: .splice(index: index, deleteCount: 0, insert: content)))])
    }

    /// Deletes items, as one change; `nil` when there are none, or in a transaction.
    ///
    /// - Throws: when the range is not in the list. Nothing is edited then.
    /// - Complexity: O(k log n) for k deleted items and n runs.
    public mutating func delete(_ range: Range<Int>, in list: ListID) throws(EditError) -> Change? {
        let (count, overflow) = range.upperBound.subtractingReportingOverflow(range.lowerBound)
        guard !overflow else { throw .outOfBounds }
        let action = ListEdit.Action.splice(index: range.lowerBound, deleteCount: count, insert: [])
        return try edit([.list(ListEdit(list: list, action: action))])
    }

    /// Moves an item, as one change.
    ///
    /// When two replicas move one item at the same time it ends in one of the two places, never in both.
    ///
    /// - Parameters:
    ///   - from: where the item is.
    ///   - to: where it goes, counted in the list without it.
    ///   - list: the list.
    /// - Returns: the change to send; `nil` when the item is there already, or in a transaction.
    /// - Throws: when an index is not in the list. Nothing is edited then.
    /// - Complexity: O(log n) for n runs.
    public mutating func move(from: Int, to: Int, in list: ListID) throws(EditError) -> Change? {
        try edit([.list(ListEdit(list: list, action: .move(from: from, to: to)))])
    }

    // MARK: Doing what was found possible

    mutating func perform(_ edit: ListEdit, by author: Int) {
        switch edit.action {
        case .splice(let index, let deleteCount, let insert):
            if deleteCount == 0, insert.isEmpty { return }
            guard let container = open(.list, edit.list.place) else { return }
            let root = store.makeSequence(of: container)
            if deleteCount > 0 { deleteItems(deleteCount, at: index, in: root, by: author) }
            if !insert.isEmpty { insertItems(insert, at: index, in: root, by: author) }
        case .move(let from, let to):
            guard from != to, let root = store.root(of: edit.list) else { return }
            move(from: from, to: to, in: root, by: author)
        }
    }

    private mutating func deleteItems(_ count: Int, at index: Int, in root: UInt32, by author: Int) {
        deleted.removeAll()
        for _ in 0..<count {
            let address = store.visibleAddress(at: index, in: root)
            store.noteItem(store.item(at: address), in: &deleted)
            _ = store.kill(address)
        }
        writeDeletions(by: author)
    }

    private mutating func insertItems(_ content: [Content], at index: Int, in root: UInt32, by author: Int) {
        let gap = store.gap(at: index, in: root)
        writer.insert(content.map { Self.written($0) }, after: origin(of: gap, by: author))
        let first = store.replicas[author].nextCounter
        performWritten(by: author)
        for (offset, content) in content.enumerated() {
            fill(store.containers.nested(in: UInt32(author), first + UInt32(offset)), content, by: author)
        }
    }

    private mutating func move(from: Int, to: Int, in root: UInt32, by author: Int) {
        let item = store.item(at: store.visibleAddress(at: from, in: root))
        // The list still has the item when the place is looked for.
        let gap = store.gap(at: to > from ? to + 1 : to, in: root)
        let origin = store.address(before: gap).map { reference(to: $0, by: author) }
        let previous = store.place(ofItem: item)
        writer.move(reference(to: item, by: author), after: origin)
        performWritten(by: author)
        noteMove(of: item, from: previous)
    }
}

extension ElementStore {
    /// The addresses of the items of a list, in order.
    func items(ofRoot root: UInt32) -> [UInt32] {
        var items: [UInt32] = []
        items.reserveCapacity(visibleCount(of: root))
        var leaf = tree.firstLeaf(of: root)
        while leaf != RunTree.none {
            for position in 0..<tree.count(of: leaf) {
                let run = tree.runs[RunTree.run(leaf, position)]
                if run.isDead { continue }
                for address in run.address..<run.end { items.append(item(at: address)) }
            }
            leaf = tree.nextLeaf(leaf)
        }
        return items
    }
}
