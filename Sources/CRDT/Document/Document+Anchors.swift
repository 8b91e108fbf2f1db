extension Document {
    /// The position at an offset of a text, held by its left or right neighbour.
    ///
    /// An offset outside of the text is moved to its end, one between the halves of a surrogate pair before the pair.
    ///
    /// - Complexity: O(log n) for n runs.
    public func anchor(at utf16Offset: Int, side: Side, in text: TextID) -> Anchor {
        anchor(at: utf16Offset, side, inRoot: store.root(of: text))
    }

    /// The position at an index of a list, held by the item on its left or right, wherever that is moved.
    ///
    /// An index outside of the list is moved to its end.
    ///
    /// - Complexity: O(log n) for n runs.
    public func anchor(at index: Int, side: Side, in list: ListID) -> Anchor {
        anchor(at: index, side, inRoot: store.root(of: list))
    }

    /// Where an anchor is now; `nil` when its element is not in that text.
    ///
    /// - Complexity: O(log n) for n runs.
    public func utf16Offset(of anchor: Anchor, in text: TextID) -> Int? {
        offset(of: anchor, inRoot: store.root(of: text), count: utf16Count(of: text))
    }

    /// Where an anchor is now; `nil` when its item is not in that list.
    ///
    /// - Complexity: O(log n) for n runs.
    public func index(of anchor: Anchor, in list: ListID) -> Int? {
        offset(of: anchor, inRoot: store.root(of: list), count: count(of: list))
    }

    private func anchor(at offset: Int, _ side: Side, inRoot root: UInt32?) -> Anchor {
        guard let root else { return side == .left ? .start : .end }
        let count = store.visibleCount(of: root)
        let offset = boundary(min(max(offset, 0), count), count, root)
        switch side {
        case .left:
            if offset == 0 { return .start }
            return Anchor(.after(element(at: store.visibleAddress(at: offset - 1, in: root))))
        case .right:
            if offset == count { return .end }
            return Anchor(.before(element(at: store.visibleAddress(at: offset, in: root))))
        }
    }

    private func offset(of anchor: Anchor, inRoot root: UInt32?, count: Int) -> Int? {
        let element: ElementID
        let isAfter: Bool
        switch anchor.place {
        case .start: return 0
        case .end: return count
        case .after(let id): (element, isAfter) = (id, true)
        case .before(let id): (element, isAfter) = (id, false)
        }
        guard let root, let owner = store.replicas.index(of: element.replica),
            element.counter < store.replicas[owner].nextCounter
        else { return nil }
        let kind = store.kind(of: element.counter, by: owner)
        if kind == .set { return nil }
        var address = store.replicas.address(of: element.counter, by: owner)
        if kind != .text { address = store.place(ofItem: store.item(at: address)) }
        var gap = store.gap(after: address)
        guard gap.root == root else { return nil }
        if !isAfter { gap.offset -= 1 }
        return boundary(store.tree.position(of: gap), count, root)
    }

    /// What an anchor holds on to: a unit of text, or an item, wherever it is.
    private func element(at address: UInt32) -> ElementID {
        let address = store.values.isList(address) ? store.item(at: address) : address
        let owner = store.blocks.owner(of: address)
        let counter = store.blocks.counter(of: address)
        return ElementID(replica: ReplicaID(store.replicas[owner].id), counter: counter)
    }

    /// The offset itself, or the one before when it lies between the halves of a pair.
    private func boundary(_ offset: Int, _ count: Int, _ root: UInt32) -> Int {
        guard store.hasSurrogates, offset > 0, offset < count else { return offset }
        return UTF16Unit.isLow(store.unit(at: offset, in: root)) ? offset - 1 : offset
    }
}
