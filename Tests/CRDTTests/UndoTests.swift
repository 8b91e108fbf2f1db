import CRDT
import TestSupport
import Testing

@Suite("Undo")
struct UndoTests {
    private func units(_ string: String) -> [UInt16] { Array(string.utf16) }

    private func recording(_ replica: UInt64) -> Document {
        var document = Document(replica: ReplicaID(replica))
        document.undoLimit = 100
        return document
    }

    private func pass(_ change: Change?, to document: inout Document) throws {
        var patches: [Patch] = []
        if let change { try document.integrate(change, patches: &patches) }
    }

    @Test("Consecutive edits of a step are undone and redone together")
    func steps() throws {
        var document = recording(1)
        for (index, unit) in units("hello").enumerated() { _ = try document.insert([unit], at: index, in: "body") }
        document.closeUndoStep()
        for index in (2..<5).reversed() { _ = try document.delete(index..<index + 1, in: "body") }
        _ = try document.insert(units("y😀"), at: 2, in: "body")
        #expect(document.string(of: "body") == "hey😀")
        #expect(try document.undo() != nil)
        #expect(document.string(of: "body") == "hello")
        #expect(try document.undo() != nil)
        #expect(document.string(of: "body") == "")
        #expect(!(document.canUndo as Bool))
        #expect(try document.undo() == nil)
        #expect(try document.redo() != nil && document.redo() != nil)
        #expect(document.string(of: "body") == "hey😀")
        #expect(!(document.canRedo as Bool))
    }

    @Test("Nothing is recorded before it is asked for, and only as many steps as asked for")
    func limit() throws {
        var document = Document(replica: ReplicaID(1))
        _ = try document.insert(units("a"), at: 0, in: "body")
        #expect(!(document.canUndo as Bool))
        document.undoLimit = 2
        #expect(!(document.canUndo as Bool))
        for _ in 0..<3 {
            _ = try document.insert(units("b"), at: 0, in: "body")
            document.closeUndoStep()
        }
        while try document.undo() != nil {}
        #expect(document.string(of: "body") == "ba")
        document.undoLimit = 0
        #expect(!(document.canRedo as Bool))
    }

    /// The eraser is another replica, or the same one before it started again.
    @Test("What is erased beside a received erasure comes back", arguments: [1, 2])
    func besideReceived(eraser id: UInt64) throws {
        var eraser = Document(replica: ReplicaID(1))
        let inserted = try eraser.insert(units("abcdef"), at: 0, in: "body")
        if id != 1 { eraser = try Document(snapshot: eraser.snapshot(), replica: ReplicaID(id)) }
        let erased = try eraser.delete(2..<3, in: "body")
        var document = recording(1)
        var changes = ChangeBuffer()
        var patches = PatchBuffer()
        for change in [try #require(inserted), try #require(erased)] {
            _ = try document.receive(change.encoded.span, patches: &patches)
        }
        document.closeUndoStep()
        let found = document.textHandle("body")
        let handle = try #require(found)
        try document.delete(1..<2, in: handle, to: &changes)
        try document.delete(1..<2, in: handle, to: &changes)
        #expect(document.string(of: "body") == "aef")
        #expect(try document.undo() != nil)
        #expect(document.string(of: "body") == "abdef")
    }

    @Test("What is erased before the recording begins is not noted, what is erased beside it then is")
    func besideUnrecorded() throws {
        var document = Document(replica: ReplicaID(1))
        _ = try document.insert(units("abcdef"), at: 0, in: "body")
        let found = document.textHandle("body")
        let handle = try #require(found)
        document.begin()
        try document.delete(3..<4, in: handle)
        document.undoLimit = 10
        try document.delete(2..<3, in: handle)
        _ = document.commit()
        #expect(document.string(of: "body") == "abef")
        #expect(try document.undo() != nil)
        #expect(document.string(of: "body") == "abcef")
    }

    @Test("An edit forgets what could be redone")
    func redoForgotten() throws {
        var document = recording(1)
        _ = try document.insert(units("a"), at: 0, in: "body")
        _ = try document.undo()
        #expect((document.canRedo as Bool))
        _ = try document.insert(units("b"), at: 0, in: "body")
        #expect(!(document.canRedo as Bool))
        #expect(try document.redo() == nil)
        #expect(document.string(of: "body") == "b")
    }

    @Test("Others' edits stay, and what others deleted comes back where one deleted it alone")
    func others() throws {
        var first = recording(1)
        var second = recording(2)
        try pass(first.insert(units("abcdef"), at: 0, in: "body"), to: &second)
        first.closeUndoStep()
        // Both delete "cd"; the second one "e" alone; the first one inserts.
        let one = try first.edit([
            TextEdit(text: "body", utf16Offset: 2, deleteCount: 2, insert: units("XY"))
        ])
        let two = try second.edit([TextEdit(text: "body", utf16Offset: 2, deleteCount: 3, insert: units("Z"))])
        try pass(one, to: &second)
        try pass(two, to: &first)
        #expect(first.string(of: "body") == second.string(of: "body"))
        // Deleted twice and restored once.
        try pass(first.undo(), to: &second)
        #expect(first.string(of: "body") == "abZf")
        try pass(second.undo(), to: &first)
        #expect(first.string(of: "body") == "abcdef")
        try pass(first.redo(), to: &second)
        try pass(second.redo(), to: &first)
        #expect(first.text(of: "body") == second.text(of: "body"))
        #expect(first.snapshot() == second.snapshot())
        // The very first insertion goes; what the other one inserted stays.
        try pass(first.undo(), to: &second)
        try pass(first.undo(), to: &second)
        #expect(second.string(of: "body") == "Z")
    }

    @Test("An anchor in deleted text is where it was once the text is restored")
    func anchors() throws {
        var document = recording(1)
        _ = try document.insert(units("abcdef"), at: 0, in: "body")
        document.closeUndoStep()
        let anchor = document.anchor(at: 3, side: .left, in: "body")
        _ = try document.delete(1..<5, in: "body")
        #expect(document.utf16Offset(of: anchor, in: "body") == 1)
        _ = try document.undo()
        #expect(document.utf16Offset(of: anchor, in: "body") == 3)
    }

    @Test("A key holds again what it held, unless somebody else has set it since")
    func maps() throws {
        var first = recording(1)
        var second = recording(2)
        let fill: [UInt8] = Array("fill".utf8)
        try pass(first.set(.string("red"), for: fill, in: MapID("map")), to: &second)
        first.closeUndoStep()
        try pass(first.set(.string("green"), for: fill, in: MapID("map")), to: &second)
        try pass(first.set(.string("blue"), for: fill, in: MapID("map")), to: &second)
        try pass(first.undo(), to: &second)
        #expect(second.value(for: fill, in: MapID("map")) == .string("red"))
        try pass(first.redo(), to: &second)
        #expect(second.value(for: fill, in: MapID("map")) == .string("blue"))
        try pass(second.set(.string("mine"), for: fill, in: MapID("map")), to: &first)
        #expect(try first.undo() == nil)
        #expect(first.value(for: fill, in: MapID("map")) == .string("mine"))
    }

    @Test("A nested container comes back with what others wrote into it meanwhile")
    func containers() throws {
        var first = recording(1)
        var second = recording(2)
        let key: [UInt8] = Array("shape".utf8)
        let shape = Content.map([.init(key: Array("x".utf8), content: .number(1))])
        try pass(first.set(shape, for: key, in: MapID("shapes")), to: &second)
        guard case .container(.map(let map)) = second.value(for: key, in: MapID("shapes")) else {
            Issue.record("no map")
            return
        }
        let undone = try first.undo()
        try pass(second.set(.number(2), for: Array("x".utf8), in: map), to: &first)
        try pass(undone, to: &second)
        #expect(second.value(for: key, in: MapID("shapes")) == nil)
        try pass(first.redo(), to: &second)
        #expect(second.value(for: key, in: MapID("shapes")) == .container(.map(map)))
        #expect(second.value(for: Array("x".utf8), in: map) == .number(2))
        #expect(first.content(of: .map(MapID("shapes"))) == second.content(of: .map(MapID("shapes"))))
    }

    @Test("A moved item goes back, unless somebody else has moved it since")
    func moves() throws {
        var first = recording(1)
        var second = recording(2)
        try pass(first.insert([.number(0), .number(1), .number(2)], at: 0, in: ListID("list")), to: &second)
        first.closeUndoStep()
        try pass(first.move(from: 0, to: 2, in: ListID("list")), to: &second)
        try pass(first.move(from: 2, to: 1, in: ListID("list")), to: &second)
        try pass(first.undo(), to: &second)
        #expect(second.values(of: ListID("list")) == [.number(0), .number(1), .number(2)])
        try pass(first.redo(), to: &second)
        #expect(second.values(of: ListID("list")) == [.number(1), .number(0), .number(2)])
        try pass(second.move(from: 1, to: 2, in: ListID("list")), to: &first)
        #expect(try first.undo() != nil)  // the insertion of all three
        #expect(first.count(of: ListID("list")) == 0)
    }

    @Test("What the replica did in another copy, and receives here, is no step", arguments: [false, true])
    func receivesItsOwn(fromBytes: Bool) throws {
        let text: TextID = "body"
        var first = Document(replica: ReplicaID(1))
        let start = try first.insert(Array("ab".utf16), at: 0, in: text)
        var changes = [start]
        for offset in 2..<6 { changes.append(try first.insert([99], at: offset, in: text)) }
        var copy = recording(1)
        for change in changes.compactMap({ $0 }) {
            if fromBytes {
                var patches = PatchBuffer()
                _ = try copy.receive(change.encoded.span, patches: &patches)
            } else {
                var patches: [Patch] = []
                _ = try copy.receive([change], patches: &patches)
            }
        }
        let (canUndo, undone) = (copy.canUndo, try copy.undo())
        #expect(!canUndo && undone == nil)
        _ = try copy.insert([100], at: 6, in: text)
        _ = try copy.undo()
        let content = copy.string(of: text)
        #expect(content == "abcccc")
    }

    /// 500 documents of one author: all undone is the start, all redone is the end.
    @Test("Undoing all gives the start and redoing all the end", arguments: 0..<10)
    func all(_ block: UInt64) throws {
        for seed in block * 50..<block * 50 + 50 {
            var history = LoneHistory(seed: seed)
            try history.run()
        }
    }
}
