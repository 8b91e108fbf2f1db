// Edits through a handle: one edit, one change, no allocation.
//
// A lane takes an edit only when it has seen that it is possible and simple: one insertion of a few units, or one deletion
// of elements of one run, and little to name in the change. Everything else, and everything that is to be refused, goes
// the general way, which alone knows the errors.

extension Document {
    /// Inserts UTF-16 code units at an offset, as one change, which is appended to `changes`; no units are no change.
    ///
    /// In a transaction nothing is appended before its commit.
    ///
    /// - Throws: when the edit is not possible. Nothing is edited then, and nothing appended.
    /// - Complexity: O(1) amortised where the last edit ended, else O(log n) for n runs.
    @_optimize(speed)
    public mutating func insert(
        _ units: Span<UInt16>,
        at utf16Offset: Int,
        in text: TextHandle,
        to changes: inout ChangeBuffer
    ) throws(EditError) {
        if units.count == 1, units[0] < 0x80, typeFast(units[0], at: utf16Offset, in: text.root, to: &changes) {
            return
        }
        try insertGenerally(units, at: utf16Offset, in: text, to: &changes)
    }

    @_optimize(speed)
    @inline(never)
    private mutating func insertGenerally(
        _ units: Span<UInt16>,
        at utf16Offset: Int,
        in text: TextHandle,
        to changes: inout ChangeBuffer
    ) throws(EditError) {
        check(text)
        if transaction != nil { return try insert(units, at: utf16Offset, in: text) }
        if insertFast(units, at: utf16Offset, in: text.root, to: &changes) { return }
        var copy: [UInt16] = []
        copy.reserveCapacity(units.count)
        for index in units.indices { copy.append(units[index]) }
        let edit = TextEdit(text: store.textID(ofRoot: text.root), utf16Offset: utf16Offset, insert: copy)
        try self.edit(edit, to: &changes)
    }

    /// Deletes UTF-16 code units, as one change, which is appended to `changes`; an empty range is no change.
    ///
    /// In a transaction nothing is appended before its commit.
    ///
    /// - Throws: when the edit is not possible. Nothing is edited then, and nothing appended.
    /// - Complexity: O(1) amortised where the last edit ended, else O(k log n) for k deleted of n runs.
    @_optimize(speed)
    public mutating func delete(
        _ utf16Range: Range<Int>,
        in text: TextHandle,
        to changes: inout ChangeBuffer
    ) throws(EditError) {
        if eraseFast(utf16Range, in: text.root, to: &changes) { return }
        try deleteGenerally(utf16Range, in: text, to: &changes)
    }

    @_optimize(speed)
    @inline(never)
    private mutating func deleteGenerally(
        _ utf16Range: Range<Int>,
        in text: TextHandle,
        to changes: inout ChangeBuffer
    ) throws(EditError) {
        check(text)
        if transaction != nil { return try delete(utf16Range, in: text) }
        if deleteFast(utf16Range, in: text.root, to: &changes) { return }
        let (count, overflow) = utf16Range.upperBound.subtractingReportingOverflow(utf16Range.lowerBound)
        guard !overflow else { throw .outOfBounds }
        let id = store.textID(ofRoot: text.root)
        try edit(TextEdit(text: id, utf16Offset: utf16Range.lowerBound, deleteCount: count), to: &changes)
    }

    @inline(never)
    private mutating func edit(_ edit: TextEdit, to changes: inout ChangeBuffer) throws(EditError) {
        if let change = try self.edit([edit]) { changes.append(change) }
    }

    // MARK: Insertion

    /// The most units of one insertion: see ``ShortChangeWriter/capacity``.
    private static var fastUnitCount: Int { 64 }

    @_optimize(speed)
    @inline(__always)
    private mutating func insertFast(
        _ units: Span<UInt16>,
        at utf16Offset: Int,
        in root: UInt32,
        to changes: inout ChangeBuffer
    ) -> Bool {
        store.tree.settle()
        guard units.count > 0, units.count <= Self.fastUnitCount, utf16Offset >= 0,
            utf16Offset <= store.visibleCount(of: root), news.count <= 1, store.canHold(units.count),
            let author = localIndex
        else { return false }
        var byteCount = 0
        for index in units.indices {
            let unit = units[index]
            if UTF16Unit.isSurrogate(unit) { return false }
            byteCount &+= unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3
        }
        store.moveCursor(to: utf16Offset, in: root)
        guard let origin = store.address(before: store.lastGap), !UTF16Unit.isHigh(store.text[Int(origin)])
        else { return false }
        let owner = store.blocks.owner(of: origin)
        let counter = store.blocks.counter(of: origin)
        let distance = owner == author ? store.replicas[author].nextCounter &- counter : 0
        if distance > 0, byteCount == 1, isShort(author), store.replicas[author].lamportEnd == store.clock {
            let unit = UInt64(units[0])
            if distance == 1 {
                changes.append(.typing, start: takeName(author), operand: unit, 1)
            } else {
                let (spread, count) = ShortVarint.spread(UInt64(distance))
                let tag = UInt64(Operation.originOwn | 1 << Operation.insertLengthShift)
                let operand = tag | spread &<< 8 | unit &<< (count &* 8 &+ 8)
                changes.append(.single, start: takeName(author), operand: operand, count &+ 2)
            }
        } else {
            writeInsertion(units, byteCount, owner, counter, distance, author, &changes)
        }
        store.insertFewAtCursor(units, by: author, lamport: store.clock)
        store.openForTyping(by: author)
        return true
    }

    @inline(never)
    private mutating func writeInsertion(
        _ units: Span<UInt16>,
        _ byteCount: Int,
        _ owner: Int,
        _ counter: UInt32,
        _ distance: UInt32,
        _ author: Int,
        _ changes: inout ChangeBuffer
    ) {
        var writer = ShortChangeWriter(&changes)
        let isTyping = distance == 1 && byteCount == 1
        writeHeader(isTyping ? .typing : .single, isInsertion: true, author, &writer, &changes)
        if !isTyping { writeOrigin(owner, counter, distance, byteCount, &writer, &changes) }
        for index in units.indices { writer.put(utf8: units[index], &changes) }
        writer.finish(&changes)
        forgetNews()
    }

    private mutating func writeOrigin(
        _ owner: Int,
        _ counter: UInt32,
        _ distance: UInt32,
        _ byteCount: Int,
        _ writer: inout ShortChangeWriter,
        _ changes: inout ChangeBuffer
    ) {
        let length = byteCount < 16 ? UInt8(truncatingIfNeeded: byteCount) &<< Operation.insertLengthShift : 0
        if distance == 1 {
            writer.put(UInt64(length | Operation.originNewest), 1, &changes)
        } else if distance > 1 {
            writer.put(UInt64(length | Operation.originOwn), 1, &changes)
            writer.put(varint: UInt64(distance), &changes)
        } else {
            writer.put(UInt64(length | Operation.originOther), 1, &changes)
            writeName(owner, counter, &writer, &changes)
        }
        if length == 0 { writer.put(varint: UInt64(byteCount), &changes) }
    }

    // MARK: Deletion

    @_optimize(speed)
    @inline(__always)
    private mutating func deleteFast(
        _ utf16Range: Range<Int>,
        in root: UInt32,
        to changes: inout ChangeBuffer
    ) -> Bool {
        store.tree.settle()
        let count = utf16Range.upperBound &- utf16Range.lowerBound
        guard count > 0, utf16Range.lowerBound >= 0, utf16Range.upperBound <= store.visibleCount(of: root),
            news.count <= 1, store.counts.isEmpty, let author = localIndex
        else { return false }
        store.moveCursor(to: utf16Range.lowerBound, in: root)
        guard let first = store.moveCursorToLiving(count) else { return false }
        let owner = store.blocks.owner(of: first)
        let counter = store.blocks.counter(of: first)
        if count == 1, owner == author, isShort(author) {
            let distance = UInt64(store.replicas[author].nextCounter &- counter)
            let (operand, operandCount) = ShortVarint.spread(distance)
            changes.append(.erasing, start: takeName(author), operand: operand, operandCount)
        } else {
            writeDeletion(count, owner, counter, author, &changes)
        }
        store.killAtCursor(count)
        if undoHistory.isOn {
            undoHistory.open.noteRemoved(
                ElementRange(replica: UInt32(owner), counter: counter, count: UInt32(truncatingIfNeeded: count))
            )
        } else {
            store.openForErasing()
        }
        return true
    }

    @inline(never)
    private mutating func writeDeletion(
        _ count: Int,
        _ owner: Int,
        _ counter: UInt32,
        _ author: Int,
        _ changes: inout ChangeBuffer
    ) {
        var writer = ShortChangeWriter(&changes)
        let isOwn = owner == author
        let shape: ChangeShape = isOwn && count == 1 ? .erasing : .single
        writeHeader(shape, isInsertion: false, author, &writer, &changes)
        let short = count < 32 ? UInt8(truncatingIfNeeded: count) &<< Operation.deleteCountShift : 0
        if isOwn {
            if shape == .single { writer.put(UInt64(short | Operation.deleteKind), 1, &changes) }
            writer.put(varint: UInt64(store.replicas[author].nextCounter &- counter), &changes)
        } else {
            writer.put(UInt64(short | Operation.deleteKind | Operation.deleteOther), 1, &changes)
            writeName(owner, counter, &writer, &changes)
        }
        if short == 0 { writer.put(varint: UInt64(count), &changes) }
        writer.finish(&changes)
        forgetNews()
    }

    // MARK: Typing and erasing on

    /// Types a character of ASCII where the local replica is typing.
    @_optimize(speed)
    @_transparent
    private mutating func typeFast(
        _ unit: UInt16,
        at utf16Offset: Int,
        in root: UInt32,
        to changes: inout ChangeBuffer
    ) -> Bool {
        guard store.open.position == utf16Offset, store.open.root == root, news.count == 0 else { return false }
        let author = Int(truncatingIfNeeded: shortAuthor)
        if store.canType(by: author) {
            changes.append(.typing, start: takeName(author), operand: UInt64(unit), 1)
            store.type(unit, by: author)
            return true
        }
        return typeOnFast(unit, author, to: &changes)
    }

    /// Types a character of ASCII as the first one of a block, or behind the tombstone where the local replica erased.
    @_optimize(speed)
    @inline(never)
    private mutating func typeOnFast(_ unit: UInt16, _ author: Int, to changes: inout ChangeBuffer) -> Bool {
        guard author == localIndex, isShort(author) else { return false }
        if store.openNextBlock(by: author) {
            changes.append(.typing, start: takeName(author), operand: UInt64(unit), 1)
            store.type(unit, by: author)
            return true
        }
        guard store.canTypeAgain(by: author) else { return false }
        changes.append(.typing, start: takeName(author), operand: UInt64(unit), 1)
        store.typeAgain(unit, by: author)
        return true
    }

    /// Deletes the unit on one of the sides of the tombstone where the last deletion was.
    @_optimize(speed)
    @_transparent
    private mutating func eraseFast(
        _ utf16Range: Range<Int>,
        in root: UInt32,
        to changes: inout ChangeBuffer
    ) -> Bool {
        guard utf16Range.upperBound &- utf16Range.lowerBound == 1, store.open.revision == store.tree.revision,
            store.open.root == root, !undoHistory.isOn, shortAuthor != Self.nobody,
            isShort(Int(truncatingIfNeeded: shortAuthor))
        else { return false }
        let author = Int(truncatingIfNeeded: shortAuthor)
        if store.open.author == UInt32(truncatingIfNeeded: author) {
            return eraseTyped(utf16Range, author, to: &changes)
        }
        let isLeft = store.isLeftOfOpen(utf16Range)
        guard isLeft || store.isRightOfOpen(utf16Range) else { return false }
        let address = isLeft ? store.addressLeftOfOpen : store.addressRightOfOpen
        let distance = store.replicas[author].nextCounter &- store.blocks.counter(of: address)
        guard store.blocks.owner(of: address) == author, !UTF16Unit.isSurrogate(store.text[Int(address)])
        else { return false }
        let (operand, count) = ShortVarint.spread(UInt64(distance))
        changes.append(.erasing, start: takeName(author), operand: operand, count)
        if isLeft { store.eraseLeft() } else { store.eraseRight() }
        return true
    }

    /// Deletes the character that the local replica typed last.
    @_optimize(speed)
    @inline(__always)
    private mutating func eraseTyped(
        _ utf16Range: Range<Int>,
        _ author: Int,
        to changes: inout ChangeBuffer
    ) -> Bool {
        guard utf16Range.upperBound == store.open.position, store.canEraseTyped,
            !UTF16Unit.isSurrogate(store.text[Int(store.replicas[author].freeAddress) &- 1])
        else { return false }
        changes.append(.erasing, start: takeName(author), operand: 1, 1)
        store.eraseTyped()
        return true
    }

    // MARK: The common parts

    /// Whether the next change needs no dependencies and has a short name.
    @_optimize(speed)
    @_transparent
    private func isShort(_ author: Int) -> Bool {
        news.count == 0 && replica.rawValue < Change.replicaFollows
            && store.replicas[author].nextSequence < ChangeBuffer.maximumShortSequence
    }

    /// The start of the next change, which counts as made from here on.
    @_optimize(speed)
    @_transparent
    private mutating func takeName(_ author: Int) -> NextName {
        let sequence = store.replicas[author].nextSequence
        if ownName.sequence != sequence { ownName.follow(author, sequence &<< 3 | replica.rawValue) }
        let start = ownName
        ownName.advance()
        store.replicas[author].nextSequence = sequence &+ 1
        return start
    }

    /// Everything before the operations; the change counts as made from here on.
    @inline(__always)
    private mutating func writeHeader(
        _ shape: ChangeShape,
        isInsertion: Bool,
        _ author: Int,
        _ writer: inout ShortChangeWriter,
        _ changes: inout ChangeBuffer
    ) {
        let sequence = store.replicas[author].nextSequence
        store.replicas[author].nextSequence = sequence &+ 1
        let advance = isInsertion ? store.clock &- store.replicas[author].lamportEnd : 0
        let flags = (news.count == 0 ? 0 : Change.dependenciesFlag) | (advance == 0 ? 0 : Change.lamportFlag)
        writer.put(UInt64(Change.magic | Change.version | flags | shape.rawValue), 1, &changes)
        let small = min(replica.rawValue, Change.replicaFollows)
        writer.put(varint: sequence &<< 3 | small, &changes)
        if small == Change.replicaFollows { writer.put(varint: replica.rawValue, &changes) }
        if news.count > 0 {
            let dependency = Int(news[0])
            writer.put(1, 1, &changes)
            writer.put(varint: store.replicas[dependency].id, &changes)
            writer.put(varint: store.replicas[dependency].nextSequence, &changes)
        }
        if advance != 0 { writer.put(varint: advance, &changes) }
    }

    @inline(__always)
    private mutating func forgetNews() {
        if news.count > 0 {
            store.replicas[Int(news[0])].isNews = false
            news.removeAll()
        }
    }

    /// Names an element of another replica, which is the first number when the change depends on it.
    @inline(__always)
    private mutating func writeName(
        _ owner: Int,
        _ counter: UInt32,
        _ writer: inout ShortChangeWriter,
        _ changes: inout ChangeBuffer
    ) {
        if news.count > 0, Int(news[0]) == owner {
            writer.put(1, 1, &changes)
        } else {
            writer.put(0, 1, &changes)
            writer.put(varint: store.replicas[owner].id, &changes)
        }
        writer.put(varint: UInt64(counter), &changes)
    }
}
