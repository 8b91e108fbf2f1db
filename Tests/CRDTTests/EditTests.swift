import TestSupport
import Testing

@testable import CRDT

@Suite("Local edits")
struct EditTests {
    let root: TextID = "body"

    private func units(_ string: String) -> [UInt16] { Array(string.utf16) }

    @Test("Edits outside of the text, inside of pairs or with half a pair are refused, and nothing is edited")
    func refusals() throws {
        let box = DocumentBox(ReplicaID(1))
        _ = try box.document.insert(units("a😀b"), at: 0, in: root)
        let refused: [(Int, Int, [UInt16], EditError)] = [
            (-1, 0, [97], .outOfBounds), (5, 0, [97], .outOfBounds), (0, 5, [], .outOfBounds), (4, 1, [], .outOfBounds),
            (0, -1, [97], .outOfBounds), (1, .max, [], .outOfBounds), (.min, .max, [], .outOfBounds),
            (2, 0, [97], .splitsSurrogatePair), (0, 2, [], .splitsSurrogatePair), (2, 1, [], .splitsSurrogatePair),
            (0, 0, [0xD800], .illFormedText), (0, 0, [0xDC00, 0xD800], .illFormedText),
            (0, 0, [97, 0xD83D], .illFormedText),
        ]
        let before = box.document.snapshot()
        for (offset, count, insert, error) in refused {
            let edit = TextEdit(text: root, utf16Offset: offset, deleteCount: count, insert: insert)
            #expect(throws: error) { _ = try box.document.edit([edit]) }
            // The same as the last of several.
            let first = TextEdit(text: root, utf16Offset: 0, insert: units("x"))
            let back = TextEdit(text: root, utf16Offset: 0, deleteCount: 1)
            #expect(throws: error) { _ = try box.document.edit([first, back, edit]) }
            #expect(box.document.snapshot() == before)
        }
        #expect(throws: EditError.outOfBounds) { _ = try box.document.delete(Int.min..<Int.max, in: root) }
        #expect(throws: EditError.outOfBounds) { _ = try box.document.insert([97], at: 1, in: "empty") }
        #expect(box.document.roots == [.text(root)])
    }

    @Test("Several edits are one change; each offset counts in the text as the edit before left it")
    func severalEdits() throws {
        let box = DocumentBox(ReplicaID(1))
        let change = try #require(
            try box.document.edit([
                TextEdit(text: root, utf16Offset: 0, insert: units("Hello 😀")),
                TextEdit(text: "title", utf16Offset: 0, insert: units("T")),
                TextEdit(text: root, utf16Offset: 5, deleteCount: 3),
                TextEdit(text: root, utf16Offset: 5, insert: units(", world")),
            ])
        )
        #expect(box.document.string(of: root) == "Hello, world")
        #expect(box.document.roots == [.text(root), .text("title")])
        #expect(change.sequence == 0)
        var other = Document(replica: ReplicaID(2))
        var patches: [Patch] = []
        try other.integrate(change, patches: &patches)
        #expect(other.string(of: root) == "Hello, world")
        #expect(other.string(of: "title") == "T")
        // The pair that the edits themselves put there cannot be split by a later one of them.
        #expect(throws: EditError.splitsSurrogatePair) {
            _ = try box.document.edit([
                TextEdit(text: root, utf16Offset: 1, insert: units("😀")),
                TextEdit(text: root, utf16Offset: 0, insert: units("12")),
                TextEdit(text: root, utf16Offset: 4, deleteCount: 1),
            ])
        }
        #expect(box.document.string(of: root) == "Hello, world")
    }

    @Test("An edit of nothing makes no change")
    func noChange() throws {
        let box = DocumentBox(ReplicaID(1))
        #expect(try box.document.edit([TextEdit]()) == nil)
        #expect(try box.document.insert([], at: 0, in: root) == nil)
        #expect(try box.document.delete(0..<0, in: root) == nil)
        #expect(box.document.version.isEmpty)
        #expect(box.document.roots.isEmpty)
        #expect(box.document.snapshot() == Document(replica: ReplicaID(2)).snapshot())
    }

    @Test("A change names as dependencies only what its author has learnt since the one before")
    func dependencies() throws {
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        var patches: [Patch] = []
        let one = try #require(try first.insert(units("a"), at: 0, in: root))
        #expect(one.dependencies.isEmpty)
        try second.integrate(one, patches: &patches)
        let two = try #require(try second.insert(units("b"), at: 1, in: root))
        #expect(two.dependencies == first.version)
        let three = try #require(try second.insert(units("c"), at: 2, in: root))
        #expect(three.dependencies.isEmpty)
        // After a restart from the snapshot it is not known any more what the last change named.
        let restarted = DocumentBox(ReplicaID(2))
        restarted.document = try Document(snapshot: second.snapshot(), replica: ReplicaID(2))
        let four = try #require(try restarted.document.insert(units("d"), at: 3, in: root))
        #expect(four.dependencies == first.version)
        #expect(four.sequence == 2)
        _ = try first.receive([four, three, two], patches: &patches)
        #expect(first.string(of: root) == "abcd")
    }

    @Test("A large paste and its deletion are one run")
    func largePaste() throws {
        var document = Document(replica: ReplicaID(1))
        let paste = [UInt16](repeating: 120, count: 1 << 20)
        _ = try document.insert(units("start end"), at: 0, in: root)
        _ = try document.insert(paste, at: 6, in: root)
        #expect(document.utf16Count(of: root) == 9 + paste.count)
        _ = try document.delete(6..<6 + paste.count, in: root)
        #expect(document.string(of: root) == "start end")
        #expect(document.snapshot().count < 80)
        #expect(throws: FormatError.limitExceeded) {
            _ = try Document(
                snapshot: document.snapshot(),
                replica: ReplicaID(2),
                limits: DecodingLimits(maximumElementCount: 1000)
            )
        }
    }

    @Test("A document takes no more elements than its snapshot may have, deleted ones included")
    func elementLimit() throws {
        #expect(ElementStore.maximumElementCount == DecodingLimits.default.maximumElementCount)
        let box = DocumentBox(ReplicaID(1))
        box.document.store.elementLimit = 100
        let paste = [UInt16](repeating: 120, count: 50)
        _ = try box.document.insert(paste, at: 0, in: root)
        _ = try box.document.delete(0..<50, in: root)
        box.document = try Document(snapshot: box.document.snapshot(), replica: ReplicaID(1))
        box.document.store.elementLimit = 100
        _ = try box.document.insert(paste, at: 0, in: root)
        #expect(throws: EditError.tooLarge) { _ = try box.document.insert([97], at: 0, in: root) }
        let edits = [TextEdit(text: root, utf16Offset: 0, insert: [97]), TextEdit(text: root, utf16Offset: 0)]
        #expect(throws: EditError.tooLarge) { _ = try box.document.edit(edits) }
        var other = Document(replica: ReplicaID(2))
        let change = try #require(try other.insert([97], at: 0, in: root))
        var patches: [Patch] = []
        #expect(throws: ChangeError.documentTooLarge) { try box.document.integrate(change, patches: &patches) }
        // What is there can still be deleted, and the document loaded.
        _ = try box.document.delete(0..<50, in: root)
        let limits = DecodingLimits(maximumElementCount: 100)
        _ = try Document(snapshot: box.document.snapshot(), replica: ReplicaID(2), limits: limits)
    }
}
