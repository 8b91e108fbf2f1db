import CRDT
import Collaboration
import TestSupport
import Testing

@Suite("Presence and signals")
struct RoomPresenceTests {
    @Test("Presence is broadcast at most twenty times a second, and the latest state wins")
    func coalesced() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("a")
        try harness.join("b")
        harness.advance(milliseconds: 1_000)
        _ = harness.outbox.take("b", presence: true)
        for step in 0..<100 as Range<UInt8> {
            try harness.room.setPresence([step], from: "a")
            harness.advance(milliseconds: 10)
        }
        harness.advance(milliseconds: 50)
        let events = harness.outbox.take("b", presence: true)
        #expect((19...21).contains(events.count), "\(events.count) in a second")
        let member = Member(session: "a", user: User(id: "user-a", name: "a"), state: [99])
        #expect(events.last == .presence([member], left: []))
    }

    @Test("The first change after a pause is broadcast at once")
    func prompt() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("a")
        try harness.join("b")
        harness.advance(milliseconds: 0)
        harness.advance(milliseconds: 1_000)
        _ = harness.outbox.take("b", presence: true)
        try harness.room.setPresence([1], from: "a")
        harness.advance(milliseconds: 0)
        #expect(harness.outbox.take("b", presence: true).count == 1)
    }

    @Test("Others hear who came, with the state they came with, and who left; readers take part")
    func comings() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("a", role: .read)
        harness.advance(milliseconds: 100)
        _ = harness.outbox.take("a", presence: true)
        let reply = try harness.join("b", role: .read, presence: [7])
        #expect(reply.members.map(\.state) == [nil, [7]])
        harness.advance(milliseconds: 100)
        let member = Member(session: "b", user: User(id: "user-b", name: "b"), state: [7])
        #expect(harness.outbox.take("a", presence: true) == [.presence([member], left: [])])
        try harness.room.setPresence(nil, from: "b")
        harness.room.leave("b")
        harness.room.leave("b")
        harness.advance(milliseconds: 100)
        #expect(harness.outbox.take("a", presence: true) == [.presence([], left: ["b"])])
        #expect(throws: RoomError.self) { try harness.room.setPresence([1], from: "b") }
    }

    @Test("A state over 4 KiB is refused, on joining too; one of exactly 4 KiB passes")
    func tooLarge() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("a")
        let good = [UInt8](repeating: 1, count: 4_096)
        try harness.room.setPresence(good, from: "a")
        #expect(Self.code { try harness.room.setPresence(good + [1], from: "a") } == .tooLarge)
        #expect(Self.code { try harness.join("b", presence: good + [1]) } == .tooLarge)
        #expect(harness.room.members.map(\.state) == [good])
    }

    @Test("A signal reaches all others once and is not kept")
    func signal() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("a")
        try harness.join("b", role: .read)
        try harness.join("c", format: .content)
        try harness.room.signal([1, 2], from: "b")
        let event = RoomEvent.signal([1, 2], from: "b", user: User(id: "user-b", name: "b"))
        #expect(harness.outbox.take("a") == [event] && harness.outbox.take("c") == [event])
        #expect(harness.outbox.take("b") == [])
        try harness.join("d")
        #expect(harness.outbox.take("d") == [])
        let large = [UInt8](repeating: 0, count: RoomLimits().signalByteCount + 1)
        #expect(Self.code { try harness.room.signal(large, from: "a") } == .tooLarge)
        #expect(Self.code { try harness.room.signal([], from: "nobody") } == .notJoined)
    }

    private static func code(_ body: () throws -> some Any) -> RoomError.Code? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? RoomError)?.code
        }
    }
}
