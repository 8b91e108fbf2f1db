import TestSupport
import Testing

@testable import CRDT

@Suite("Deletions are counted")
struct RestoreTests {
    let list = ListID("cards")

    @Test("An item deleted twice and restored once stays deleted; restored twice it is back")
    func twoDeletions() throws {
        var trio = Trio()
        trio.note(try trio.a.insert([.string("x"), .string("y")], at: 0, in: list))
        try trio.sync()
        trio.a.closeUndoStep()
        trio.note(try trio.a.delete(0..<2, in: list))
        trio.note(try trio.b.delete(0..<1, in: list))
        try trio.sync()
        trio.note(try trio.a.undo())
        try trio.sync()
        #expect(trio.c.values(of: list) == [.string("y")])
        trio.note(try trio.b.undo())
        try trio.sync()
        #expect(trio.c.values(of: list) == [.string("x"), .string("y")])
        #expect(trio.patches.count == 1)
    }

    @Test("Text deleted twice and restored once stays deleted, half of it or all")
    func twoTextDeletions() throws {
        var trio = Trio()
        trio.note(try trio.a.insert(Array("one 😀 two".utf16), at: 0, in: "body"))
        try trio.sync()
        trio.a.closeUndoStep()
        trio.note(try trio.a.delete(0..<7, in: "body"))
        trio.note(try trio.b.delete(4..<10, in: "body"))
        try trio.sync()
        trio.note(try trio.a.undo())
        try trio.sync()
        #expect(trio.c.string(of: "body") == "one ")
        trio.note(try trio.a.redo())
        trio.note(try trio.b.undo())
        try trio.sync()
        #expect(trio.c.string(of: "body") == "two")
        trio.note(try trio.a.undo())
        try trio.sync()
        #expect(trio.c.string(of: "body") == "one 😀 two")
    }

    @Test("Who loaded a snapshot without the deleted text gets it back with the restoration")
    func droppedText() throws {
        var document = Document(replica: ReplicaID(1))
        document.undoLimit = 10
        _ = try document.insert(Array("a😀b".utf16), at: 0, in: "body")
        _ = try document.insert([.string("item"), .text(Array("nested".utf16))], at: 0, in: list)
        document.closeUndoStep()
        _ = try document.delete(0..<4, in: "body")
        _ = try document.delete(0..<2, in: list)
        var loaded = try Document(snapshot: document.snapshot(), replica: ReplicaID(2))
        let change = try #require(try document.undo())
        var patches: [Patch] = []
        try loaded.integrate(change, patches: &patches)
        #expect(loaded.string(of: "body") == "a😀b")
        #expect(loaded.content(of: .list(list)) == .list([.string("item"), .text(Array("nested".utf16))]))
        #expect(loaded.snapshot() == document.snapshot())
    }

    @Test("Restorations that say something else than what was deleted are refused")
    func mismatch() throws {
        var document = Document(replica: ReplicaID(2))
        _ = try document.insert(Array("a🐀".utf16), at: 0, in: "body")
        _ = try document.insert([.number(1)], at: 0, in: list)
        _ = try document.delete(0..<3, in: "body")
        _ = try document.delete(0..<1, in: list)
        let before = document.snapshot()
        func restoreText(_ counter: UInt8, _ text: String) -> [UInt8] {
            [0x0B, 0, 0, 2, counter, UInt8(text.utf8.count)] + Array(text.utf8)
        }
        #expect(throws: ChangeError.contentMismatch) { try receive(restoreText(0, "b"), &document) }
        #expect(throws: ChangeError.contentMismatch) { try receive(restoreText(0, "a🐁"), &document) }
        #expect(throws: ChangeError.contentMismatch) { try receive(restoreText(1, "🐁"), &document) }
        #expect(throws: ChangeError.contentMismatch) { try receive(restoreText(2, "x"), &document) }
        #expect(throws: ChangeError.wrongKind) { try receive(restoreText(0, "a🐀x"), &document) }
        #expect(throws: ChangeError.unknownElement) { try receive(restoreText(0, "a🐀xx"), &document) }
        #expect(throws: ChangeError.contentMismatch) { try receive([0x0F, 0, 0, 2, 3, 1, 3, 4], &document) }
        #expect(throws: ChangeError.contentMismatch) { try receive([0x0F, 0, 0, 2, 3, 1, 12], &document) }
        #expect(throws: ChangeError.wrongKind) { try receive([0x0F, 0, 0, 2, 0, 1, 0], &document) }
        #expect(document.snapshot() == before)
        try receive(restoreText(0, "a🐀"), &document)
        #expect(document.string(of: "body") == "a🐀")
    }

    /// Applies a change of replica 1 of one operation.
    private func receive(_ operation: [UInt8], _ document: inout Document) throws {
        var patches: [Patch] = []
        let change = try Change(decoding: ChangeFormatTests.change(operation))
        try document.integrate(change, patches: &patches)
    }

    @Test("What a change brings back, the same change cannot bring back as something else")
    func restoredTwice() throws {
        var author = Document(replica: ReplicaID(2))
        _ = try author.insert(Array("a🐀".utf16), at: 0, in: "body")
        _ = try author.insert([.number(1)], at: 0, in: list)
        _ = try author.delete(0..<3, in: "body")
        _ = try author.delete(0..<1, in: list)
        // Its text and its value are dropped: whatever is carried first is believed.
        var document = try Document(snapshot: author.snapshot(), replica: ReplicaID(3))
        let texts = ["x🐁", "y🐂"].map { [0x0B, 0, 0, 2, 0, 5] + Array($0.utf8) }
        let items: [[UInt8]] = [[0x0F, 0, 1, 3, 1, 3, 4], [0x0F, 0, 1, 3, 1, 3, 6]]
        // The replica is named once, and has the number 1 from then on.
        let second: [UInt8] = [0x0B, 0, 1, 0] + texts[1].dropFirst(5)
        let body: [UInt8] = [4] + texts[0] + second + items[0] + items[1]
        let change = try Change(decoding: ChangeFormatTests.change(body, first: 0x90))
        var patches: [Patch] = []
        try document.integrate(change, patches: &patches)
        #expect(document.string(of: "body") == "x🐁")
        #expect(document.values(of: list) == [.number(2)])
        #expect(patches.count == 2)
        #expect(patches.first == .splice("body", utf16Offset: 0, insert: Array("x🐁".utf16)))
    }

    @Test("Restored once too often, an element survives one deletion")
    func restoredTooOften() throws {
        var trio = Trio()
        trio.note(try trio.a.insert(Array("x".utf16), at: 0, in: "body"))
        trio.a.closeUndoStep()
        trio.note(try trio.a.delete(0..<1, in: "body"))
        try trio.sync()
        // Restored twice for one deletion.
        let operation: [UInt8] = [0x0B, 0, 0, 1, 0, 1, 0x78]
        for replica: UInt8 in 3...4 {
            trio.note(try Change(decoding: ChangeFormatTests.change(operation, name: [replica])))
        }
        try trio.sync()
        #expect(trio.c.string(of: "body") == "x")
        // A local deletion means it, however often that takes.
        trio.note(try trio.c.delete(0..<1, in: "body"))
        try trio.sync()
        #expect(trio.a.string(of: "body") == "")
    }
}
