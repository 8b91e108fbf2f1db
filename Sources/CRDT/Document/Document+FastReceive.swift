// Changes from bytes, without an allocation each.
//
// A lane takes a change only when it has seen that the bytes are whole, that the change is the next one of its author, and
// that its one operation is simple and valid. Everything else, and everything that is to be refused, goes the general way.

/// How many received changes were applied, known already, or wait.
public struct Reception: Hashable, Sendable {
    /// How many were applied, of the bytes and of the backlog.
    public var applied: Int
    /// How many were known already.
    public var duplicates: Int
    /// How many wait in the backlog now, from these bytes and earlier ones.
    public var waiting: Int

    /// Counts of one reception.
    public init(applied: Int = 0, duplicates: Int = 0, waiting: Int = 0) {
        self.applied = applied
        self.duplicates = duplicates
        self.waiting = waiting
    }
}

extension Document {
    /// Applies a change or a change set from bytes that came from outside; what comes too early waits in the backlog.
    ///
    /// - Parameters:
    ///   - bytes: a change, or a set of them.
    ///   - patches: what was done to the texts is appended here.
    /// - Returns: what became of them.
    /// - Throws: when the bytes are no change or no set, and nothing has changed then; or when a change is refused or the
    ///   backlog is full: the first such error, once everything else was done as if that change had not come.
    /// - Complexity: O(1) amortised for typing that continues where the last change ended, else O(log n) an operation for
    ///   n runs.
    public mutating func receive(
        _ bytes: Span<UInt8>,
        patches: inout PatchBuffer
    ) throws(ChangeError) -> Reception {
        try receive(bytes, nil, &patches)
    }

    /// The same, with the change at hand where it was decoded already.
    @inline(__always)
    mutating func receive(
        _ bytes: Span<UInt8>,
        _ decoded: Change?,
        _ patches: inout PatchBuffer
    ) throws(ChangeError) -> Reception {
        if backlog.count == 0, transaction == nil, receiveShort(bytes, &patches) || receiveSingle(bytes, &patches) {
            return Reception(applied: 1)
        }
        if let decoded { return try receive([decoded], &patches) }
        return try receiveGenerally(bytes, &patches)
    }

    /// Applies the changes of a buffer from a place on, up to another or to the end; places are what its
    /// ``ChangeBuffer/byteCount`` was at some time.
    ///
    /// - Returns: what became of them, together.
    /// - Throws: as for bytes.
    public mutating func receive(
        _ changes: borrowing ChangeBuffer,
        from start: Int = 0,
        to end: Int = .max,
        patches: inout PatchBuffer
    ) throws(ChangeError) -> Reception {
        var total = Reception()
        var position = start
        while position < end, let range = changes.nextRow(after: position) {
            position = range.upperBound
            let result = try changes.rows.withSpan(range) { (bytes) throws(ChangeError) -> Reception in
                try receive(bytes, patches: &patches)
            }
            total.applied &+= result.applied
            total.duplicates &+= result.duplicates
        }
        total.waiting = backlog.count
        return total
    }

    @inline(never)
    private mutating func receiveGenerally(
        _ bytes: Span<UInt8>,
        _ patches: inout PatchBuffer
    ) throws(ChangeError) -> Reception {
        if bytes.count > 0, bytes[0] == ChangeSet.magic, let reception = try receiveSet(bytes, &patches) {
            return reception
        }
        let changes: [Change]
        do throws(FormatError) {
            changes = try ChangeSet.decode(ChangeSet.copy(bytes))
        } catch {
            throw .format(error)
        }
        return try receive(changes, &patches)
    }

    /// Applies changes in the general way.
    mutating func receive(_ changes: [Change], _ patches: inout PatchBuffer) throws(ChangeError) -> Reception {
        var list: [Patch] = []
        let result: Result<Receipt, ChangeError>
        do throws(ChangeError) {
            result = .success(try receive(changes, patches: &list))
        } catch {
            result = .failure(error)
        }
        introduce(&patches)
        for patch in list { patches.append(patch) }
        let receipt = try result.get()
        return Reception(applied: receipt.applied.count, duplicates: receipt.duplicates, waiting: receipt.waiting)
    }

    /// Tells a buffer the names of the sequences, if it does not know them.
    ///
    /// Mutating, though it changes nothing of the document: to lend it to a call that only reads, the compiler copies all of
    /// its 1,300 bytes.
    @inline(__always)
    mutating func introduce(_ patches: inout PatchBuffer) {
        if patches.isStrange(to: store.identity, store.tree.links.rootCount) { teach(&patches) }
    }

    @inline(never)
    private mutating func teach(_ patches: inout PatchBuffer) { patches.learn(store) }

    /// Notes that the next change of `author` is applied.
    @inline(__always)
    private mutating func noteReceived(_ author: Int) {
        store.replicas[author].nextSequence &+= 1
        if !store.replicas[author].isNews { noteNews(author) }
    }

    // MARK: Changes of one word

    /// Applies a keystroke, typed or erased, whose bytes fit a word, where its author's last one was.
    @inline(__always)
    private mutating func receiveShort(_ bytes: Span<UInt8>, _ patches: inout PatchBuffer) -> Bool {
        let count = bytes.count
        guard count >= 4, count <= 8 else { return false }
        let whole = bytes.word(at: 0)
        let body = UInt64(truncatingIfNeeded: count &- 1) &* 8
        let word = whole & (1 &<< body &- 1)
        guard Checksum.finish(Checksum.fold(0, word), count: count &- 1) == UInt8(truncatingIfNeeded: whole &>> body)
        else { return false }
        if !othersName.starts(word) || othersName.sequence != store.replicas[othersName.author].nextSequence {
            guard findName(word, body) else { return false }
        }
        let author = othersName.author
        let used = othersName.bitCount
        guard used < body else { return false }
        let operand = word &>> used
        if word & 2 == 0 {
            guard used &+ 8 == body, operand < 0x80, typeShort(UInt16(truncatingIfNeeded: operand), author, &patches)
            else { return false }
        } else {
            guard eraseShort(operand, byteCount: (body &- used) &>> 3, author, &patches) else { return false }
        }
        noteReceived(author)
        othersName.advance()
        return true
    }

    /// Reads the name of a keystroke without dependencies and Lamport advance; false when it is not its author's next one.
    @inline(never)
    private mutating func findName(_ word: UInt64, _ body: UInt64) -> Bool {
        guard word & 0xFD == UInt64(Change.magic | Change.version | ChangeShape.typing.rawValue) else { return false }
        var name = word &>> 8 & 0x7F
        var used: UInt64 = 16
        if word & 0x8000 != 0 {
            name |= word &>> 9 & 0x3F80
            used = 24
            if word & 0x80_0000 != 0 {
                name |= word &>> 10 & 0x1F_C000
                used = 32
                if word & 0x8000_0000 != 0 { return false }
            }
            // The shortest form has no zero at its end.
            guard name >= (used == 24 ? 0x80 : 0x4000) else { return false }
        }
        let small = name & Change.replicaFollows
        guard used < body, small != Change.replicaFollows, let author = store.replicas.index(of: ReplicaID(small)),
            store.replicas[author].nextSequence == name &>> 3
        else { return false }
        othersName.follow(author, name)
        return true
    }

    @inline(__always)
    private mutating func typeShort(_ unit: UInt16, _ author: Int, _ patches: inout PatchBuffer) -> Bool {
        if store.canType(by: author) {
            introduce(&patches)
            patches.insert(unit, at: store.open.position, in: store.open.root)
            store.type(unit, by: author)
            return true
        }
        return typeElsewhere(unit, author, &patches)
    }

    @inline(never)
    private mutating func typeElsewhere(_ unit: UInt16, _ author: Int, _ patches: inout PatchBuffer) -> Bool {
        if store.isTyping(author) {
            if store.canType(by: author) || store.openNextBlock(by: author) { return typeShort(unit, author, &patches) }
            if store.open.lateRoom > 0 {
                introduce(&patches)
                patches.insert(unit, at: store.open.position, in: store.open.root)
                return store.typeLate(unit, by: author)
            }
        }
        if store.canTypeAgain(by: author) {
            introduce(&patches)
            patches.insert(unit, at: store.open.position, in: store.open.root)
            store.typeAgain(unit, by: author)
            return true
        }
        let next = store.replicas[author].nextCounter
        guard next > 0 else { return false }
        return insertSingle(
            InlineArray<1, UInt8>(repeating: UInt8(truncatingIfNeeded: unit)).span,
            SpanCursor(from: 0, to: 1),
            1,
            author,
            next &- 1,
            author,
            store.replicas[author].lamportEnd,
            &patches
        )
    }

    @inline(never)
    private mutating func eraseShort(
        _ operand: UInt64,
        byteCount: UInt64,
        _ author: Int,
        _ patches: inout PatchBuffer
    ) -> Bool {
        var distance = operand & 0x7F
        switch byteCount {
        case 1: guard operand < 0x80, distance > 0 else { return false }
        case 2:
            guard operand & 0x80 != 0, operand >= 0x100, operand < 0x8000 else { return false }
            distance |= operand &>> 1 & 0x3F80
        case 3:
            guard operand & 0x8080 == 0x8080, operand >= 0x1_0000, operand < 0x80_0000 else { return false }
            distance |= operand &>> 1 & 0x3F80 | operand &>> 2 & 0x1F_C000
        default: return false
        }
        guard distance <= UInt64(store.replicas[author].nextCounter) else { return false }
        if store.open.revision == store.tree.revision, eraseOpen(distance, author, &patches) { return true }
        return deleteSingle(author, distance: UInt32(truncatingIfNeeded: distance), 1, &patches)
    }

    @inline(__always)
    private mutating func eraseOpen(_ distance: UInt64, _ author: Int, _ patches: inout PatchBuffer) -> Bool {
        let counter = store.replicas[author].nextCounter &- UInt32(truncatingIfNeeded: distance)
        let address = store.replicas.address(of: counter, by: author)
        guard store.kind(at: address) == .text, !UTF16Unit.isSurrogate(store.text[Int(address)]) else { return false }
        if store.open.author == UInt32(truncatingIfNeeded: author) {
            guard distance == 1, store.canEraseTyped else { return false }
            introduce(&patches)
            store.eraseTyped()
            patches.delete(1, at: store.open.position, in: store.open.root)
            return true
        }
        if store.open.leftRoom > 0, address == store.addressLeftOfOpen {
            introduce(&patches)
            store.eraseLeft()
            patches.delete(1, at: store.open.position, in: store.open.root)
            return true
        }
        guard store.open.rightRoom > 0, address == store.addressRightOfOpen else { return false }
        introduce(&patches)
        patches.delete(1, at: store.open.position, in: store.open.root)
        store.eraseRight()
        return true
    }

    // MARK: Changes of one operation

    /// Applies a change of one insertion of ASCII or one deletion in one run, that depends on one change at most.
    @inline(never)
    private mutating func receiveSingle(_ bytes: Span<UInt8>, _ patches: inout PatchBuffer) -> Bool {
        let end = bytes.count &- 1
        guard end >= 3, end < Change.longChecksumCount, bytes[0] & 0xF0 == Change.magic | Change.version,
            bytes[0] & Change.shapeMask != ChangeShape.several.rawValue,
            Checksum.short(bytes.extracting(0..<end)) == bytes[end]
        else { return false }
        let first = bytes[0]
        var cursor = SpanCursor(from: 1, to: end)
        let name = cursor.varint(bytes)
        var id = name & Change.replicaFollows
        if id == Change.replicaFollows {
            id = cursor.varint(bytes)
            guard id >= Change.replicaFollows else { return false }
        }
        guard !cursor.failed, let author = store.replicas.index(of: ReplicaID(id)),
            store.replicas[author].nextSequence == name &>> 3, store.replicas[author].nextCounter > 0
        else { return false }
        var dependency: Int?
        if first & Change.dependenciesFlag != 0 {
            guard cursor.varint(bytes) == 1 else { return false }
            let other = cursor.varint(bytes)
            let known = cursor.varint(bytes)
            guard !cursor.failed, known > 0, other != id, let index = store.replicas.index(of: ReplicaID(other)),
                store.replicas[index].nextSequence >= known
            else { return false }
            dependency = index
        }
        var lamport = store.replicas[author].lamportEnd
        if first & Change.lamportFlag != 0 {
            let advance = cursor.varint(bytes)
            guard !cursor.failed, advance > 0, advance < Change.maximumSequence else { return false }
            lamport &+= advance
        }
        guard lamport <= store.clock else { return false }
        let isDone: Bool
        switch ChangeShape(rawValue: first & Change.shapeMask) {
        case .typing:
            isDone = insertSingle(
                bytes,
                cursor,
                1,
                author,
                store.replicas[author].nextCounter &- 1,
                author,
                lamport,
                &patches
            )
        case .erasing:
            let distance = cursor.varint32(bytes)
            guard !cursor.failed, cursor.position == end else { return false }
            isDone = deleteSingle(author, distance: distance, 1, &patches)
        default:
            isDone = performSingle(bytes, cursor, author, id, dependency, lamport, &patches)
        }
        if isDone { noteReceived(author) }
        return isDone
    }

    private mutating func performSingle(
        _ bytes: Span<UInt8>,
        _ start: SpanCursor,
        _ author: Int,
        _ id: UInt64,
        _ dependency: Int?,
        _ lamport: UInt64,
        _ patches: inout PatchBuffer
    ) -> Bool {
        var cursor = start
        let tag = cursor.byte(bytes)
        let next = store.replicas[author].nextCounter
        let isInsertion = tag & 3 == Operation.insertKind
        guard isInsertion || tag & 3 == Operation.deleteKind else { return false }
        let from = tag & 0b1100
        guard !isInsertion || from != Operation.originStart else { return false }
        var owner = author
        var counter: UInt32
        if isInsertion ? from == Operation.originOther : tag & Operation.deleteOther != 0 {
            guard let other = replica(bytes, &cursor, id, dependency) else { return false }
            owner = other
            counter = cursor.varint32(bytes)
        } else {
            let distance = isInsertion && from == Operation.originNewest ? 1 : cursor.varint32(bytes)
            guard distance > 0, distance <= next else { return false }
            counter = next &- distance
        }
        guard counter < store.replicas[owner].nextCounter else { return false }
        if isInsertion {
            var length = Int(tag >> Operation.insertLengthShift)
            if length == 0 { length = Int(truncatingIfNeeded: cursor.varint32(bytes)) }
            guard !cursor.failed, length > 0 else { return false }
            if owner != author {
                guard store.replicas.lamport(of: counter, by: owner) < lamport else { return false }
            }
            return insertSingle(bytes, cursor, length, owner, counter, author, lamport, &patches)
        }
        var count = UInt32(tag >> Operation.deleteCountShift)
        if count == 0 { count = cursor.varint32(bytes) }
        guard !cursor.failed, count > 0, cursor.position == cursor.end,
            count <= store.replicas[owner].nextCounter &- counter
        else { return false }
        counter = store.replicas[owner].nextCounter &- counter
        return deleteSingle(owner, distance: counter, Int(count), &patches)
    }

    /// A replica that an operation names: the one dependency by its number, or any that is known.
    @inline(__always)
    private func replica(
        _ bytes: Span<UInt8>,
        _ cursor: inout SpanCursor,
        _ author: UInt64,
        _ dependency: Int?
    ) -> Int? {
        let number = cursor.varint(bytes)
        if number == 1 { return dependency }
        guard number == 0 else { return nil }
        let other = cursor.varint(bytes)
        guard !cursor.failed, other != author else { return nil }
        return store.replicas.index(of: ReplicaID(other))
    }

    /// Inserts the bytes that are left, all ASCII, after an element that exists.
    @inline(__always)
    private mutating func insertSingle(
        _ bytes: Span<UInt8>,
        _ cursor: SpanCursor,
        _ count: Int,
        _ owner: Int,
        _ counter: UInt32,
        _ author: Int,
        _ lamport: UInt64,
        _ patches: inout PatchBuffer
    ) -> Bool {
        guard count == cursor.end &- cursor.position, store.canHold(count),
            Int(store.replicas[author].freeEnd &- store.replicas[author].freeAddress) >= count
        else { return false }
        for index in cursor.position..<cursor.end where bytes[index] >= 0x80 { return false }
        if counter &+ 1 == store.replicas[author].nextCounter, owner == author, store.isTyping(author),
            count <= max(store.open.room, store.open.lateRoom)
        {
            let position = store.open.position
            let address = Int(store.typeMany(count, by: author, lamport: lamport))
            for index in 0..<count { store.text[address &+ index] = UInt16(bytes[cursor.position &+ index]) }
            showInsertion(count, address, at: position, in: store.open.root, &patches)
            return true
        }
        let origin = store.replicas.address(of: counter, by: owner)
        guard store.kind(at: origin) == .text, !UTF16Unit.isHigh(store.text[Int(origin)]) else { return false }
        var gap = store.gap(after: origin)
        store.setAside()
        store.settle(&gap, Rank(lamport: lamport, replica: store.replicas[author].id))
        let position = store.tree.position(of: gap)
        let address = Int(store.place(count, at: &gap, by: author, lamport: lamport))
        for index in 0..<count { store.text[address &+ index] = UInt16(bytes[cursor.position &+ index]) }
        showInsertion(count, address, at: position, in: gap.root, &patches)
        store.cursor = gap
        store.openForTyping(by: author)
        return true
    }

    @inline(__always)
    private mutating func showInsertion(
        _ count: Int,
        _ address: Int,
        at position: Int,
        in root: UInt32,
        _ patches: inout PatchBuffer
    ) {
        introduce(&patches)
        if count == 1 {
            patches.insert(store.text[address], at: position, in: root)
        } else {
            patches.insert(count, from: address, of: store.text, at: position, in: root)
        }
    }

    /// Deletes elements that are all alive and in one run.
    @inline(never)
    private mutating func deleteSingle(
        _ owner: Int,
        distance: UInt32,
        _ count: Int,
        _ patches: inout PatchBuffer
    ) -> Bool {
        guard distance > 0, distance <= store.replicas[owner].nextCounter else { return false }
        let address = store.replicas.address(of: store.replicas[owner].nextCounter &- distance, by: owner)
        guard store.kind(at: address) == .text, store.counts.isEmpty else { return false }
        var gap = store.gap(after: address)
        gap.offset &-= 1
        let run = store.tree.run(at: gap)
        guard !run.isDead, count <= run.length &- gap.offset else { return false }
        let last = address &+ UInt32(truncatingIfNeeded: count &- 1)
        guard !UTF16Unit.isLow(store.text[Int(address)]), !UTF16Unit.isHigh(store.text[Int(last)]) else { return false }
        introduce(&patches)
        patches.delete(count, at: gap.runStart &+ gap.offset, in: gap.root)
        store.tree.kill(count, at: &gap, &store.blocks)
        store.cursor = gap
        store.openForErasing()
        return true
    }
}
