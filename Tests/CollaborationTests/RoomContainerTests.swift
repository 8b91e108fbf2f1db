import CRDT
import TestSupport
import Testing

@testable import Collaboration

@Suite("Lists and maps in a room")
struct RoomContainerTests {
    /// A room with the thin participants "t" and "u" and the list `l` of "a", "b", "c" and a text.
    private func room(limits: RoomLimits = .init()) async throws -> RoomHarness {
        let harness = try await RoomHarness.open(limits: limits)
        for session in ["t", "u"] as [SessionID] { try harness.join(session, format: .content) }
        let values: [Content] = [.string("a"), .string("b"), .string("c"), .text(Array("text".utf16))]
        _ = harness.edit([items("l", 0, values)], base: 0, from: "t")
        harness.commit()
        _ = harness.outbox.take("u")
        return harness
    }

    private func list(_ harness: RoomHarness) -> [Content] {
        guard case .list(let items) = harness.room.content.first?.content else { return [] }
        return items
    }

    @Test("Of two moves of one item the later one counts")
    func moves() async throws {
        let harness = try await room()
        _ = harness.edit([move("l", 0, 3)], base: 1, from: "t")
        let outcome = harness.edit([move("l", 0, 1)], base: 1, from: "u")
        harness.commit()
        #expect(outcome.value?.applied == [move("l", 3, 1)])
        #expect(list(harness).prefix(3) == [.string("b"), .string("a"), .string("c")])
    }

    @Test("A deletion finds what was moved, and a move of what was deleted is nothing")
    func deletionAndMove() async throws {
        let harness = try await room()
        _ = harness.edit([move("l", 0, 2)], base: 1, from: "t")
        let outcome = harness.edit([items("l", 0, delete: 2)], base: 1, from: "u")
        harness.commit()
        #expect(outcome.value?.applied == [items("l", 0, delete: 1), items("l", 1, delete: 1)])
        #expect(list(harness).first == .string("c"))
        // And the other way round, on "c" and the text.
        _ = harness.edit([items("l", 0, delete: 1)], base: 3, from: "t")
        let late = harness.edit([move("l", 0, 1)], base: 3, from: "u")
        harness.commit()
        #expect(late.value?.applied == [])
    }

    @Test("An edit inside what others took away is nothing, and is said to be nothing")
    func gone() async throws {
        let harness = try await room()
        _ = harness.edit([items("l", 3, delete: 1)], base: 1, from: "t")
        let outcome = harness.edit(
            [op("l/3", .text(utf16Offset: 4, deleteCount: 0, insert: [0x21]))],
            base: 1,
            from: "u"
        )
        harness.commit()
        #expect(outcome.value == EditReceipt(revision: Revision(2), applied: []))
    }

    @Test("An edit inside an emptied list is nothing as well, though its name could be a map's now")
    func emptied() async throws {
        let harness = try await room()
        _ = harness.edit([items("l", 0, delete: 4)], base: 1, from: "t")
        let outcome = harness.edit(
            [op("l/3", .text(utf16Offset: 0, deleteCount: 0, insert: [0x21]))],
            base: 1,
            from: "u"
        )
        harness.commit()
        #expect(outcome.value?.applied == [])
    }

    @Test("What an author puts at a key is where its next edits lead, also before the acknowledgement")
    func ownSlot() async throws {
        let harness = try await room()
        _ = harness.edit([set("m", "k", .map([]))], base: 1, from: "u")
        _ = harness.edit([set("m", "k", .map([]))], base: 1, from: "t")
        _ = harness.edit([set("m/k", "x", .bool(true))], base: 1, from: "t")
        let lost = harness.edit([set("m/k", "y", .bool(true))], base: 1, from: "u")
        harness.commit()
        #expect(lost.value?.applied == [])
        let entry = Content.Entry(key: Array("x".utf8), content: .bool(true))
        #expect(
            harness.room.content.last?.content == .map([Content.Entry(key: Array("k".utf8), content: .map([entry]))])
        )
    }

    @Test("Thin participants hear of full clients' lists and maps by path, and of new containers whole")
    func translated() async throws {
        let harness = try await room()
        let reply = try harness.join("full")
        var document = Document(replica: ReplicaID(7))
        guard case .changes(let bytes) = reply.catchUp else { return fail("no changes") }
        var patches: [Patch] = []
        _ = try document.receive(ChangeSet.decode(bytes), patches: &patches)
        let list = ListID("l")
        guard case .container(.text(let text)) = document.value(at: 3, in: list) else { return fail("no text") }
        // The text is edited before something comes in front of it: its path is as of that moment.
        let change = try document.edit([
            .text(TextEdit(text: text, utf16Offset: 4, insert: [0x21])),
            .list(
                ListEdit(list: list, action: .splice(index: 0, deleteCount: 1, insert: [.list([.null]), .list([])]))
            ),
            .map(MapEdit(map: MapID("a/b"), key: Array("k".utf8), content: nil)),
            .map(MapEdit(map: MapID("a/b"), key: Array("k".utf8), content: .text([0x78]))),
        ])
        _ = harness.change(try #require(change).encoded, from: "full")
        guard case .edit(let heard, _, _) = harness.outbox.take("u").last else { return fail("nothing") }
        #expect(heard.first == op("l/3", .text(utf16Offset: 4, deleteCount: 0, insert: [0x21])))
        #expect(heard.last == set("a~1b", "k", .text([0x78])))
        var tree = ContentTree([
            RootContent(
                root: "l",
                content: .list([.string("a"), .string("b"), .string("c"), .text(Array("text".utf16))])
            )
        ])
        for edit in heard { try tree.apply(edit) }
        #expect(tree == ContentTree(harness.room.content))
    }

    @Test("Thin participants that cannot be told within bounds are told to join again")
    func tooMuchToTell() async throws {
        var limits = RoomLimits()
        limits.transformationSteps = 100
        let harness = try await room(limits: limits)
        let reply = try harness.join("full")
        var document = Document(replica: ReplicaID(7))
        guard case .changes(let bytes) = reply.catchUp else { return fail("no changes") }
        var patches: [Patch] = []
        _ = try document.receive(ChangeSet.decode(bytes), patches: &patches)
        guard case .container(.text(let text)) = document.value(at: 3, in: ListID("l")) else { return fail("no text") }
        let edits = (0..<50).map { _ in
            [
                Edit.text(TextEdit(text: text, utf16Offset: 0, insert: [0x61])),
                .text(TextEdit(text: "body", utf16Offset: 0, insert: [0x61])),
            ]
        }
        let change = try #require(try document.edit(edits.flatMap(\.self)))
        let outcome = harness.change(change.encoded, from: "full")
        harness.commit()
        #expect(outcome.value == Revision(2))
        #expect(harness.outbox.take("u") == [.reset(.behind, epoch: harness.room.epoch)])
        #expect(harness.room.members.map(\.session) == ["full"])
    }

    @Test("Values count against the document's limit, and what was deleted counts no more")
    func limit() async throws {
        var limits = RoomLimits()
        limits.documentByteCount = 2_000
        let harness = try await room(limits: limits)
        let large = Content.string(String(repeating: "x", count: 700))
        var base: UInt64 = 1
        for _ in 0..<5 {
            #expect(harness.edit([items("l", 0, [large])], base: base, from: "t").error == nil)
            harness.commit()
            let refused = harness.edit([items("l", 0, [large, large])], base: base + 1, from: "t")
            #expect(refused.error?.code == .tooLarge)
            #expect(harness.edit([items("l", 0, delete: 1)], base: base + 1, from: "t").error == nil)
            harness.commit()
            base += 2
        }
    }

    @Test("A document of another version of the engine is refused with its own code and noted, and stays")
    func anotherVersion() async throws {
        for bytes: [UInt8] in [[0b1000_0000, 1, 2, 3], [0b1110_0000]] {
            let store = MemoryStore(.manual)
            try await store.create(RoomHarness.id, epoch: Epoch("e"))
            let entry = LogEntry(
                document: RoomHarness.id,
                revision: Revision(1),
                changes: bytes,
                user: "u",
                timestamp: 0
            )
            store.append(entry) { _ in }
            store.commit()
            let stored = try #require(try await store.load(RoomHarness.id))
            let error = #expect(throws: RoomError.self) {
                _ = try RoomHarness(store, stored: stored, limits: .init(), replica: 1)
            }
            #expect(error?.code == (bytes.count == 4 ? .unsupportedFormat : .damaged), "\(error?.message ?? "")")
            guard case .unreadable(let row) = error?.details else { return fail("no row") }
            #expect(row.document == RoomHarness.id && row.item == .change && row.revision == Revision(1))
            #expect(try await store.load(RoomHarness.id) == stored)
        }
    }
}
