// Edits through a handle in a transaction: what is typed or erased in one go becomes one operation.
//
// As outside of transactions, a lane takes an edit only when it has seen that it is possible and simple. Everything else,
// and everything that is to be refused, goes the general way, after what the lane has pending.

extension Document {
    /// Inserts UTF-16 code units at an offset, in the open transaction; no units are no edit.
    ///
    /// - Precondition: a transaction is open.
    /// - Throws: when the edit is not possible. Nothing is edited then, and the transaction stays as it is.
    /// - Complexity: O(1) amortised where the last edit ended, else O(log n) for n runs.
    @_optimize(speed)
    public mutating func insert(
        _ units: Span<UInt16>,
        at utf16Offset: Int,
        in text: TextHandle
    ) throws(EditError) {
        if units.count == 1, store.open.position == utf16Offset, store.open.root == text.root,
            units[0] < UTF16Unit.firstSurrogate, store.canType(by: Int(truncatingIfNeeded: transactionAuthor))
        {
            return store.type(units[0], by: Int(truncatingIfNeeded: transactionAuthor))
        }
        try insertElsewhere(units, at: utf16Offset, in: text)
    }

    @_optimize(speed)
    @inline(never)
    private mutating func insertElsewhere(
        _ units: Span<UInt16>,
        at utf16Offset: Int,
        in text: TextHandle
    ) throws(EditError) {
        if store.open.position == utf16Offset, store.open.root == text.root, typeOn(units) { return }
        precondition(transaction != nil, "No transaction is open.")
        check(text)
        if insertInTransaction(units, at: utf16Offset, in: text.root) { return }
        var copy: [UInt16] = []
        copy.reserveCapacity(units.count)
        for index in units.indices { copy.append(units[index]) }
        let id = store.textID(ofRoot: text.root)
        _ = try edit([TextEdit(text: id, utf16Offset: utf16Offset, insert: copy)])
    }

    /// Deletes UTF-16 code units, in the open transaction; an empty range is no edit.
    ///
    /// - Precondition: a transaction is open.
    /// - Throws: when the edit is not possible. Nothing is edited then, and the transaction stays as it is.
    /// - Complexity: O(1) amortised where the last edit ended, else O(k log n) for k deleted of n runs.
    @_optimize(speed)
    public mutating func delete(_ utf16Range: Range<Int>, in text: TextHandle) throws(EditError) {
        if utf16Range.upperBound &- utf16Range.lowerBound == 1, store.open.revision == store.tree.revision,
            store.open.root == text.root, eraseOn(utf16Range)
        {
            return
        }
        try deleteElsewhere(utf16Range, in: text)
    }

    @_optimize(speed)
    @inline(never)
    private mutating func deleteElsewhere(_ utf16Range: Range<Int>, in text: TextHandle) throws(EditError) {
        precondition(transaction != nil, "No transaction is open.")
        check(text)
        if eraseInTransaction(utf16Range, in: text.root) { return }
        if deleteInTransaction(utf16Range, in: text.root) { return }
        let (count, overflow) = utf16Range.upperBound.subtractingReportingOverflow(utf16Range.lowerBound)
        guard !overflow else { throw .outOfBounds }
        let id = store.textID(ofRoot: text.root)
        _ = try edit([TextEdit(text: id, utf16Offset: utf16Range.lowerBound, deleteCount: count)])
    }

    // MARK: Insertion

    private static var laneUnitCount: Int { 64 }

    /// Types where the author is typing, when it is several units or the first one of a block.
    private mutating func typeOn(_ units: Span<UInt16>) -> Bool {
        let author = Int(truncatingIfNeeded: transactionAuthor)
        guard units.count > 0, store.canType(by: author) || store.openNextBlock(by: author),
            store.open.room >= units.count
        else { return false }
        for index in units.indices where UTF16Unit.isSurrogate(units[index]) { return false }
        for index in units.indices { store.type(units[index], by: author) }
        return true
    }

    @_optimize(speed)
    private mutating func insertInTransaction(
        _ units: Span<UInt16>,
        at utf16Offset: Int,
        in root: UInt32
    ) -> Bool {
        store.tree.settle()
        guard units.count > 0, units.count <= Self.laneUnitCount, utf16Offset >= 0,
            utf16Offset <= store.visibleCount(of: root), store.canHold(units.count)
        else { return false }
        for index in units.indices where UTF16Unit.isSurrogate(units[index]) { return false }
        let author = Int(truncatingIfNeeded: transactionAuthor)
        if units.count == 1, store.open.position == utf16Offset, store.open.root == root,
            store.canTypeAgain(by: author)
        {
            beginInsertion(after: author, store.replicas[author].nextCounter &- 1, by: author)
            store.typeAgain(units[0], by: author)
            return true
        }
        store.moveCursor(to: utf16Offset, in: root)
        guard let origin = store.address(before: store.lastGap), !UTF16Unit.isHigh(store.text[Int(origin)])
        else { return false }
        let owner = store.blocks.owner(of: origin)
        let counter = store.blocks.counter(of: origin)
        let isNewest = owner == author && counter &+ 1 == store.replicas[author].nextCounter
        if !isNewest || lane.pending != .insertion { beginInsertion(after: owner, counter, by: author) }
        store.insertFewAtCursor(units, by: author, lamport: store.clock)
        store.openForTyping(by: author)
        return true
    }

    private mutating func beginInsertion(after owner: Int, _ counter: UInt32, by author: Int) {
        flushLane(by: author)
        lane.pending = .insertion
        lane.owner = owner
        lane.counter = counter
        lane.first = store.replicas[author].nextCounter
    }

    // MARK: Deletion

    @_optimize(speed)
    private mutating func deleteInTransaction(_ utf16Range: Range<Int>, in root: UInt32) -> Bool {
        store.tree.settle()
        let count = utf16Range.upperBound &- utf16Range.lowerBound
        guard count > 0, utf16Range.lowerBound >= 0, utf16Range.upperBound <= store.visibleCount(of: root),
            store.counts.isEmpty
        else { return false }
        store.moveCursor(to: utf16Range.lowerBound, in: root)
        guard let first = store.moveCursorToLiving(count) else { return false }
        let range = ElementRange(
            replica: UInt32(truncatingIfNeeded: store.blocks.owner(of: first)),
            counter: store.blocks.counter(of: first),
            count: UInt32(truncatingIfNeeded: count)
        )
        noteDeletion(range, at: first)
        store.killAtCursor(count)
        if undoHistory.isOn { undoHistory.open.noteRemoved(range) } else { store.openForErasing() }
        return true
    }

    /// Deletes the unit on one of the sides of the open tombstone, when that continues the pending deletion.
    @_optimize(speed)
    @_transparent
    private mutating func eraseOn(_ unit: Range<Int>) -> Bool {
        if store.isLeftOfOpen(unit) {
            let address = store.addressLeftOfOpen
            guard store.text[Int(address)] < UTF16Unit.firstSurrogate, lane.extendDeletionLeft(from: address &+ 1)
            else { return false }
            store.eraseLeft()
            return true
        }
        guard store.isRightOfOpen(unit) else { return false }
        let address = store.addressRightOfOpen
        guard store.text[Int(address)] < UTF16Unit.firstSurrogate, lane.extendDeletionRight(at: address)
        else { return false }
        store.eraseRight()
        return true
    }

    /// Deletes the unit on one of the sides of the place where the last edit ended, with a deletion that is noted.
    private mutating func eraseInTransaction(_ utf16Range: Range<Int>, in root: UInt32) -> Bool {
        guard utf16Range.upperBound &- utf16Range.lowerBound == 1, store.open.revision == store.tree.revision,
            store.open.root == root
        else { return false }
        if store.isLeftOfOpen(utf16Range) {
            let address = store.addressLeftOfOpen
            if UTF16Unit.isSurrogate(store.text[Int(address)]) { return false }
            noteDeletion(at: address)
            store.eraseLeft()
            return true
        }
        if store.isRightOfOpen(utf16Range) {
            let address = store.addressRightOfOpen
            if UTF16Unit.isSurrogate(store.text[Int(address)]) { return false }
            noteDeletion(at: address)
            store.eraseRight()
            return true
        }
        return store.open.author != OpenPlace.noAuthor && eraseTypedInTransaction(utf16Range)
    }

    private mutating func eraseTypedInTransaction(_ utf16Range: Range<Int>) -> Bool {
        let author = Int(truncatingIfNeeded: transactionAuthor)
        guard utf16Range.upperBound == store.open.position, store.canEraseTyped, !undoHistory.isOn,
            !UTF16Unit.isSurrogate(store.text[Int(store.replicas[author].freeAddress) &- 1])
        else { return false }
        let newest = store.replicas[author].nextCounter &- 1
        noteDeletion(
            ElementRange(replica: transactionAuthor, counter: newest, count: 1),
            at: store.replicas[author].freeAddress &- 1
        )
        store.eraseTyped()
        return true
    }

    /// Notes that elements with addresses in a row are deleted.
    @inline(never)
    private mutating func noteDeletion(_ range: ElementRange, at address: UInt32) {
        if lane.extendDeletion(range, at: address) { return }
        flushLane(by: Int(truncatingIfNeeded: transactionAuthor))
        lane.beginDeletion(range, at: address)
    }

    @inline(never)
    private mutating func noteDeletion(at address: UInt32) {
        let owner = UInt32(truncatingIfNeeded: store.blocks.owner(of: address))
        noteDeletion(
            ElementRange(replica: owner, counter: store.blocks.counter(of: address), count: 1),
            at: address
        )
    }
}
