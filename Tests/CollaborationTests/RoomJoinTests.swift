import CRDT
import TestSupport
import Testing

@testable import Collaboration

@Suite("Joining, catching up, falling behind")
struct RoomJoinTests {
    /// Types one letter a change and sends each.
    private func type(_ count: Int, into harness: RoomHarness, _ document: inout Document) throws {
        for _ in 0..<count {
            let end = document.utf16Count(of: "body")
            let change = try #require(try document.insert([UInt16(0x61 + end % 26)], at: end, in: "body"))
            #expect(harness.change(change.encoded, from: "w").error == nil)
        }
        harness.commit()
    }

    @Test("A full client that says what it has gets exactly what is missing, and is recovered")
    func exactlyWhatIsMissing() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("w")
        var document = Document(replica: ReplicaID(1))
        try type(3, into: harness, &document)
        let known = document.version
        var other = Document(replica: ReplicaID(2))
        var patches: [Patch] = []
        guard case .changes(let all) = try harness.join("o").catchUp else { return fail("no changes") }
        _ = try other.receive(ChangeSet.decode(all), patches: &patches)
        try type(2, into: harness, &document)

        let reply = try harness.join("o", version: known, epoch: harness.room.epoch)
        #expect(reply.recovered)
        #expect(reply.revision == Revision(5) && reply.version == document.version)
        guard case .changes(let missed) = reply.catchUp else { return fail("no changes") }
        #expect(try ChangeSet.decode(missed).map(\.sequence) == [3, 4])
        let upToDate = try harness.join("o", version: document.version, epoch: harness.room.epoch)
        #expect(upToDate.recovered && upToDate.catchUp == .changes([]))
        #expect(upToDate.members.map(\.session) == ["w", "o"])
    }

    @Test("Another epoch, or no version, gets the whole document and is not recovered")
    func otherEpoch() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("w")
        var document = Document(replica: ReplicaID(1))
        try type(3, into: harness, &document)
        for epoch in [nil, Epoch("another")] {
            let reply = try harness.join("o", version: document.version, epoch: epoch)
            #expect(!reply.recovered)
            guard case .changes(let all) = reply.catchUp else { return fail("no changes") }
            #expect(try ChangeSet.decode(all).count == 3)
        }
    }

    @Test("When the changes are no longer there singly, or are more than a snapshot, a snapshot comes")
    func snapshotInstead() async throws {
        var limits = RoomLimits()
        limits.changeLogByteCount = 500
        let harness = try await RoomHarness.open(limits: limits)
        try harness.join("w")
        var document = Document(replica: ReplicaID(1))
        try type(200, into: harness, &document)
        let reply = try harness.join("o", version: Version(), epoch: harness.room.epoch)
        guard case .snapshot(let bytes) = reply.catchUp else { return fail("no snapshot") }
        #expect(!reply.recovered)
        let copy = try Document(snapshot: bytes, replica: ReplicaID(2))
        #expect(copy.string(of: "body") == harness.text && copy.version == reply.version)
        var known = document.version
        known[ReplicaID(1)] = 199
        #expect(try harness.join("o", version: known, epoch: harness.room.epoch).recovered)

        let roomy = try await RoomHarness.open()
        try roomy.join("w")
        var typed = Document(replica: ReplicaID(1))
        try type(4_000, into: roomy, &typed)
        guard case .snapshot = try roomy.join("o").catchUp else { return fail("changes were smaller?") }
        #expect(typed.version == roomy.room.version)
    }

    @Test("A snapshot is held back until what is in it is durable; what came meanwhile follows it")
    func snapshotWaits() async throws {
        var limits = RoomLimits()
        limits.changeLogByteCount = 500
        let harness = try await RoomHarness.open(limits: limits)
        try harness.join("w")
        var document = Document(replica: ReplicaID(1))
        try type(200, into: harness, &document)
        func send(_ letter: String) throws {
            let change = try #require(try document.insert(Array(letter.utf16), at: 0, in: "body"))
            #expect(harness.change(change.encoded, from: "w").error == nil)
        }
        try send("1")
        let outcome = Outcome<JoinReply>()
        let request = JoinRequest(session: "o", user: User(id: "o", name: "o"), role: .write)
        harness.room.join(request) { outcome.set($0) }
        try send("2")
        harness.room.drained("o")
        #expect(outcome.count == 0 && harness.outbox.take("o") == [])
        harness.commit(1)
        let reply = try #require(outcome.value)
        guard case .snapshot(let bytes) = reply.catchUp else { return fail("no snapshot") }
        var copy = try Document(snapshot: bytes, replica: ReplicaID(2))
        #expect(reply.revision == Revision(201) && copy.version == reply.version)
        let events = harness.outbox.take("o")
        guard events.count == 1, case .change(let missed, Revision(202), nil) = events[0] else {
            return fail("expected one change set, got \(events)")
        }
        var patches: [Patch] = []
        _ = try copy.receive(ChangeSet.decode(missed), patches: &patches)
        #expect(copy.string(of: "body") == harness.text)

        let second = Outcome<JoinReply>()
        try send("3")
        harness.room.join(request) { second.set($0) }
        harness.memory.failNext()
        harness.executor.run()
        #expect(second.error?.code == .storeFailed)
    }

    @Test("A snapshot that answers sync is held back as well")
    func snapshotOfSyncWaits() async throws {
        var limits = RoomLimits()
        limits.changeLogByteCount = 500
        let harness = try await RoomHarness.open(limits: limits)
        try harness.join("w")
        try harness.join("o")
        var document = Document(replica: ReplicaID(1))
        try type(200, into: harness, &document)
        _ = harness.outbox.take("o")
        let change = try #require(try document.insert(Array("1".utf16), at: 0, in: "body"))
        #expect(harness.change(change.encoded, from: "w").error == nil)
        let outcome = Outcome<SyncReply>()
        harness.room.sync(Version(), from: "o") { outcome.set($0) }
        #expect(outcome.count == 0)
        harness.commit(1)
        let reply = try #require(outcome.value)
        guard case .snapshot = reply.catchUp else { return fail("no snapshot") }
        #expect(reply.revision == Revision(201))
    }

    @Test("Who falls behind while a snapshot waits is still behind when it has come", arguments: [true, false])
    func slowWhileSnapshotWaits(isSlowBefore: Bool) async throws {
        var limits = RoomLimits()
        limits.changeLogByteCount = 500
        let harness = try await RoomHarness.open(limits: limits)
        try harness.join("w")
        try harness.join("o")
        var document = Document(replica: ReplicaID(1))
        try type(200, into: harness, &document)
        _ = harness.outbox.take("o")
        func send(_ letter: String) throws {
            let change = try #require(try document.insert(Array(letter.utf16), at: 0, in: "body"))
            #expect(harness.change(change.encoded, from: "w").error == nil)
        }
        if isSlowBefore { harness.room.fellBehind("o") }
        try send("1")
        #expect(harness.outbox.take("o").isEmpty == isSlowBefore)
        let outcome = Outcome<SyncReply>()
        harness.room.sync(Version(), from: "o") { outcome.set($0) }
        if !isSlowBefore { harness.room.fellBehind("o") }
        harness.commit(1)
        #expect(outcome.count == 1)
        try send("2")
        #expect(harness.outbox.take("o") == [], "it does not read, and is sent more")
        harness.room.drained("o")
        let events = harness.outbox.take("o")
        guard events.count == 1, case .change(_, Revision(202), nil) = events[0] else {
            return fail("expected one change set, got \(events)")
        }
        try send("3")
        #expect(harness.outbox.take("o").count == 1)
    }

    @Test("sync gives the changes since a version, to members only")
    func sync() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("w")
        var document = Document(replica: ReplicaID(1))
        try type(4, into: harness, &document)
        var known = Version()
        known[ReplicaID(1)] = 1
        let reply = try harness.room.sync(known, from: "w")
        guard case .changes(let missed) = reply.catchUp else { return fail("no changes") }
        #expect(try ChangeSet.decode(missed).map(\.sequence) == [1, 2, 3])
        #expect(throws: RoomError.self) { try harness.room.sync(known, from: "nobody") }
    }

    @Test("A thin client gets the content of every root")
    func thinContent() async throws {
        let harness = try await RoomHarness.open()
        let empty = try harness.join("t", format: .content)
        #expect(empty.catchUp == .content([]) && !empty.recovered && empty.revision == .zero)
        let edits = [splice(0, "hé😀"), op("title", .text(utf16Offset: 0, deleteCount: 0, insert: Array("T".utf16)))]
        _ = harness.edit(edits, base: 0, from: "t")
        #expect(
            try harness.join("t", format: .content).catchUp
                == .content([
                    RootContent(root: "body", content: .text(Array("hé😀".utf16))),
                    RootContent(root: "title", content: .text([0x54])),
                ])
        )
    }

    @Test("A slow full client gets nothing while it is behind, then one change set; others notice nothing")
    func slowFullClient() async throws {
        let harness = try await RoomHarness.open()
        for session in ["w", "slow", "fast"] as [SessionID] { try harness.join(session) }
        var document = Document(replica: ReplicaID(1))
        try type(2, into: harness, &document)
        harness.outbox.congested = ["slow"]
        try type(1, into: harness, &document)
        #expect(harness.outbox.take("slow").count == 3, "the event that overflowed counts as delivered")
        try type(20, into: harness, &document)
        #expect(harness.outbox.take("slow") == [])
        #expect(harness.outbox.take("fast").count == 23)
        harness.outbox.congested = []
        harness.room.drained("slow")
        let events = harness.outbox.take("slow")
        guard events.count == 1, case .change(let bytes, let revision, nil) = events[0] else {
            return fail("expected one change set, got \(events)")
        }
        #expect(revision == Revision(23))
        #expect(try ChangeSet.decode(bytes).map(\.sequence) == Array(3..<23))
        try type(1, into: harness, &document)
        #expect(harness.outbox.take("slow").count == 1)
        harness.room.drained("slow")
        #expect(harness.outbox.take("slow") == [], "it was not behind")
    }

    @Test("A slow client whose changes are gone, and a thin one that missed text, must join again")
    func resetWhenBehind() async throws {
        var limits = RoomLimits()
        limits.changeLogByteCount = 250
        let harness = try await RoomHarness.open(limits: limits)
        try harness.join("w")
        try harness.join("full")
        try harness.join("thin", format: .content)
        try harness.join("idle", format: .content)
        var document = Document(replica: ReplicaID(1))
        for session in ["full", "thin", "idle"] as [SessionID] { harness.room.fellBehind(session) }
        harness.room.drained("idle")
        #expect(harness.outbox.take("idle") == [], "it missed nothing")
        try type(100, into: harness, &document)
        for session in ["full", "thin"] as [SessionID] {
            harness.room.drained(session)
            #expect(harness.outbox.take(session) == [.reset(.behind, epoch: harness.room.epoch)])
        }
        #expect(harness.room.members.map(\.session) == ["w", "idle"])
    }

    @Test("Presence that was missed while behind comes on draining, also who left")
    func presenceWhileBehind() async throws {
        let harness = try await RoomHarness.open()
        for session in ["slow", "a", "b"] as [SessionID] { try harness.join(session) }
        harness.advance(milliseconds: 100)
        harness.room.fellBehind("slow")
        _ = harness.outbox.take("slow")
        try harness.room.setPresence([1], from: "a")
        harness.room.leave("b")
        harness.advance(milliseconds: 100)
        #expect(harness.outbox.take("slow", presence: true) == [])
        harness.room.drained("slow")
        let events = harness.outbox.take("slow", presence: true)
        #expect(events == [.presence(harness.room.members, left: ["b"])])
        #expect(harness.room.members.map(\.state) == [nil, [1]])
    }

    @Test("A full room refuses the next one, and lets one in again when another left")
    func full() async throws {
        var limits = RoomLimits()
        limits.memberCount = 2
        let harness = try await RoomHarness.open(limits: limits)
        try harness.join("a")
        try harness.join("b")
        #expect(throws: RoomError.self) { try harness.join("c") }
        try harness.join("b", role: .read)
        #expect(harness.room.memberCount == 2)
        harness.room.leave("a")
        try harness.join("c")
    }
}
