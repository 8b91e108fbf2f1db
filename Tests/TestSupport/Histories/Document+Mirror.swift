import CRDT

extension Document {
    /// All content, in the oracle's words; containers in which nothing is are left out.
    borrowing func mirrored() -> Mirror {
        var mirror = Mirror()
        for root in roots {
            let text = text(of: root)
            if !text.isEmpty { mirror.texts[.root(.text, root.utf8)] = text }
            precondition(utf16Count(of: root) == text.count, "The count is not the text's.")
        }
        return mirror
    }
}

extension Mirror {
    mutating func follow(_ patches: [Patch]) {
        for patch in patches {
            let home = Home.root(.text, patch.root.utf8)
            let range = patch.utf16Offset..<patch.utf16Offset + patch.deleteCount
            texts[home, default: []].replaceSubrange(range, with: patch.insert)
        }
    }

    mutating func follow(_ edit: TextEdit) {
        let home = Home.root(.text, edit.root.utf8)
        let range = edit.utf16Offset..<edit.utf16Offset + edit.deleteCount
        texts[home, default: []].replaceSubrange(range, with: edit.insert)
    }
}
