import Testing

@testable import CRDT

@Suite("The format of changes of lists and maps")
struct ContainerFormatTests {
    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count < 2 ? "0" + digits : digits
        }.joined()
    }

    /// The vectors that `FORMAT.md` explains byte by byte.
    @Test("Changes of lists and maps have the bytes that the format says")
    func goldenVectors() throws {
        let cards = ListID("cards")
        let board = MapID("board")
        var document = Document(replica: ReplicaID(1))
        var other = Document(replica: ReplicaID(2))
        document.undoLimit = 10
        var vectors: [String] = []
        var patches: [Patch] = []
        func note(_ change: Change?) throws {
            let change = try #require(change)
            vectors.append(hex(change.encoded))
            #expect(try Change(decoding: change.encoded) == change)
            _ = try document.receive([change], patches: &patches)
            _ = try other.receive([change], patches: &patches)
        }
        try note(document.insert([.string("a"), .number(-1), .number(0.5)], at: 0, in: cards))
        try note(document.move(from: 0, to: 2, in: cards))
        let field = Content.Entry(key: Array("x".utf8), content: .bool(true))
        try note(document.set(.map([field]), for: Array("k".utf8), in: board))
        try note(document.insert([.text(Array("t".utf16))], at: 0, in: cards))
        document.closeUndoStep()
        try note(document.delete(1..<2, in: cards))
        try note(document.undo())
        document.closeUndoStep()
        try note(document.unset(Array("k".utf8), in: board))
        try note(document.undo())
        try note(other.move(from: 1, to: 0, in: cards))
        guard case .container(.text(let text)) = other.value(at: 1, in: cards) else { return #expect(Bool(false)) }
        document.closeUndoStep()
        try note(document.delete(0..<1, in: text))
        try note(document.undo())
        #expect(vectors == GoldenVectors.containerChanges)
        #expect(document.snapshot() == other.snapshot())
        #expect(hex(document.snapshot()) == GoldenVectors.containerSnapshot)
    }
}
