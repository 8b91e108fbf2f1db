import Collaboration
import Foundation
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

@Suite("Files that are taken away, and what is noted beside them")
struct LostFileTests {
    @Test(
        "A deleted file ends the store, which acknowledges nothing more and puts back what it held",
        arguments: ["", "-wal", "-shm"]
    )
    func deleted(suffix: String) async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        let id = StoreConformance.name("a")
        try await store.create(id, epoch: Epoch("e"))
        try await StoreConformance.append(StoreConformance.entry("a", 1), to: store).get()
        #expect(store.health == .well)
        try FileManager.default.removeItem(atPath: database.path + suffix)
        await #expect(throws: StoreError.self) {
            try await StoreConformance.append(StoreConformance.entry("a", 2), to: store).get()
        }
        await #expect(throws: StoreError(.ioFailure, "")) { try await store.ended() }
        await #expect(throws: StoreError.self) { try await store.load(id) }
        guard case .lost = store.health else {
            Issue.record("the store says that it is \(store.health)")
            return
        }
        // Under a name of its own: within one process SQLite goes on with what it has of a deleted index.
        let copy = try TemporaryDatabase()
        try FileManager.default.copyItem(atPath: database.path, toPath: copy.path)
        let again = try copy.open()
        #expect(try await again.load(id)?.entries.first == StoreConformance.entry("a", 1))
        await again.close()
    }

    @Test("A symbolic link is followed: the files are those beside the database, and so is the lock")
    func link() async throws {
        let database = try TemporaryDatabase()
        try await database.open().close()
        let link = try TemporaryDatabase()
        try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: database.path)
        let store = try link.open()
        #expect(throws: StoreError(.inUse, "")) { try database.open() }
        try await store.create(StoreConformance.name("a"), epoch: Epoch("e"))
        try FileManager.default.removeItem(atPath: database.path + "-wal")
        await #expect(throws: StoreError(.ioFailure, "")) { try await store.ended() }
        #expect(try await database.open().load(StoreConformance.name("a")) != nil)
    }

    @Test("An end in order is none to tell of")
    func closed() async throws {
        let store = try TemporaryDatabase().open()
        await store.close()
        try await store.ended()
    }

    @Test("What SQLite cannot read is damaged, and noted", arguments: ["changes", "documents"])
    func unreadablePage(table: String) async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        let id = StoreConformance.name("a")
        try await store.create(id, epoch: Epoch("e"))
        try await StoreConformance.append(StoreConformance.entry("a", 1), to: store).get()
        await store.close()
        let page = try await database.read {
            try Int.fetchOne($0, sql: "SELECT rootpage FROM sqlite_master WHERE name = ?", arguments: [table])
        }
        let file = try FileHandle(forUpdating: URL(filePath: database.path))
        try file.seek(toOffset: UInt64(try #require(page) - 1) * 4_096)
        try file.write(contentsOf: Data(repeating: 0xAA, count: 4_096))
        try file.close()
        let opened = try database.open()
        await #expect(throws: StoreError(.damaged, "")) { try await opened.load(id) }
        #expect(try await opened.damagedRows().map(\.document) == [id])
        await opened.close()
    }

    @Test("A kept answer with another bit is damaged, and neither given nor taken for none")
    func damagedReply() async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        let reply = StoredReply(
            fingerprint: [1, 2],
            status: 201,
            headers: [ReplyHeader(name: "etag", value: "x")],
            body: [3],
            timestamp: 5
        )
        try await store.keep(reply, named: "n", limits: .init())
        #expect(try await store.reply(named: "n", since: 0) == reply)
        for change in ["status = 200", "body = x'04'", "headers = 'etag:y'", "time = 6", "fingerprint = x'01'"] {
            try await store.keep(reply, named: "n", limits: .init())
            try await database.write { try $0.execute(sql: "UPDATE replies SET \(change)") }
            await #expect(throws: StoreError(.damaged, ""), "\(change)") { try await store.reply(named: "n", since: 0) }
        }
        await store.close()
    }

    @Test("The count of commits is in the database and beside it")
    func counted() async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        try await store.create(StoreConformance.name("a"), epoch: Epoch("e"))
        for revision in 1...5 as ClosedRange<UInt64> {
            try await StoreConformance.append(StoreConformance.entry("a", revision), to: store).get()
        }
        await store.close()
        let count = try await database.read { try $0.commitCount() }
        #expect(count.number == 6)
        #expect(try FileLock(path: database.path + ".lock").noted == count)
    }

    @Test("A count's record is read back, and nothing else is")
    func record() throws {
        for number in [0, 1, 77, Int32.max] {
            let count = CommitCount(number: number)
            #expect(CommitCount(record: count.record) == count)
            for index in count.record.indices {
                var record = count.record
                record[index] ^= 1
                #expect(CommitCount(record: record) == nil)
            }
        }
        #expect(CommitCount(record: []) == nil)
        #expect(CommitCount(number: 5).behind(CommitCount(number: 8)) == 3)
        #expect(CommitCount(number: 8).behind(CommitCount(number: 5)) == 0)
        #expect(CommitCount(number: .max).next.number == 0)
        #expect(CommitCount(number: .max).behind(CommitCount(number: 2)) == 3)
    }
}
