import CRDT
import Collaboration
import TestSupport
import Testing

@Suite("Changes of one turn")
struct BroadcasterTests {
    private final class Writer {
        var document: Document

        init(replica: UInt64) { document = Document(replica: ReplicaID(replica)) }
    }

    /// Two that write, one that reads, one thin client; and a turn that lasts.
    private final class Scene {
        let harness: RoomHarness
        private var writers: [SessionID: Writer] = [:]

        init() async throws {
            harness = try await RoomHarness.open()
            for (number, session) in (["a", "b"] as [SessionID]).enumerated() {
                try harness.join(session)
                writers[session] = Writer(replica: UInt64(number + 1))
            }
            try harness.join("reader", role: .read)
            try harness.join("thin", format: .content)
            harness.outbox.hasTurns = true
        }

        /// Has a writer insert at the beginning, and gives the change.
        @discardableResult
        func type(_ text: String, as session: SessionID) throws -> [UInt8] {
            let writer = try #require(writers[session])
            let bytes = try #require(try writer.document.insert(Array(text.utf16), at: 0, in: "body")).encoded
            #expect(harness.change(bytes, from: session).error == nil)
            return bytes
        }

        func set(_ changes: [UInt8]..., revision: UInt64, session: SessionID) throws -> RoomEvent {
            let changes = try changes.map { try Change(decoding: $0) }
            return .change(ChangeSet.encode(changes), revision: Revision(revision), session: session)
        }
    }

    @Test("What one participant sends in a turn is one event for full clients, and one each for thin ones")
    func together() async throws {
        let scene = try await Scene()
        let (one, two, three) = (
            try scene.type("1", as: "a"), try scene.type("2", as: "a"), try scene.type("3", as: "a")
        )
        #expect(scene.harness.outbox.take("reader") == [])
        #expect(scene.harness.outbox.take("thin").count == 3)
        scene.harness.outbox.endTurn()
        let event = try scene.set(one, two, three, revision: 3, session: "a")
        #expect(scene.harness.outbox.take("reader") == [event])
        #expect(scene.harness.outbox.take("b") == [event])
        #expect(scene.harness.outbox.take("a") == [])

        let alone = try scene.type("4", as: "a")
        scene.harness.outbox.endTurn()
        let event4 = RoomEvent.change(alone, revision: Revision(4), session: "a")
        #expect(scene.harness.outbox.take("b") == [event4], "its very bytes")
        scene.harness.outbox.endTurn()
        #expect(scene.harness.outbox.take("b") == [])
    }

    @Test("Authors are not mixed, and their order is kept")
    func authors() async throws {
        let scene = try await Scene()
        let (one, two) = (try scene.type("1", as: "a"), try scene.type("2", as: "a"))
        let three = try scene.type("3", as: "b")
        let four = try scene.type("4", as: "a")
        scene.harness.outbox.endTurn()
        let first = try scene.set(one, two, revision: 2, session: "a")
        let second = try scene.set(three, revision: 3, session: "b")
        let third = try scene.set(four, revision: 4, session: "a")
        #expect(scene.harness.outbox.take("reader") == [first, second, third])
        #expect(scene.harness.outbox.take("a") == [second])
        #expect(scene.harness.outbox.take("b") == [first, third])
    }

    @Test(
        "Whatever else comes stands behind the changes before it",
        arguments: ["signal", "role", "presence", "join", "leave", "behind", "unload"]
    )
    func order(what: String) async throws {
        let scene = try await Scene()
        let room = scene.harness.room
        _ = scene.harness.outbox.take("reader", presence: true)
        let change = try scene.type("1", as: "a")
        switch what {
        case "signal": try room.signal([0x31], from: "b")
        case "role": room.setRole(.write, of: "reader")
        case "presence":
            try room.setPresence([0x31], from: "a")
            scene.harness.advance(milliseconds: 1000)
        case "join": try scene.harness.join("late")
        case "leave": room.leave("reader")
        case "behind": room.fellBehind("reader")
        default: room.unload {}
        }
        let event = RoomEvent.change(change, revision: Revision(1), session: "a")
        let events = scene.harness.outbox.take("reader", presence: true)
        #expect(events.first == event)
        switch what {
        case "signal", "role", "presence", "unload": #expect(events.count == 2)
        default: #expect(events.count == 1)
        }
        scene.harness.outbox.endTurn()
        #expect(scene.harness.outbox.take("reader") == [], "nothing comes twice")
        #expect(scene.harness.outbox.take("late") == [], "it is in what a join is answered with")
        guard what == "behind" else { return }
        room.drained("reader")
        #expect(scene.harness.outbox.take("reader") == [])
    }

    @Test("Who falls behind with a set gets the rest when it reads again")
    func behind() async throws {
        let scene = try await Scene()
        try scene.type("1", as: "a")
        try scene.type("2", as: "a")
        scene.harness.outbox.congested = ["reader"]
        scene.harness.outbox.endTurn()
        #expect(scene.harness.outbox.take("reader").count == 1)
        let three = try scene.type("3", as: "a")
        scene.harness.outbox.endTurn()
        #expect(scene.harness.outbox.take("reader") == [])
        scene.harness.outbox.congested = []
        scene.harness.room.drained("reader")
        #expect(scene.harness.outbox.take("reader") == [.change(three, revision: Revision(3), session: nil)])
    }

    @Test("A set has at most 64 KiB, unless one message has more")
    func bound() async throws {
        let scene = try await Scene()
        let text = String(repeating: "x", count: 20_000)
        for _ in 0..<7 { try scene.type(text, as: "a") }
        try scene.type(String(repeating: "x", count: 100_000), as: "a")
        scene.harness.outbox.endTurn()
        let sizes = scene.harness.outbox.take("b").map { event in
            if case .change(let bytes, _, _) = event { bytes.count / 20_000 } else { -1 }
        }
        #expect(sizes == [3, 3, 1, 5])
    }
}
