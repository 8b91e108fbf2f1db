import TestSupport
import Testing

@testable import CRDT

@Suite("Lists")
struct ListTests {
    let list = ListID("cards")

    @Test("Items are inserted, read and deleted by index")
    func splices() throws {
        var document = Document(replica: ReplicaID(1))
        #expect(document.count(of: list) == 0)
        #expect(document.value(at: 0, in: list) == nil)
        #expect(try document.insert([], at: 0, in: list) == nil)
        _ = try document.insert(numbers(1, 2, 5), at: 0, in: list)
        _ = try document.insert(numbers(3, 4), at: 2, in: list)
        #expect(document.values(of: list) == values(1, 2, 3, 4, 5))
        #expect(try document.delete(1..<1, in: list) == nil)
        _ = try document.delete(1..<3, in: list)
        #expect(document.values(of: list) == values(1, 4, 5))
        #expect(document.count(of: list) == 3)
        #expect(document.value(at: 1, in: list) == .number(4))
        #expect(document.value(at: 3, in: list) == nil)
        #expect(document.value(at: -1, in: list) == nil)
        document.checkInvariants()
    }

    @Test("An edit outside of the list is refused and changes nothing")
    func bounds() throws {
        var document = Document(replica: ReplicaID(1))
        _ = try document.insert(numbers(1, 2), at: 0, in: list)
        let before = document.snapshot()
        #expect(throws: EditError.outOfBounds) { try document.insert(numbers(3), at: 3, in: list) }
        #expect(throws: EditError.outOfBounds) { try document.insert(numbers(3), at: -1, in: list) }
        #expect(throws: EditError.outOfBounds) { try document.delete(1..<3, in: list) }
        #expect(throws: EditError.outOfBounds) { try document.delete(Int.min..<Int.max, in: list) }
        #expect(throws: EditError.outOfBounds) { try document.move(from: 2, to: 0, in: list) }
        #expect(throws: EditError.outOfBounds) { try document.move(from: 0, to: 2, in: list) }
        #expect(throws: EditError.outOfBounds) { try document.move(from: -1, to: 0, in: list) }
        #expect(throws: EditError.outOfBounds) { try document.move(from: 0, to: 0, in: ListID("empty")) }
        #expect(throws: EditError.invalidValue) { try document.insert([.number(.nan)], at: 0, in: list) }
        #expect(throws: EditError.invalidValue) { try document.insert([.number(-.infinity)], at: 0, in: list) }
        #expect(throws: EditError.invalidValue) { try document.insert([.string([0xFF])], at: 0, in: list) }
        #expect(throws: EditError.illFormedText) { try document.insert([.text([0xD800])], at: 0, in: list) }
        #expect(document.snapshot() == before)
        #expect(document.roots == [.list(list)])
    }

    @Test("Every kind of value comes back as it was written, there and elsewhere")
    func kinds() throws {
        var trio = Trio()
        let written: [Content] = [
            .null, .bool(true), .bool(false), .number(0), .number(-0.0), .number(-1), .number(0.1),
            .number(9_007_199_254_740_991), .number(-9_007_199_254_740_992), .number(1e300),
            .number(.leastNonzeroMagnitude),
            .string("é😀"), .string(""), .bytes([]), .bytes([0, 255]), .text(Array("edit me".utf16)),
            .list([.list([]), .map([])]), .map([Content.Entry(key: Array("k".utf8), content: .text([]))]),
        ]
        trio.note(try trio.a.insert(written, at: 0, in: list))
        try trio.sync()
        #expect(trio.c.content(of: .list(list)) == .list(written))
        guard case .number(let zero) = trio.c.value(at: 4, in: list) else { return #expect(Bool(false)) }
        #expect(zero.sign == .minus)
    }

    @Test("An item goes from any place to any other")
    func moves() throws {
        for from in 0..<5 {
            for to in 0..<5 {
                var trio = Trio()
                trio.note(try trio.a.insert(numbers(0, 1, 2, 3, 4), at: 0, in: list))
                trio.note(try trio.a.move(from: from, to: to, in: list))
                var expected = values(0, 1, 2, 3, 4)
                expected.insert(expected.remove(at: from), at: to)
                #expect(trio.a.values(of: list) == expected, "from \(from) to \(to)")
                try trio.sync()
                #expect(trio.b.values(of: list) == expected)
            }
        }
    }

    @Test("Moving an item to where it is makes no change")
    func movesNowhere() throws {
        var document = Document(replica: ReplicaID(1))
        _ = try document.insert(numbers(1, 2), at: 0, in: list)
        #expect(try document.move(from: 1, to: 1, in: list) == nil)
    }

    @Test("Two moves of one item at the same time leave it once, where the higher rank put it")
    func concurrentMoves() throws {
        var trio = Trio()
        trio.note(try trio.a.insert(numbers(0, 1, 2, 3), at: 0, in: list))
        try trio.sync()
        trio.note(try trio.a.move(from: 0, to: 3, in: list))
        trio.note(try trio.b.move(from: 0, to: 1, in: list))
        try trio.sync()
        // Equal timestamps: the lower replica wins.
        #expect(trio.c.values(of: list) == values(1, 2, 3, 0))
        // A later one wins over both.
        trio.note(try trio.b.move(from: 3, to: 0, in: list))
        try trio.sync()
        #expect(trio.c.values(of: list) == values(0, 1, 2, 3))
    }

    @Test("An item that is moved and deleted at the same time is deleted")
    func moveAndDelete() throws {
        var trio = Trio()
        trio.note(try trio.a.insert(numbers(0, 1, 2), at: 0, in: list))
        try trio.sync()
        trio.note(try trio.a.move(from: 0, to: 2, in: list))
        trio.note(try trio.b.delete(0..<1, in: list))
        try trio.sync()
        #expect(trio.c.values(of: list) == values(1, 2))
        // Who takes the deletion back finds it where it was moved.
        trio.note(try trio.b.undo())
        try trio.sync()
        #expect(trio.c.values(of: list) == values(1, 2, 0))
    }

    @Test("What is inserted behind an item stays where that item was when it is moved at the same time")
    func insertBehindMoved() throws {
        var trio = Trio()
        trio.note(try trio.a.insert(numbers(0, 1, 2), at: 0, in: list))
        try trio.sync()
        trio.note(try trio.a.move(from: 0, to: 2, in: list))
        trio.note(try trio.b.insert(numbers(9), at: 1, in: list))
        try trio.sync()
        #expect(trio.c.values(of: list) == values(9, 1, 2, 0))
    }

    @Test("Items inserted at one place at the same time are not mixed")
    func concurrentInsertions() throws {
        var trio = Trio()
        trio.note(try trio.a.insert(numbers(0), at: 0, in: list))
        try trio.sync()
        trio.note(try trio.a.insert(numbers(1, 2), at: 1, in: list))
        trio.note(try trio.b.insert(numbers(3, 4), at: 1, in: list))
        try trio.sync()
        #expect(trio.c.values(of: list) == values(0, 1, 2, 3, 4))
    }

    @Test("An anchor follows its item wherever it is moved")
    func anchors() throws {
        var document = Document(replica: ReplicaID(1))
        _ = try document.insert(numbers(0, 1, 2), at: 0, in: list)
        let left = document.anchor(at: 1, side: .left, in: list)
        let right = document.anchor(at: 1, side: .right, in: list)
        _ = try document.move(from: 0, to: 2, in: list)
        #expect(document.index(of: left, in: list) == 3)
        #expect(document.index(of: right, in: list) == 0)
        _ = try document.delete(2..<3, in: list)
        #expect(document.index(of: left, in: list) == 2)
        #expect(document.index(of: left, in: ListID("other")) == nil)
        #expect(document.utf16Offset(of: left, in: "cards") == nil)
    }

    @Test("Patches lead from one state to the next")
    func patches() throws {
        var trio = Trio()
        trio.note(try trio.b.insert(numbers(0, 1, 2, 3), at: 0, in: list))
        try trio.sync()
        #expect(
            trio.patches == [
                .list(ListPatch(list: list, action: .splice(index: 0, deleteCount: 0, insert: values(0, 1, 2, 3))))
            ]
        )
        trio.note(try trio.b.move(from: 3, to: 1, in: list))
        trio.note(try trio.b.delete(0..<2, in: list))
        try trio.sync()
        #expect(
            trio.patches == [
                .list(ListPatch(list: list, action: .move(from: 3, to: 1))),
                .list(ListPatch(list: list, action: .splice(index: 0, deleteCount: 2, insert: []))),
            ]
        )
    }

    @Test("A thousand moves of one item cost a thousand moves, and texts beside lists stay as they were")
    func manyMoves() throws {
        var trio = Trio()
        trio.note(try trio.a.insert((0..<100).map { .number(Double($0)) }, at: 0, in: list))
        for step in 0..<1000 {
            trio.note(try trio.a.move(from: step % 100, to: (step * 7) % 100, in: list))
            trio.note(try trio.a.insert(Array("x".utf16), at: step, in: "cards"))
        }
        try trio.sync()
        #expect(trio.c.count(of: list) == 100)
        #expect(trio.c.values(of: list) == trio.a.values(of: list))
        #expect(trio.c.utf16Count(of: "cards") == 1000)
    }
}
