/// The move of one item of a list: the item at `from` goes to `to`, which counts in the list without it.
struct Move: Hashable, Sendable {
    /// Where the item is.
    var from: Int
    /// Where it goes, in the list without it.
    var to: Int

    /// Whether nothing happens.
    var isEmpty: Bool { from == to }

    /// The item's new place as an insertion into the list without it.
    private var arrival: Splice { Splice(offset: to, deleteCount: 0, insertCount: 1) }

    /// Where an item is that was at `index`.
    func position(of index: Int) -> Int {
        if index == from { return to }
        let without = index - (from < index ? 1 : 0)
        return without + (to <= without ? 1 : 0)
    }

    /// This move, made for a list that `other` changes at the same time, as it must be made after `other`.
    ///
    /// Nothing is left of it when `other` deleted the item.
    func moved(over other: Splice, tie: Splice.Tie) -> Move? {
        guard let from = other.position(of: from) else { return nil }
        let others = other.without(self.from)
        return Move(from: from, to: arrival.moved(over: others, tie: tie).head.offset)
    }

    /// This move, made for a list in which `other` moves an item at the same time, as it must be made after `other`.
    ///
    /// When both move one item, the one that comes second has its way: nothing is left of the first.
    func moved(over other: Move, tie: Splice.Tie) -> Move? {
        if from == other.from { return tie == .after ? Move(from: other.to, to: to) : nil }
        // Both destinations as gaps of the list without either item, where they compare.
        let otherFrom = other.from - (from < other.from ? 1 : 0)
        let ownFrom = from - (other.from < from ? 1 : 0)
        let gap = to - (otherFrom < to ? 1 : 0)
        let otherGap = other.to - (ownFrom < other.to ? 1 : 0)
        let isBehind = otherGap < gap || (otherGap == gap && tie == .after)
        return Move(from: other.position(of: from), to: gap + (isBehind ? 1 : 0))
    }

    /// A splice of the same list, as it must be applied after this move: in up to three pieces, of which only the first
    /// inserts.
    ///
    /// An item that it deletes is deleted where it is now.
    func moving(_ splice: Splice, tie: Splice.Tie) -> [Splice] {
        let without = splice.without(from)
        let moved = without.moved(over: arrival, tie: tie)
        var pieces = [moved.head]
        if let tail = moved.tail { pieces.append(tail) }
        if splice.deletes(from) {
            let place = arrival.moved(over: without, tie: tie == .after ? .before : .after).head.offset
            pieces.append(Splice(offset: place, deleteCount: 1, insertCount: 0))
        }
        return pieces
    }
}

extension Splice {
    /// Whether the unit or item at `index` is deleted.
    func deletes(_ index: Int) -> Bool { index >= offset && index < offset + deleteCount }

    /// Where an item is that was at `index`; `nil` when it was deleted.
    func position(of index: Int) -> Int? {
        if index < offset { return index }
        return deletes(index) ? nil : index - deleteCount + insertCount
    }

    /// Where an item was that is at `index`; `nil` when it was inserted.
    func formerPosition(of index: Int) -> Int? {
        if index < offset { return index }
        return index < offset + insertCount ? nil : index - insertCount + deleteCount
    }

    /// The same splice of the list without the item at `index`.
    fileprivate func without(_ index: Int) -> Splice {
        Splice(
            offset: offset - (index < offset ? 1 : 0),
            deleteCount: deleteCount - (deletes(index) ? 1 : 0),
            insertCount: insertCount
        )
    }
}
