extension Document {
    /// The most edits of one call: checking them for split surrogate pairs costs the square of their number.
    public static var maximumEditCount: Int { 8192 }

    /// Makes the edits, in order, as one change; each edit's offset counts in the text as the edit before left it.
    ///
    /// - Returns: the change to send, or `nil` when nothing was inserted or deleted.
    /// - Throws: when any edit is not possible. Nothing is edited then.
    public mutating func edit(_ edits: [TextEdit]) throws(EditError) -> Change? {
        if edits.count == 1 {
            try checkEdit(edits[0].root, edits[0].utf16Offset, edits[0].deleteCount, edits[0].insert)
        } else {
            guard edits.count <= Self.maximumEditCount else { throw .tooLarge }
            try checkEdits(edits)
        }
        let author = beginChange()
        let lamport = store.clock
        let end = store.replicas[author].lamportEnd
        for edit in edits {
            perform(edit.root, edit.utf16Offset, edit.deleteCount, edit.insert, by: author)
        }
        return finishChange(by: author, lamport: lamport, previousEnd: end)
    }

    /// Inserts UTF-16 code units at an offset, as one change; `nil` when there are none.
    ///
    /// - Throws: when the edit is not possible. Nothing is edited then.
    /// - Complexity: O(1) amortised where the last edit ended, else O(log n) for n runs.
    public mutating func insert(
        _ text: [UInt16],
        at utf16Offset: Int,
        in root: RootName
    ) throws(EditError) -> Change? {
        try edit(utf16Offset, 0, text, in: root)
    }

    /// Deletes UTF-16 code units, as one change; `nil` when there are none.
    ///
    /// - Throws: when the edit is not possible. Nothing is edited then.
    /// - Complexity: O(k log n) for k deleted of n runs.
    public mutating func delete(_ utf16Range: Range<Int>, in root: RootName) throws(EditError) -> Change? {
        let (count, overflow) = utf16Range.upperBound.subtractingReportingOverflow(utf16Range.lowerBound)
        guard !overflow else { throw .outOfBounds }
        return try edit(utf16Range.lowerBound, count, [], in: root)
    }

    private mutating func edit(
        _ utf16Offset: Int,
        _ deleteCount: Int,
        _ insert: [UInt16],
        in root: RootName
    ) throws(EditError) -> Change? {
        try checkEdit(root, utf16Offset, deleteCount, insert)
        let author = beginChange()
        let lamport = store.clock
        let end = store.replicas[author].lamportEnd
        perform(root, utf16Offset, deleteCount, insert, by: author)
        return finishChange(by: author, lamport: lamport, previousEnd: end)
    }

    // MARK: The steps of a local change

    private mutating func beginChange() -> Int {
        writer.begin(dependencies: news.count == 0 ? Version() : dependencies())
        let author = store.replicas.insert(replica)
        localIndex = author
        if replica.rawValue < Change.replicaFollows { shortAuthor = UInt32(author) }
        return author
    }

    /// What the next local change depends on besides the one before.
    @inline(never)
    private func dependencies() -> Version {
        var entries: [Version.Entry] = []
        entries.reserveCapacity(news.count)
        for index in 0..<news.count {
            let record = store.replicas[Int(news[index])]
            entries.append(Version.Entry(replica: ReplicaID(record.id), count: record.nextSequence))
        }
        entries.sort { $0.replica < $1.replica }
        return Version(ascending: entries)
    }

    private mutating func finishChange(by author: Int, lamport: UInt64, previousEnd: UInt64) -> Change? {
        if writer.isEmpty { return nil }
        for index in 0..<news.count { store.replicas[Int(news[index])].isNews = false }
        news.removeAll()
        let record = store.replicas[author]
        let sequence = record.nextSequence
        store.replicas[author].nextSequence += 1
        // A change without insertions has no Lamport timestamp.
        let advance = record.lamportEnd == previousEnd ? 0 : lamport - previousEnd
        return writer.finish(replica: replica, sequence: sequence, lamportAdvance: advance)
    }

    /// Does one edit that was found possible.
    private mutating func perform(
        _ name: RootName,
        _ utf16Offset: Int,
        _ deleteCount: Int,
        _ insert: [UInt16],
        by author: Int
    ) {
        if deleteCount == 0, insert.isEmpty { return }
        let root = store.root(named: name) ?? store.makeRoot(named: name)
        var gap = store.gap(at: utf16Offset, in: root)
        if deleteCount > 0 {
            deleted.removeAll()
            store.delete(deleteCount, at: &gap, noting: &deleted)
            writeDeletions(by: author)
        }
        if !insert.isEmpty {
            if !store.hasSurrogates { store.hasSurrogates = insert.contains { UTF16Unit.isSurrogate($0) } }
            writer.insert(insert, 0..<insert.count, after: origin(of: gap, by: author))
            store.insert(insert, 0..<insert.count, at: &gap, by: author, lamport: store.clock)
        }
        store.cursor = gap
    }

    private mutating func writeDeletions(by author: Int) {
        let next = store.replicas[author].nextCounter
        for index in 0..<deleted.count {
            let range = deleted[index]
            if Int(range.replica) == author {
                writer.deleteOwn(distance: next - range.counter, count: range.count)
            } else {
                let owner = ReplicaID(store.replicas[Int(range.replica)].id)
                writer.delete(of: owner, counter: range.counter, count: range.count)
            }
        }
    }

    private func origin(of gap: Gap, by author: Int) -> ChangeWriter.Origin {
        guard let address = store.address(before: gap) else { return .start(store.rootNames[Int(gap.root)]) }
        let counter = store.blocks.counter(of: address)
        let owner = store.blocks.owner(of: address)
        if owner != author { return .other(ReplicaID(store.replicas[owner].id), counter: counter) }
        let distance = store.replicas[author].nextCounter - counter
        return distance == 1 ? .newest : .own(distance: distance)
    }
}
