import TestSupport
import Testing

@testable import CRDT

@Suite("Nested containers")
struct NestedTests {
    let map = MapID("board")
    let list = ListID("columns")
    let key = Array("k".utf8)

    private func text(_ value: Value?) throws -> TextID {
        guard case .container(.text(let id)) = value else { throw ChangeError.wrongKind }
        return id
    }

    private func inner(_ value: Value?) throws -> MapID {
        guard case .container(.map(let id)) = value else { throw ChangeError.wrongKind }
        return id
    }

    @Test("A text in a list is edited by its name, wherever the item is moved")
    func textInList() throws {
        var trio = Trio()
        trio.note(try trio.a.insert([.text(Array("one".utf16)), .text(Array("two".utf16))], at: 0, in: list))
        try trio.sync()
        let one = try text(trio.b.value(at: 0, in: list))
        trio.note(try trio.a.move(from: 0, to: 1, in: list))
        trio.note(try trio.b.insert(Array("!".utf16), at: 3, in: one))
        try trio.sync()
        #expect(trio.c.content(of: .list(list)) == .list([.text(Array("two".utf16)), .text(Array("one!".utf16))]))
        let found = trio.c.path(of: .text(one))
        let path = try #require(found)
        #expect(path.root == .list(list) && path.components == [.index(1)])
        #expect(trio.c.value(at: path.components, from: path.root) == .container(.text(one)))
    }

    @Test("Edits inside of a container that was overwritten at the same time are kept, out of sight")
    func overwritten() throws {
        var trio = Trio()
        trio.note(try trio.a.set(.text(Array("old".utf16)), for: key, in: map))
        try trio.sync()
        let old = try text(trio.b.value(for: key, in: map))
        trio.a.closeUndoStep()
        trio.note(try trio.a.set(.number(1), for: key, in: map))
        trio.note(try trio.b.insert(Array("er".utf16), at: 3, in: old))
        try trio.sync()
        #expect(trio.c.value(for: key, in: map) == .number(1))
        #expect(trio.c.path(of: .text(old)) == nil)
        #expect(trio.c.string(of: old) == "older")
        // Undo brings the very same text back.
        trio.note(try trio.a.undo())
        try trio.sync()
        #expect(trio.c.value(for: key, in: map) == .container(.text(old)))
        #expect(trio.c.path(of: .text(old))?.components == [.key(key)])
        #expect(trio.c.content(of: .map(map)) == .map([Content.Entry(key: key, content: .text(Array("older".utf16)))]))
    }

    @Test("Two containers created at one key at the same time: one is seen, both live")
    func twoAtOneKey() throws {
        var trio = Trio()
        trio.note(try trio.a.set(.text(Array("a".utf16)), for: key, in: map))
        trio.note(try trio.b.set(.map([Content.Entry(key: key, content: .null)]), for: key, in: map))
        let loser = try inner(trio.b.value(for: key, in: map))
        try trio.sync()
        #expect(trio.c.string(of: try text(trio.c.value(for: key, in: map))) == "a")
        #expect(trio.c.content(of: .map(loser)) == .map([Content.Entry(key: key, content: .null)]))
        trio.note(try trio.b.set(.bool(true), for: key, in: loser))
        try trio.sync()
        #expect(trio.c.value(for: key, in: loser) == .bool(true))
    }

    @Test("Edits inside of a deleted item are kept, and the item comes back with them")
    func deletedItem() throws {
        var trio = Trio()
        trio.note(try trio.a.insert([.list(numbers(1))], at: 0, in: list))
        try trio.sync()
        guard case .container(.list(let nested)) = trio.a.value(at: 0, in: list) else { return #expect(Bool(false)) }
        trio.a.closeUndoStep()
        trio.note(try trio.a.delete(0..<1, in: list))
        trio.note(try trio.b.insert(numbers(2), at: 1, in: nested))
        try trio.sync()
        #expect(trio.c.count(of: list) == 0)
        #expect(trio.c.values(of: nested) == values(1, 2))
        trio.note(try trio.a.undo())
        try trio.sync()
        #expect(trio.c.content(of: .list(list)) == .list([.list(numbers(1, 2))]))
    }

    @Test("Containers nest 64 deep, and no deeper")
    func depth() throws {
        var content = Content.list([])
        for _ in 0..<62 { content = .list([content]) }
        var trio = Trio()
        #expect(throws: EditError.nestingTooDeep) { try trio.a.insert([.list([content])], at: 0, in: list) }
        trio.note(try trio.a.insert([content], at: 0, in: list))
        try trio.sync()
        #expect(trio.c.content(of: .list(list)) == .list([content]))
        var innermost = list
        while case .container(.list(let next)) = trio.b.value(at: 0, in: innermost) { innermost = next }
        #expect(trio.b.path(of: .list(innermost))?.components.count == 63)
        #expect(throws: EditError.nestingTooDeep) { try trio.b.insert([.map([])], at: 0, in: innermost) }
        trio.note(try trio.b.insert(numbers(1), at: 0, in: innermost))
        try trio.sync()
    }

    @Test("A container that is none, or of another kind, is refused")
    func unknown() throws {
        var document = Document(replica: ReplicaID(1))
        _ = try document.insert([.text([]), .null], at: 0, in: list)
        let holder = ElementID(replica: ReplicaID(1), counter: 0)
        let other = ElementID(replica: ReplicaID(1), counter: 1)
        #expect(document.contains(.text(TextID(.nested(holder)))) == true)
        for place in [ContainerPlace.nested(other), .nested(ElementID(replica: ReplicaID(7), counter: 0))] {
            #expect(document.content(of: .list(ListID(place))) == nil)
            #expect(document.path(of: .list(ListID(place))) == nil)
            #expect(throws: EditError.unknownContainer) { try document.insert([97], at: 0, in: TextID(place)) }
        }
        #expect(throws: EditError.unknownContainer) {
            try document.insert(numbers(1), at: 0, in: ListID(.nested(holder)))
        }
        #expect(throws: EditError.unknownContainer) { try document.set(.null, for: key, in: MapID(.nested(holder))) }
        document.checkInvariants()
    }

    @Test("A list in a map and a map in a list, made in one change, are the same everywhere")
    func deepContent() throws {
        var trio = Trio()
        let content = Content.map([
            Content.Entry(
                key: Array("cards".utf8),
                content: .list([.map([]), .text(Array("t😀".utf16)), .list([.null])])
            ),
            Content.Entry(key: Array("title".utf8), content: .string("Board")),
        ])
        trio.note(try trio.a.set(content, for: key, in: map))
        trio.note(try trio.a.insert([content, content], at: 0, in: list))
        try trio.sync()
        #expect(trio.c.content(of: .map(map)) == .map([Content.Entry(key: key, content: content)]))
        #expect(trio.c.content(of: .list(list)) == .list([content, content]))
    }
}
