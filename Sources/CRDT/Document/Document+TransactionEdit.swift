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
    public mutating func insert(
        _ units: Span<UInt16>,
        at utf16Offset: Int,
        in text: TextHandle
    ) throws(EditError) {
        if units.count == 1, store.open.position == utf16Offset, store.open.root == text.root,
            !UTF16Unit.isSurrogate(units[0]), store.canType(by: Int(truncatingIfNeeded: transactionAuthor))
        {
            return store.type(units[0], by: Int(truncatingIfNeeded: transactionAuthor))
        }
        try insertElsewhere(units, at: utf16Offset, in: text)
    }

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
    public mutating func delete(_ utf16Range: Range<Int>, in text: TextHandle) throws(EditError) {
        if eraseInTransaction(utf16Range, in: text.root) { return }
        precondition(transaction != nil, "No transaction is open.")
        check(text)
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

    private mutating func insertInTransaction(
        _ units: Span<UInt16>,
        at utf16Offset: Int,
        in root: UInt32
    ) -> Bool {
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

    private mutating func deleteInTransaction(_ utf16Range: Range<Int>, in root: UInt32) -> Bool {
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
        noteDeletion(range)
        store.killAtCursor(count)
        if undoHistory.isOn { undoHistory.open.noteRemoved(range) } else { store.openForErasing() }
        return true
    }

    /// Deletes the unit on one of the sides of the place where the last edit ended.
    @inline(__always)
    private mutating func eraseInTransaction(_ utf16Range: Range<Int>, in root: UInt32) -> Bool {
        guard utf16Range.upperBound &- utf16Range.lowerBound == 1, store.open.revision == store.tree.revision,
            store.open.root == root, transaction != nil
        else { return false }
        if store.open.author != OpenPlace.noAuthor { return eraseTypedInTransaction(utf16Range) }
        if store.isLeftOfOpen(utf16Range) {
            guard noteErased(store.addressLeftOfOpen) else { return false }
            store.eraseLeft()
            return true
        }
        guard store.isRightOfOpen(utf16Range), noteErased(store.addressRightOfOpen) else { return false }
        store.eraseRight()
        return true
    }

    /// Notes that one unit is deleted; false when it is half of a pair.
    @inline(__always)
    private mutating func noteErased(_ address: UInt32) -> Bool {
        if UTF16Unit.isSurrogate(store.text[Int(address)]) { return false }
        let owner = store.blocks.owner(of: address)
        let counter = store.blocks.counter(of: address)
        if !lane.extendDeletion(owner, counter, 1) {
            noteDeletion(ElementRange(replica: UInt32(truncatingIfNeeded: owner), counter: counter, count: 1))
        }
        return true
    }

    private mutating func eraseTypedInTransaction(_ utf16Range: Range<Int>) -> Bool {
        let author = Int(truncatingIfNeeded: transactionAuthor)
        guard utf16Range.upperBound == store.open.position, store.canEraseTyped, !undoHistory.isOn,
            !UTF16Unit.isSurrogate(store.text[Int(store.replicas[author].freeAddress) &- 1])
        else { return false }
        let newest = store.replicas[author].nextCounter &- 1
        noteDeletion(ElementRange(replica: transactionAuthor, counter: newest, count: 1))
        store.eraseTyped()
        return true
    }

    @inline(never)
    private mutating func noteDeletion(_ range: ElementRange) {
        let owner = Int(range.replica)
        if lane.extendDeletion(owner, range.counter, range.count) { return }
        flushLane(by: Int(truncatingIfNeeded: transactionAuthor))
        lane.pending = .deletion
        lane.owner = owner
        lane.counter = range.counter
        lane.count = range.count
    }

    // MARK: Writing down

    /// Gives everything that the lane has to the writer of the change: before an edit that goes the general way, and at
    /// the end.
    mutating func drainLane() {
        guard transaction != nil else { return }
        flushLane(by: Int(truncatingIfNeeded: transactionAuthor))
        moveLane()
        // Nothing is pending that could go on there.
        store.closeOpenPlace()
    }

    private mutating func moveLane() {
        if lane.operationCount == 0 { return }
        writer.append(lane.operations, count: lane.operationCount)
        lane.clear()
    }

    /// Writes down the pending operation.
    @inline(never)
    private mutating func flushLane(by author: Int) {
        let pending = lane.pending
        lane.pending = .nothing
        // The first operation may give the change a shape of its own; and names of others are the writer's to number.
        let isPlain = lane.owner == author && !writer.isEmpty
        switch pending {
        case .nothing: break
        case .insertion:
            if !isPlain || !writeInsertion(by: author) { handOverInsertion(by: author) }
        case .deletion:
            let distance = store.replicas[author].nextCounter &- lane.counter
            if isPlain {
                let count = lane.count
                let short = count < 32 ? UInt64(count) &<< UInt64(Operation.deleteCountShift) : 0
                lane.operations.append(word: short | UInt64(Operation.deleteKind), byteCount: 1)
                lane.operations.appendVarint(UInt64(distance))
                if short == 0 { lane.operations.appendVarint(UInt64(count)) }
                lane.operationCount += 1
            } else {
                moveLane()
                if lane.owner == author {
                    writer.deleteOwn(distance: distance, count: lane.count)
                } else {
                    let owner = ReplicaID(store.replicas[lane.owner].id)
                    writer.delete(of: owner, counter: lane.counter, count: lane.count)
                }
            }
        }
    }

    /// Writes the pending insertion as it mostly is: ASCII, at one place of the arena; false when it is not.
    private mutating func writeInsertion(by author: Int) -> Bool {
        var counter = lane.first
        let end = store.replicas[author].nextCounter
        guard let piece = piece(from: &counter, to: end, by: author), counter == end else { return false }
        let start = lane.operations.count
        let distance = lane.first &- lane.counter
        let short = piece.count < 16 ? UInt64(piece.count) &<< UInt64(Operation.insertLengthShift) : 0
        let origin = UInt64(distance == 1 ? Operation.originNewest : Operation.originOwn)
        lane.operations.append(word: short | origin | UInt64(Operation.insertKind), byteCount: 1)
        if distance > 1 { lane.operations.appendVarint(UInt64(distance)) }
        if short == 0 { lane.operations.appendVarint(UInt64(piece.count)) }
        guard lane.operations.append(asciiOf: store.text, piece) else {
            lane.operations.truncate(to: start)
            return false
        }
        lane.operationCount += 1
        return true
    }

    private mutating func handOverInsertion(by author: Int) {
        moveLane()
        var units: [UInt16] = []
        var counter = lane.first
        let end = store.replicas[author].nextCounter
        while let piece = piece(from: &counter, to: end, by: author) { store.text.read(piece, into: &units) }
        let distance = lane.first &- lane.counter
        let origin: ChangeWriter.Origin =
            if lane.owner != author {
                .other(ReplicaID(store.replicas[lane.owner].id), counter: lane.counter)
            } else if distance == 1 {
                .newest
            } else {
                .own(distance: distance)
            }
        writer.insert(units, 0..<units.count, after: origin)
    }

    /// The addresses of the next elements of a replica that lie side by side.
    @inline(__always)
    private mutating func piece(from counter: inout UInt32, to end: UInt32, by author: Int) -> Range<Int>? {
        if counter == end { return nil }
        let count = min(Int(end &- counter), store.replicas.contiguousCount(from: counter, by: author))
        let address = Int(store.replicas.address(of: counter, by: author))
        counter &+= UInt32(truncatingIfNeeded: count)
        return address..<address + count
    }
}
