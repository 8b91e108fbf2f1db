import CRDT
import Collaboration
import TestSupport
import Testing

@Suite("Changes of full clients")
struct RoomChangeTests {
    @Test("A change is broadcast at once, in the very bytes, and acknowledged after the commit")
    func mergeBroadcastCommit() async throws {
        let harness = try await RoomHarness.open()
        for session in ["a", "b", "c"] as [SessionID] { try harness.join(session) }
        var document = Document(replica: ReplicaID(1))
        let change = try #require(try document.insert(Array("hello".utf16), at: 0, in: "body"))
        let outcome = harness.change(change.encoded, from: "a")
        #expect(harness.text == "hello")
        #expect(outcome.count == 0)
        let event = RoomEvent.change(change.encoded, revision: Revision(1), session: "a")
        #expect(harness.outbox.take("b") == [event] && harness.outbox.take("c") == [event])
        #expect(harness.outbox.take("a") == [])
        #expect(harness.outbox.broadcastCount == 1, "encoded once")
        harness.commit()
        #expect(outcome.count == 1)
        #expect(outcome.value == Revision(1))
        #expect(harness.memory.head(of: RoomHarness.id) == Revision(1))
    }

    @Test("Acknowledgements come in order, and each means that all before it are durable")
    func order() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("a")
        var document = Document(replica: ReplicaID(1))
        var outcomes: [Outcome<Revision>] = []
        for number in 0..<5 {
            let change = try #require(try document.insert(Array("x".utf16), at: number, in: "body"))
            outcomes.append(harness.change(change.encoded, from: "a"))
        }
        harness.commit(2)
        #expect(outcomes.map(\.count) == [1, 1, 0, 0, 0])
        harness.commit()
        #expect(outcomes.map { $0.value?.rawValue } == [1, 2, 3, 4, 5])
    }

    @Test("Many commits need one hop to the room")
    func oneHop() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("a")
        var document = Document(replica: ReplicaID(1))
        for number in 0..<100 {
            let change = try #require(try document.insert(Array("x".utf16), at: number, in: "body"))
            _ = harness.change(change.encoded, from: "a")
        }
        harness.memory.commit()
        #expect(harness.executor.count == 1)
    }

    @Test("What is known already is stored and broadcast once, and acknowledged when it is durable")
    func duplicates() async throws {
        let harness = try await RoomHarness.open()
        for session in ["a", "b"] as [SessionID] { try harness.join(session) }
        var document = Document(replica: ReplicaID(1))
        let change = try #require(try document.insert(Array("hello".utf16), at: 0, in: "body"))
        _ = harness.change(change.encoded, from: "a")
        let again = harness.change(change.encoded, from: "b")
        #expect(again.count == 0, "it is not durable yet")
        harness.commit()
        #expect(again.value == Revision(1))
        #expect(harness.change(change.encoded, from: "a").value == Revision(1))
        #expect(harness.room.revision == Revision(1))
        #expect(harness.outbox.take("b").count == 1)

        let second = try #require(try document.insert(Array("!".utf16), at: 5, in: "body"))
        let both = harness.change(ChangeSet.encode([change, second]), from: "a")
        #expect(harness.outbox.take("b") == [.change(second.encoded, revision: Revision(2), session: "a")])
        harness.commit()
        #expect(both.value == Revision(2))
        #expect(harness.text == "hello!")
    }

    @Test("A change whose number another one took is refused, not acknowledged as known")
    func numberTaken() async throws {
        let harness = try await RoomHarness.open()
        for session in ["a", "b"] as [SessionID] { try harness.join(session) }
        var honest = Document(replica: ReplicaID(1))
        var forger = Document(replica: ReplicaID(1))
        let forged = try #require(try forger.insert(Array("forged".utf16), at: 0, in: "body"))
        let change = try #require(try honest.insert(Array("honest".utf16), at: 0, in: "body"))
        _ = harness.change(forged.encoded, from: "b")
        harness.commit()
        #expect(harness.change(change.encoded, from: "a").error?.code == .invalidChange)
        #expect(harness.change(forged.encoded, from: "a").value == Revision(1))
    }

    @Test("A change that builds on something missing is refused with the room's version; then it can be healed")
    func missing() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("a")
        var document = Document(replica: ReplicaID(1))
        let first = try #require(try document.insert(Array("a".utf16), at: 0, in: "body"))
        let second = try #require(try document.insert(Array("b".utf16), at: 1, in: "body"))
        let error = try #require(harness.change(second.encoded, from: "a").error)
        #expect(error.code == .missingChanges && error.isRetryable)
        guard case .version(let version, let revision) = error.details else {
            Issue.record("no version came with MISSING_CHANGES")
            return
        }
        #expect(version.isEmpty && revision == .zero)
        _ = harness.change(ChangeSet.encode([first, second]), from: "a")
        #expect(harness.text == "ab")
    }

    @Test("Of a set whose later part is refused the earlier part is kept, and can be sent again")
    func partly() async throws {
        let harness = try await RoomHarness.open()
        for session in ["a", "b"] as [SessionID] { try harness.join(session) }
        var document = Document(replica: ReplicaID(1))
        let first = try #require(try document.insert(Array("a".utf16), at: 0, in: "body"))
        _ = try #require(try document.insert(Array("b".utf16), at: 1, in: "body"))
        let third = try #require(try document.insert(Array("c".utf16), at: 2, in: "body"))
        let outcome = harness.change(ChangeSet.encode([first, third]), from: "a")
        #expect(outcome.error?.code == .missingChanges)
        #expect(harness.outbox.take("b") == [.change(first.encoded, revision: Revision(1), session: "a")])
        harness.commit()
        #expect(outcome.count == 1)
        #expect(harness.change(first.encoded, from: "a").value == Revision(1))
    }

    @Test(
        "Bytes that are no change set are INVALID_CHANGE, and change nothing",
        arguments: [[], [0], [1, 2, 3], Array(repeating: 0xff, count: 1_000)] as [[UInt8]]
    )
    func garbage(bytes: [UInt8]) async throws {
        let harness = try await RoomHarness.open()
        try harness.join("a")
        #expect(harness.change(bytes, from: "a").error?.code == .invalidChange)
        #expect(harness.room.revision == .zero)
    }

    @Test("Nobody but the server speaks for the server's replica")
    func forged() async throws {
        let harness = try await RoomHarness.open(replica: 77)
        try harness.join("a")
        var document = Document(replica: ReplicaID(77))
        let change = try #require(try document.insert(Array("x".utf16), at: 0, in: "body"))
        #expect(harness.change(change.encoded, from: "a").error?.code == .invalidChange)
    }

    @Test("A reader's change is refused with the last accepted version, also when the role changed just now")
    func roles() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("r", role: .read)
        try harness.join("w")
        var document = Document(replica: ReplicaID(1))
        let first = try #require(try document.insert(Array("a".utf16), at: 0, in: "body"))
        let second = try #require(try document.insert(Array("b".utf16), at: 1, in: "body"))
        #expect(harness.change(first.encoded, from: "r").error?.code == .forbidden)
        #expect(harness.change(first.encoded, from: "w").error == nil)
        harness.room.setRole(.read, of: "w")
        #expect(harness.outbox.take("w") == [.role(.read, revision: Revision(1))])
        let error = harness.change(second.encoded, from: "w").error
        #expect(error?.code == .forbidden)
        guard case .version(let version, let revision) = error?.details else {
            Issue.record("no version came with FORBIDDEN")
            return
        }
        #expect(version[ReplicaID(1)] == 1 && revision == Revision(1))
        harness.room.setRole(.write, of: "w")
        #expect(harness.change(second.encoded, from: "w").error == nil)
        #expect(harness.change(second.encoded, from: "nobody").error?.code == .notJoined)
    }

    @Test("At the limit of the size insertions are refused and deletions pass")
    func tooLarge() async throws {
        var limits = RoomLimits()
        limits.documentByteCount = 4_000
        let harness = try await RoomHarness.open(limits: limits)
        try harness.join("a")
        var document = Document(replica: ReplicaID(1))
        let text = Array(repeating: UInt16(0x78), count: 1_700)
        let fits = try #require(try document.insert(text, at: 0, in: "body"))
        #expect(harness.change(fits.encoded, from: "a").error == nil)
        var copy = Document(replica: ReplicaID(2))
        var patches: [Patch] = []
        try copy.integrate(fits, patches: &patches)
        let random = (0..<1_700).map { UInt16(0x61 + $0 * 7 % 26) }
        let excess = try #require(try copy.insert(random, at: 0, in: "body"))
        #expect(harness.change(excess.encoded, from: "a").error?.code == .tooLarge)
        let deletion = try #require(try document.delete(0..<1_000, in: "body"))
        #expect(harness.change(deletion.encoded, from: "a").error == nil)
        #expect(harness.text.utf16.count == 700)
    }
}
