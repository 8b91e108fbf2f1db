import CRDT
import QuireClient
import TestSupport
import Testing

/// Lists, maps and undo of the Swift client, against a server.
@Suite("The Swift client's lists and maps")
struct ContainerClientTests {
    @Test("Lists and maps of two clients converge, nested ones too, and observers hear of them")
    func converges() async throws {
        try await withServer { port in
            let first = try QuireConnection(url: "http://127.0.0.1:\(port)")
            let second = try QuireConnection(url: "http://127.0.0.1:\(port)")
            let ada = try await first.open("board")
            let grace = try await second.open("board")
            let cards = ListID("cards")
            let shapes = MapID("shapes")
            let events = await grace.events()
            try await ada.insert([.string("a"), .number(1.5), .text(Array("hello".utf16))], at: 0, in: cards)
            try await ada.set(
                .map([Content.Entry(key: Array("x".utf8), content: .number(1))]),
                for: "s1",
                in: shapes
            )
            try await ada.flush()
            try await grace.received(ada.version)
            #expect(await grace.keys(of: shapes) == ["s1"])
            guard case .container(.map(let shape)) = await grace.value(for: "s1", in: shapes),
                case .container(.text(let title)) = await grace.values(of: cards).last
            else { return #expect(Bool(false), "nothing is nested") }
            // Both at once: each edits what the other does not know yet.
            try await grace.set(.number(2), for: "y", in: shape)
            try await ada.set(.number(3), for: "x", in: shape)
            try await grace.insert(" there", at: 5, in: title)
            // Indices mean what one sees: the item is moved once its list is the shorter one.
            try await grace.delete(0..<1, in: cards)
            try await grace.flush()
            try await ada.received(grace.version)
            try await ada.move(from: 1, to: 0, in: cards)
            for one in [ada, grace] { try await one.flush() }
            try await ada.received(grace.version)
            try await grace.received(ada.version)
            for one in [ada, grace] {
                #expect(
                    await one.content(of: .list(cards)) == .list([.text(Array("hello there".utf16)), .number(1.5)])
                )
                #expect(
                    await one.content(of: .map(shape))
                        == .map([
                            Content.Entry(key: Array("x".utf8), content: .number(3)),
                            Content.Entry(key: Array("y".utf8), content: .number(2)),
                        ])
                )
                #expect(await one.roots == [.list(cards), .map(shapes)])
            }
            try await ada.unset("s1", in: shapes)
            #expect(await ada.value(for: "s1", in: shapes) == nil)
            #expect(await ada.keys(of: shapes) == [])

            var patches: [Patch] = []
            for await event in events {
                if case .patches(let some) = event { patches += some }
                if patches.contains(.list(ListPatch(list: cards, action: .move(from: 1, to: 0)))) { break }
            }
            #expect(
                patches.first
                    == .list(
                        ListPatch(
                            list: cards,
                            action: .splice(
                                index: 0,
                                deleteCount: 0,
                                insert: [.string("a"), .number(1.5), .container(.text(title))]
                            )
                        )
                    )
            )
            await first.close()
            await second.close()
        }
    }

    @Test("What is refused is refused here, with the engine's code")
    func refusals() async throws {
        try await withServer { port in
            let connection = try QuireConnection(url: "http://127.0.0.1:\(port)")
            let document = try await connection.open("refused")
            let list = ListID("l")
            await #expect(throws: QuireError.self) { try await document.move(from: 0, to: 0, in: ListID("none")) }
            await #expect(throws: QuireError.self) { try await document.delete(0..<1, in: list) }
            await #expect(throws: QuireError.self) { try await document.insert([.number(.nan)], at: 0, in: list) }
            await #expect(throws: QuireError.self) {
                try await document.set(.null, for: String(repeating: "k", count: 257), in: MapID("m"))
            }
            #expect(await document.roots == [])
            #expect(await document.pendingCount == 0)
            await connection.close()
        }
    }

    @Test("Undo takes one's own steps back and leaves others' alone, on the server too")
    func undo() async throws {
        try await withServer { port in
            let first = try QuireConnection(url: "http://127.0.0.1:\(port)")
            let second = try QuireConnection(url: "http://127.0.0.1:\(port)")
            let ada = try await first.open("undo", options: DocumentOptions(undoLimit: 10))
            let grace = try await second.open("undo")
            #expect(await !ada.canUndo)
            try await ada.insert("one ", at: 0)
            await ada.closeUndoStep()
            try await ada.insert("two", at: 4)
            try await ada.set(.bool(true), for: "k", in: MapID("m"))
            try await ada.flush()
            try await grace.received(ada.version)
            try await grace.insert("<", at: 0)
            try await grace.flush()
            try await ada.received(grace.version)
            let patches = try await ada.undo()
            #expect(!patches.isEmpty)
            #expect(await ada.text() == "<one ")
            #expect(await ada.value(for: "k", in: MapID("m")) == nil)
            try await ada.flush()
            try await grace.received(ada.version)
            #expect(await grace.text() == "<one ")
            #expect(await ada.canRedo)
            try await ada.redo()
            try await ada.flush()
            try await grace.received(ada.version)
            #expect(await grace.text() == "<one two")
            #expect(await grace.value(for: "k", in: MapID("m")) == .bool(true))
            #expect(await !grace.canUndo)
            #expect(try await grace.undo() == [])
            await first.close()
            await second.close()
        }
    }
}
