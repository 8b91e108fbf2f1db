extension Document {
    /// Checks edits of any kind that follow each other.
    func check(_ edits: [Edit]) throws(EditError) {
        var texts: [TextEdit] = []
        var inserted = 0
        var checks = ContainerChecks()
        // By the number of the container there; only those of lists mean something.
        var counts: [Int?] = []
        for edit in edits {
            switch edit {
            case .text(let edit):
                texts.append(edit)
                inserted += edit.insert.count
                _ = try checks.number(of: .text, edit.text.place, in: store)
            case .list(let edit):
                let number = try checks.number(of: .list, edit.list.place, in: store)
                while counts.count <= number { counts.append(nil) }
                counts[number] = try check(edit, count: counts[number] ?? count(of: edit.list), &inserted)
            case .map(let edit):
                _ = try checks.number(of: .map, edit.map.place, in: store)
                try check(edit, &inserted)
            }
            guard inserted < ElementStore.maximumAddress else { throw .tooLarge }
        }
        try checkEdits(texts)
        guard store.canHold(inserted) else { throw .tooLarge }
        guard
            checks.newRootCount == 0
                || store.containers.rootCount + checks.newRootCount <= ElementStore.maximumRootCount
        else { throw .tooLarge }
    }

    /// Checks an edit of a list that has `count` items then; how many it has afterwards is returned.
    private func check(_ edit: ListEdit, count: Int, _ inserted: inout Int) throws(EditError) -> Int {
        switch edit.action {
        case .move(let from, let to):
            guard from >= 0, from < count, to >= 0, to < count else { throw .outOfBounds }
            inserted += 1
            return count
        case .splice(let index, let deleteCount, let insert):
            guard index >= 0, index <= count, deleteCount >= 0, deleteCount <= count - index
            else { throw .outOfBounds }
            guard deleteCount == 0 || store.canDeleteAll else { throw .tooLarge }
            let depth = depth(of: .list, edit.list.place)
            for content in insert { try check(content, depth: depth, &inserted) }
            return count + insert.count - deleteCount
        }
    }

    private func check(_ edit: MapEdit, _ inserted: inout Int) throws(EditError) {
        try check(key: edit.key)
        guard let content = edit.content else {
            inserted += 1
            return
        }
        try check(content, depth: depth(of: .map, edit.map.place), &inserted)
    }

    private func depth(of kind: ContainerKind, _ place: ContainerPlace) -> Int {
        store.container(kind, place).map { Int(store.containers[$0].depth) } ?? 1
    }

    private func check(key: [UInt8]) throws(EditError) {
        guard key.count <= MapTable.maximumKeyCount, UTF8Text.utf16Count(of: key, in: 0..<key.count) != nil
        else { throw .invalidValue }
    }

    /// Checks content that is put into a container of a depth, and counts its elements.
    private func check(_ content: Content, depth: Int, _ inserted: inout Int) throws(EditError) {
        inserted += 1
        switch content {
        case .null, .bool, .bytes: return
        case .number(let number): guard number.isFinite else { throw .invalidValue }
        case .string(let utf8):
            guard UTF8Text.utf16Count(of: utf8, in: 0..<utf8.count) != nil else { throw .invalidValue }
        case .text(let units):
            guard depth < ContainerTable.maximumDepth else { throw .nestingTooDeep }
            guard UTF16Unit.isWellFormed(units) else { throw .illFormedText }
            inserted += units.count
        case .list(let items):
            guard depth < ContainerTable.maximumDepth else { throw .nestingTooDeep }
            for item in items { try check(item, depth: depth + 1, &inserted) }
        case .map(let entries):
            guard depth < ContainerTable.maximumDepth else { throw .nestingTooDeep }
            for entry in entries {
                try check(key: entry.key)
                try check(entry.content, depth: depth + 1, &inserted)
            }
        }
    }
}
