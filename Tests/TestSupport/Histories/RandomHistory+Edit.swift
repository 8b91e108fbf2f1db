import CRDT

extension RandomHistory {
    /// Lets a replica make a change of one or more edits.
    mutating func edit(_ replica: HistoryReplica) throws {
        var mirror = replica.mirror
        var edits: [TextEdit] = []
        for _ in 0..<(random.oneIn(4) ? 1 + random.below(3) : 1) {
            let edit = randomText(mirror)
            mirror.follow(edit)
            edits.append(edit)
        }
        guard let change = try replica.document.edit(edits) else { return }
        replica.mirror = mirror
        try send(change, from: replica)
    }

    private mutating func randomText(_ mirror: Mirror) -> TextEdit {
        let root: TextID = random.oneIn(5) ? "title" : "body"
        let text = mirror.texts[.root(.text, root.utf8), default: []]
        let (offset, end) = randomRange(of: text)
        var edit = TextEdit(text: root, utf16Offset: offset, deleteCount: end - offset)
        if edit.deleteCount == 0 || random.oneIn(4) { edit.insert = randomUnits() }
        return edit
    }

    /// A range of a text to delete, mostly an empty one: half of them are near the start, so that they collide.
    mutating func randomRange(of text: [UInt16]) -> (start: Int, end: Int) {
        func aligned(_ offset: Int) -> Int {
            offset > 0 && offset < text.count && text[offset] & 0xFC00 == 0xDC00 ? offset - 1 : offset
        }
        let start = aligned(random.below((random.oneIn(2) ? min(text.count, 4) : text.count) + 1))
        guard random.oneIn(3) else { return (start, start) }
        return (start, max(start, aligned(min(text.count, start + random.below(random.oneIn(8) ? 60 : 6)))))
    }

    /// A few characters, now and then many, some of them of two units.
    mutating func randomUnits() -> [UInt16] {
        var units: [UInt16] = []
        for _ in 0...random.below(random.oneIn(20) ? 150 : 4) {
            switch random.below(12) {
            case 0: units += Array("😀".utf16)
            case 1: units += Array("é".utf16)
            case 2: units += Array("汉".utf16)
            default: units.append(UInt16(97 + random.below(26)))
            }
        }
        return units
    }
}
