import CRDT

extension RandomHistory {
    private static var body: TextID { "body" }

    /// An anchor, and the element that it holds on to by the oracle.
    struct SetAnchor {
        var anchor: Anchor
        var side: Side
        var home: NaiveDocument.Home
        var name: NaiveDocument.Name?
    }

    /// Sets an anchor somewhere, which must be where it was set.
    mutating func setAnchor(_ replica: HistoryReplica) throws {
        guard let oracle = replica.oracle else { return }
        let home = NaiveDocument.Home.root(.text, RootName("body").utf8)
        let text = replica.mirror.texts[home, default: []]
        var offset = random.below(text.count + 1)
        if offset > 0, offset < text.count, text[offset] & 0xFC00 == 0xDC00 { offset -= 1 }
        let side: Side = random.oneIn(2) ? .left : .right
        let anchor = replica.document.anchor(at: offset, side: side, in: Self.body)
        guard try Anchor(decoding: anchor.encoded) == anchor else { throw failure("an anchor reads back as another") }
        guard replica.document.utf16Offset(of: anchor, in: Self.body) == offset else {
            throw failure("an anchor is not where it was set")
        }
        let index = side == .left ? offset - 1 : offset
        let visible = oracle.index(of: home).map { oracle.containers[$0].elements.filter { $0.deletes <= 0 } } ?? []
        let name = visible.indices.contains(index) ? visible[index].name : nil
        anchors.append(SetAnchor(anchor: anchor, side: side, home: home, name: name))
    }

    /// At the end all anchors are where the oracle says, in every replica.
    func checkAnchors(_ replica: HistoryReplica) throws {
        guard let oracle = replica.oracle else { return }
        for anchor in anchors {
            let elements = oracle.index(of: anchor.home).map { oracle.containers[$0].elements } ?? []
            var expected = anchor.side == .left ? 0 : elements.count { $0.deletes <= 0 }
            if let name = anchor.name, let index = elements.firstIndex(where: { $0.name == name }) {
                expected = elements[..<index].count { $0.deletes <= 0 }
                if anchor.side == .left, elements[index].deletes <= 0 { expected += 1 }
            }
            guard replica.document.utf16Offset(of: anchor.anchor, in: Self.body) == expected else {
                throw failure("an anchor is not where the oracle says")
            }
        }
    }
}
