import TestSupport
import Testing

@testable import CRDT

@Suite("Transactions")
struct TransactionTests {
    let map = MapID("board")
    let list = ListID("cards")
    let key = Array("k".utf8)

    @Test("Edits of all kinds in a transaction are one change")
    func oneChange() throws {
        var trio = Trio()
        trio.a.begin()
        #expect(trio.a.isInTransaction == true)
        #expect(try trio.a.insert(Array("ab".utf16), at: 0, in: "body") == nil)
        #expect(try trio.a.insert([.text(Array("x".utf16)), .number(1)], at: 0, in: list) == nil)
        guard case .container(.text(let nested)) = trio.a.value(at: 0, in: list) else { return #expect(Bool(false)) }
        // What was made in the transaction is edited in it.
        #expect(try trio.a.insert(Array("y😀".utf16), at: 1, in: nested) == nil)
        #expect(try trio.a.move(from: 0, to: 1, in: list) == nil)
        #expect(try trio.a.set(.list(numbers(1, 2)), for: key, in: map) == nil)
        #expect(try trio.a.delete(1..<2, in: "body") == nil)
        #expect(try trio.a.insert(Array("c".utf16), at: 1, in: "body") == nil)
        let committed = trio.a.commit()
        let change = try #require(committed)
        #expect(change.sequence == 0)
        #expect(try Change(decoding: change.encoded) == change)
        trio.note(change)
        try trio.sync()
        #expect(trio.c.string(of: "body") == "ac")
        #expect(trio.c.content(of: .list(list)) == .list([.number(1), .text(Array("xy😀".utf16))]))
        #expect(trio.c.content(of: .map(map)) == .map([Content.Entry(key: key, content: .list(numbers(1, 2)))]))
        #expect(try trio.a.insert(Array("d".utf16), at: 2, in: "body")?.sequence == 1)
    }

    @Test("A refused edit leaves the transaction's others; an empty one makes no change; nothing is received meanwhile")
    func refusals() throws {
        var document = Document(replica: ReplicaID(1))
        var other = Document(replica: ReplicaID(2))
        let change = try #require(try other.insert([97], at: 0, in: "body"))
        document.begin()
        #expect(document.commit() == nil)
        document.begin()
        _ = try document.insert([98], at: 0, in: "body")
        #expect(throws: EditError.outOfBounds) { try document.insert([98], at: 2, in: "body") }
        var patches: [Patch] = []
        #expect(throws: ChangeError.transactionOpen) { try document.integrate(change, patches: &patches) }
        #expect(document.commit() != nil)
        try document.integrate(change, patches: &patches)
        #expect(document.utf16Count(of: "body") == 2)
    }

    @Test("A list of edits is done whole or not at all")
    func allOrNothing() throws {
        var trio = Trio()
        trio.note(try trio.a.insert(numbers(1, 2), at: 0, in: list))
        try trio.sync()
        let edits: [Edit] = [
            .list(ListEdit(list: list, action: .splice(index: 1, deleteCount: 1, insert: numbers(3, 4)))),
            .list(ListEdit(list: list, action: .move(from: 2, to: 0))),
            .map(MapEdit(map: map, key: key, content: .map([]))),
            .text(TextEdit(text: "body", utf16Offset: 0, insert: Array("t".utf16))),
            .map(MapEdit(map: map, key: key, content: nil)),
        ]
        let bad: [Edit] = [
            .list(ListEdit(list: list, action: .splice(index: 4, deleteCount: 0, insert: []))),
            .list(ListEdit(list: list, action: .move(from: 0, to: 3))),
            .map(MapEdit(map: map, key: [0x80], content: nil)),
            .text(TextEdit(text: "body", utf16Offset: 2)),
            .text(TextEdit(text: "body", utf16Offset: 0, insert: [0xDC00])),
            .map(MapEdit(map: map, key: key, content: .number(.infinity))),
        ]
        let before = trio.a.snapshot()
        for edit in bad {
            #expect(throws: EditError.self) { try trio.a.edit(edits + [edit]) }
            #expect(trio.a.snapshot() == before)
        }
        trio.note(try trio.a.edit(edits))
        try trio.sync()
        #expect(trio.c.values(of: list) == values(4, 1, 3))
        #expect(trio.c.keys(of: map).isEmpty)
        #expect(trio.c.string(of: "body") == "t")
    }
}
