extension Document {
    /// The most edits of one call: checking them for split surrogate pairs costs the square of their number.
    public static var maximumEditCount: Int { 8192 }

    /// Makes the edits, in order, as one change; each edit's offset or index counts in what the edit before left.
    ///
    /// - Returns: the change to send, or `nil` when nothing was changed, or in a transaction.
    /// - Throws: when any edit is not possible. Nothing is edited then.
    public mutating func edit(_ edits: [Edit]) throws(EditError) -> Change? {
        guard edits.count <= Self.maximumEditCount else { throw .tooLarge }
        try check(edits)
        let open = beginChange()
        for edit in edits {
            switch edit {
            case .text(let edit): perform(edit.text, edit.utf16Offset, edit.deleteCount, edit.insert, by: open.author)
            case .list(let edit): perform(edit, by: open.author)
            case .map(let edit): perform(edit, by: open.author)
            }
        }
        return finishChange(open)
    }

    /// Makes edits of texts, in order, as one change.
    ///
    /// - Returns: the change to send, or `nil` when nothing was inserted or deleted, or in a transaction.
    /// - Throws: when any edit is not possible. Nothing is edited then.
    public mutating func edit(_ edits: [TextEdit]) throws(EditError) -> Change? {
        if edits.count == 1 {
            try checkEdit(edits[0].text, edits[0].utf16Offset, edits[0].deleteCount, edits[0].insert)
        } else {
            guard edits.count <= Self.maximumEditCount else { throw .tooLarge }
            try checkEdits(edits)
        }
        let open = beginChange()
        for edit in edits { perform(edit.text, edit.utf16Offset, edit.deleteCount, edit.insert, by: open.author) }
        return finishChange(open)
    }

    /// Inserts UTF-16 code units at an offset, as one change; `nil` when there are none, or in a transaction.
    ///
    /// - Throws: when the edit is not possible. Nothing is edited then.
    /// - Complexity: O(1) amortised where the last edit ended, else O(log n) for n runs.
    public mutating func insert(
        _ units: [UInt16],
        at utf16Offset: Int,
        in text: TextID
    ) throws(EditError) -> Change? {
        try edit(utf16Offset, 0, units, in: text)
    }

    /// Deletes UTF-16 code units, as one change; `nil` when there are none, or in a transaction.
    ///
    /// - Throws: when the edit is not possible. Nothing is edited then.
    /// - Complexity: O(k log n) for k deleted of n runs.
    public mutating func delete(_ utf16Range: Range<Int>, in text: TextID) throws(EditError) -> Change? {
        let (count, overflow) = utf16Range.upperBound.subtractingReportingOverflow(utf16Range.lowerBound)
        guard !overflow else { throw .outOfBounds }
        return try edit(utf16Range.lowerBound, count, [], in: text)
    }

    private mutating func edit(
        _ utf16Offset: Int,
        _ deleteCount: Int,
        _ insert: [UInt16],
        in text: TextID
    ) throws(EditError) -> Change? {
        try checkEdit(text, utf16Offset, deleteCount, insert)
        let open = beginChange()
        perform(text, utf16Offset, deleteCount, insert, by: open.author)
        return finishChange(open)
    }

    // MARK: Doing what was found possible

    private mutating func perform(
        _ text: TextID,
        _ utf16Offset: Int,
        _ deleteCount: Int,
        _ insert: [UInt16],
        by author: Int
    ) {
        if deleteCount == 0, insert.isEmpty { return }
        guard let container = open(.text, text.place) else { return }
        let root = store.makeSequence(of: container)
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

    /// Fills a text that was just created.
    mutating func fill(text container: UInt32, _ units: [UInt16], by author: Int) {
        perform(TextID(store.place(of: container)), 0, 0, units, by: author)
    }

    /// Writes down what was deleted.
    mutating func writeDeletions(by author: Int) {
        if undoHistory.isOn { undoHistory.noteRemoved(deleted) }
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
}
