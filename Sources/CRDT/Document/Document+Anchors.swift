extension Document {
    /// The position at an offset, held by its left or right neighbour.
    ///
    /// An offset outside of the text is moved to its end, one between the halves of a surrogate pair before the pair.
    ///
    /// - Complexity: O(log n) for n runs.
    public func anchor(at utf16Offset: Int, side: Side, in root: RootName) -> Anchor {
        guard let index = store.root(named: root) else { return side == .left ? .start : .end }
        let count = store.visibleCount(of: index)
        let offset = boundary(min(max(utf16Offset, 0), count), count, index)
        switch side {
        case .left:
            if offset == 0 { return .start }
            return Anchor(.after(element(at: store.visibleAddress(at: offset - 1, in: index))))
        case .right:
            if offset == count { return .end }
            return Anchor(.before(element(at: store.visibleAddress(at: offset, in: index))))
        }
    }

    /// Where an anchor is now; `nil` when its element is not in that text.
    ///
    /// - Complexity: O(log n) for n runs.
    public func utf16Offset(of anchor: Anchor, in root: RootName) -> Int? {
        let index = store.root(named: root)
        let element: ElementID
        let isAfter: Bool
        switch anchor.place {
        case .start: return 0
        case .end: return utf16Count(of: root)
        case .after(let id): (element, isAfter) = (id, true)
        case .before(let id): (element, isAfter) = (id, false)
        }
        guard let index, let owner = store.replicas.index(of: element.replica),
            element.counter < store.replicas[owner].nextCounter
        else { return nil }
        var gap = store.gap(after: store.replicas.address(of: element.counter, by: owner))
        guard gap.root == index else { return nil }
        if !isAfter { gap.offset -= 1 }
        return boundary(store.tree.position(of: gap), store.visibleCount(of: index), index)
    }

    private func element(at address: UInt32) -> ElementID {
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
