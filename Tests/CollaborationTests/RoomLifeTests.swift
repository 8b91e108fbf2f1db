import CRDT
import Collaboration
import TestSupport
import Testing

@Suite("Loading, saving, failing, unloading")
struct RoomLifeTests {
    private func type(_ count: Int, into harness: RoomHarness) throws {
        for _ in 0..<count {
            let revision = harness.room.revision.rawValue
            #expect(harness.edit([splice(0, "x")], base: revision, from: "t").error == nil)
        }
    }

    @Test("A room that is opened again has text, version, revision and epoch")
    func reload() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("t", format: .content)
        try type(20, into: harness)
        harness.commit()
        let again = try await RoomHarness.open(harness.store, replica: 99)
        #expect(again.text == harness.text)
        #expect(again.room.version == harness.room.version)
        #expect(again.room.revision == Revision(20) && again.room.epoch == harness.room.epoch)
        try again.join("t", format: .content)
        try type(1, into: again)
        again.commit()
        #expect(again.memory.head(of: RoomHarness.id) == Revision(21))
    }

    @Test("A snapshot is made by count, behind the entries it holds, and loading uses it")
    func snapshotByCount() async throws {
        var limits = RoomLimits()
        limits.snapshotRevisionCount = 10
        limits.retainedEntryCount = 0
        let harness = try await RoomHarness.open(limits: limits)
        try harness.join("t", format: .content)
        try type(9, into: harness)
        harness.advance(milliseconds: 1_000)
        harness.commit()
        #expect(harness.memory.contents(of: RoomHarness.id).snapshots == [])
        try type(1, into: harness)
        harness.advance(milliseconds: 0)
        harness.advance(milliseconds: 1_000)
        harness.commit()
        #expect(harness.memory.contents(of: RoomHarness.id).snapshots == [Revision(10)])
        for _ in 0..<3 {
            try type(10, into: harness)
            harness.advance(milliseconds: 1_000)
            harness.commit()
        }
        #expect(harness.memory.contents(of: RoomHarness.id).snapshots == [Revision(30), Revision(40)])
        #expect(harness.memory.contents(of: RoomHarness.id).entries.first == Revision(31))
        try type(5, into: harness)
        harness.commit()
        let again = try await RoomHarness.open(harness.store, replica: 99)
        #expect(again.text == harness.text && again.room.version == harness.room.version)
    }

    @Test("A snapshot is made some time after a change, once")
    func snapshotByTime() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("t", format: .content)
        harness.advance(milliseconds: 500_000)
        harness.commit()
        #expect(harness.memory.contents(of: RoomHarness.id).snapshots == [])
        try type(1, into: harness)
        harness.commit()
        harness.advance(milliseconds: 119_000)
        #expect(harness.memory.waitingCount == 0)
        harness.advance(milliseconds: 2_000)
        #expect(harness.memory.waitingCount == 1)
        harness.commit()
        harness.advance(milliseconds: 500_000)
        #expect(harness.memory.waitingCount == 0)
        #expect(harness.memory.contents(of: RoomHarness.id).snapshots == [Revision(1)])
    }

    @Test("A snapshot that fails costs nothing and is tried again")
    func snapshotFails() async throws {
        var limits = RoomLimits()
        limits.snapshotRevisionCount = 5
        let memory = MemoryStore(.manual)
        let store = FaultyStore(memory, .failSnapshot(1))
        let harness = try await RoomHarness.open(store, limits: limits)
        try harness.join("t", format: .content)
        try type(5, into: harness)
        harness.advance(milliseconds: 0)
        for _ in 0..<100 where harness.executor.count == 0 { try await Task.sleep(for: .milliseconds(5)) }
        harness.executor.run()
        memory.commit()
        harness.executor.run()
        #expect(harness.outbox.failures.isEmpty)
        try type(5, into: harness)
        harness.advance(milliseconds: 0)
        memory.commit()
        harness.executor.run()
        #expect(memory.contents(of: RoomHarness.id).snapshots == [Revision(10)])
    }

    @Test("When the store fails, waiting senders get STORE_FAILED, everybody gets reset, and the room is over")
    func storeFails() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("t", format: .content)
        try harness.join("f")
        let first = harness.edit([splice(0, "a")], base: 0, from: "t")
        harness.commit()
        let second = harness.edit([splice(1, "b")], base: 1, from: "t")
        let third = harness.edit([splice(2, "c")], base: 2, from: "t")
        _ = harness.outbox.take("f")
        harness.memory.failNext()
        harness.executor.run()
        #expect(first.value?.revision == Revision(1))
        for outcome in [second, third] {
            #expect(outcome.count == 1)
            #expect(outcome.error?.code == .storeFailed && outcome.error?.isRetryable == true)
        }
        let reset = RoomEvent.reset(.storeFailed, epoch: harness.room.epoch)
        #expect(harness.outbox.take("t") == [reset] && harness.outbox.take("f") == [reset])
        #expect(harness.outbox.failures.count == 1)
        #expect(harness.edit([splice(0, "x")], base: 1, from: "t").error?.code == .closed)
        #expect(throws: RoomError.self) { try harness.join("g") }

        let again = try await RoomHarness.open(harness.store, replica: 99)
        #expect(again.text == "a" && again.room.revision == Revision(1))
        try again.join("t", format: .content)
        #expect(again.edit([splice(1, "b")], base: 1, from: "t").error == nil)
        again.commit()
        #expect(again.memory.head(of: RoomHarness.id) == Revision(2))
    }

    @Test("A stalled store holds back acknowledgements, not broadcasts")
    func storeStalls() async throws {
        let memory = MemoryStore(.manual)
        let store = FaultyStore(memory, .stallAppend(2))
        let harness = try await RoomHarness.open(store)
        try harness.join("t", format: .content)
        try harness.join("u", format: .content)
        let outcomes = (0..<3).map { harness.edit([splice($0, "x")], base: UInt64($0), from: "t") }
        memory.commit()
        harness.executor.run()
        #expect(outcomes.map(\.count) == [1, 0, 0])
        #expect(harness.outbox.take("u").count == 3)
        store.release()
        memory.commit()
        harness.executor.run()
        #expect(outcomes.map { $0.value?.revision.rawValue } == [1, 2, 3])
    }

    @Test("A room that nobody is in becomes idle, is saved and unloaded")
    func idle() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("t", format: .content)
        try type(3, into: harness)
        harness.commit()
        harness.advance(milliseconds: 60_000)
        #expect(harness.outbox.idleCount == 0)
        harness.room.leave("t")
        harness.advance(milliseconds: 29_000)
        #expect(harness.outbox.idleCount == 0)
        harness.advance(milliseconds: 2_000)
        #expect(harness.outbox.idleCount == 1)
        let done = Outcome<Int>()
        harness.room.unload { done.set(.success(1)) }
        #expect(done.count == 0)
        harness.commit()
        #expect(done.count == 1)
        #expect(harness.memory.contents(of: RoomHarness.id).snapshots == [Revision(3)])
        #expect(throws: RoomError.self) { try harness.join("t") }
        let again = try await RoomHarness.open(harness.store, replica: 99)
        #expect(again.text == "xxx")
        let nothing = Outcome<Int>()
        again.room.unload { nothing.set(.success(1)) }
        #expect(nothing.count == 1, "nothing is new, so nothing is saved")
    }

    @Test("Unloading with senders waiting acknowledges them first; whoever is left is told")
    func unloadBusy() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("t", format: .content)
        let outcome = harness.edit([splice(0, "x")], base: 0, from: "t")
        var log: [String] = []
        harness.room.unload { log.append(outcome.count == 1 ? "after" : "before") }
        #expect(harness.outbox.take("t") == [.reset(.closed, epoch: harness.room.epoch)])
        harness.commit()
        #expect(log == ["after"])
        #expect(outcome.value?.revision == Revision(1))
    }

    @Test("Unloading ends also when the store fails")
    func unloadFails() async throws {
        let harness = try await RoomHarness.open()
        try harness.join("t", format: .content)
        let outcome = harness.edit([splice(0, "x")], base: 0, from: "t")
        let done = Outcome<Int>()
        harness.room.unload { done.set(.success(1)) }
        harness.memory.failNext()
        harness.executor.run()
        #expect(outcome.error?.code == .storeFailed)
        #expect(done.count == 1)
        #expect(harness.outbox.failures.isEmpty)
    }

    @Test("Stored bytes that make no document are DAMAGED: no room, and no empty one in its place")
    func damaged() throws {
        let epoch = Epoch("e")
        let entry = StoreConformance.entry("doc", 1)
        let second = StoreConformance.entry("doc", 2)
        for stored in [
            StoredDocument(epoch: epoch, snapshot: StoredSnapshot(revision: Revision(3), bytes: [1, 2, 3])),
            StoredDocument(epoch: epoch, entries: [entry]),
            StoredDocument(epoch: epoch, entries: [second]),
        ] {
            do {
                _ = try RoomHarness(MemoryStore(), stored: stored, limits: .init(), replica: 1)
                Issue.record("a room was opened")
            } catch {
                #expect(error.code == .damaged && !error.isRetryable)
            }
        }
    }
}
