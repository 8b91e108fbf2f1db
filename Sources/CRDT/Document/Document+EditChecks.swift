extension Document {
    /// Checks one edit of a text against the document as it is.
    func checkEdit(
        _ text: TextID,
        _ utf16Offset: Int,
        _ deleteCount: Int,
        _ insert: [UInt16]
    ) throws(EditError) {
        let root = store.root(of: text)
        let count = root.map { store.visibleCount(of: $0) } ?? 0
        guard utf16Offset >= 0, utf16Offset <= count, deleteCount >= 0, deleteCount <= count - utf16Offset
        else { throw .outOfBounds }
        guard UTF16Unit.isWellFormed(insert) else { throw .illFormedText }
        guard store.canHold(insert.count) else { throw .tooLarge }
        guard let root else {
            let isNew = try isNew(.text, text.place)
            guard !isNew || insert.isEmpty || store.containers.rootCount < ElementStore.maximumRootCount
            else { throw .tooLarge }
            return
        }
        guard store.canDelete(deleteCount, at: utf16Offset, in: root) else { throw .tooLarge }
        if store.hasSurrogates {
            guard !splits(utf16Offset, count, root), !splits(utf16Offset + deleteCount, count, root)
            else { throw .splitsSurrogatePair }
        }
    }

    /// Whether a root is not there yet; a nested container must be.
    func isNew(_ kind: ContainerKind, _ place: ContainerPlace) throws(EditError) -> Bool {
        if store.container(kind, place) != nil { return false }
        guard case .root = place else { throw .unknownContainer }
        return true
    }

    private func splits(_ utf16Offset: Int, _ count: Int, _ root: UInt32) -> Bool {
        utf16Offset > 0 && utf16Offset < count && UTF16Unit.isLow(store.unit(at: utf16Offset, in: root))
    }

    /// Checks edits that follow each other: each one against the text as it will be then, which is not there yet.
    func checkEdits(_ edits: [TextEdit]) throws(EditError) {
        if edits.isEmpty { return }
        // Texts by number: names may be long, and the search for halves of pairs compares them a million times.
        var checks = ContainerChecks()
        var roots: [Int] = []
        var lengths: [Int] = []
        var inserted = 0
        var mayHavePairs = store.hasSurrogates
        for position in edits.indices {
            let edit = edits[position]
            let number = try checks.number(of: .text, edit.text.place, in: store)
            if number == lengths.count { lengths.append(utf16Count(of: edit.text)) }
            roots.append(number)
            let count = lengths[number]
            let offset = edit.utf16Offset
            guard offset >= 0, offset <= count, edit.deleteCount >= 0, edit.deleteCount <= count - offset
            else { throw .outOfBounds }
            guard edit.deleteCount == 0 || store.canDeleteAll else { throw .tooLarge }
            guard UTF16Unit.isWellFormed(edit.insert) else { throw .illFormedText }
            inserted += edit.insert.count
            guard inserted < ElementStore.maximumAddress else { throw .tooLarge }
            if mayHavePairs {
                for end in [offset, offset + edit.deleteCount] where end > 0 && end < count {
                    if UTF16Unit.isLow(unit(at: end, in: edits, roots, before: position)) { throw .splitsSurrogatePair }
                }
            }
            mayHavePairs = mayHavePairs || edit.insert.contains { UTF16Unit.isSurrogate($0) }
            lengths[number] += edit.insert.count - edit.deleteCount
        }
        guard store.canHold(inserted) else { throw .tooLarge }
        guard
            checks.newRootCount == 0
                || store.containers.rootCount + checks.newRootCount <= ElementStore.maximumRootCount
        else { throw .tooLarge }
    }

    /// The unit that will be at an offset of the text of edit `position` once the edits before it are done: followed back
    /// through them to where it comes from.
    private func unit(at utf16Offset: Int, in edits: [TextEdit], _ roots: [Int], before position: Int) -> UInt16 {
        let root = roots[position]
        var offset = utf16Offset
        for index in stride(from: position - 1, through: 0, by: -1) where roots[index] == root {
            let start = edits[index].utf16Offset
            let count = edits[index].insert.count
            if offset >= start + count {
                offset += edits[index].deleteCount - count
            } else if offset >= start {
                return edits[index].insert[offset - start]
            }
        }
        guard let known = store.root(of: edits[position].text) else { return 0 }
        return store.unit(at: offset, in: known)
    }
}
