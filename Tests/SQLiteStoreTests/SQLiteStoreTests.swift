import Collaboration
import Foundation
import GRDB
@_spi(Testing) import SQLiteStore
import TestSupport
import Testing

private typealias Conformance = StoreConformance

@Suite("SQLiteStore")
struct SQLiteStoreTests {
    @Test("The store does what DocumentStore demands", arguments: StoreConformance.checks)
    func conforms(check: StoreConformance.Check) async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        try await check.run(store)
        await store.close()
    }

    @Test("The connection that writes has synchronous = FULL, also after commits and a reopening")
    func synchronousIsFull() async throws {
        let database = try TemporaryDatabase()
        for revision in 1...2 as ClosedRange<UInt64> {
            let store = try database.open()
            #expect(try store.synchronousLevel() == 2)
            _ = try await store.open(Conformance.name("a"), mayCreate: true)
            try await Conformance.append(Conformance.entry("a", revision), to: store).get()
            #expect(try store.synchronousLevel() == 2)
            await store.close()
        }
    }

    @Test("A second store on the same file is refused until the first is closed")
    func secondIsRefused() async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        #expect(throws: StoreError(.inUse, "")) { try database.open() }
        await store.close()
        await (try database.open()).close()
    }

    @Test("A second process on the same file is refused")
    func secondProcessIsRefused() async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        // util-linux's `flock` takes the same kind of lock; 1 is its "somebody has it".
        #expect(try Self.run(["flock", "--nonblock", "--exclusive", database.path + ".lock", "true"]) == 1)
        await store.close()
        #expect(try Self.run(["flock", "--nonblock", "--exclusive", database.path + ".lock", "true"]) == 0)
    }

    @Test("What was acknowledged is in the files at that moment, without closing")
    func acknowledgedIsOnDisk() async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        try await store.create(Conformance.name("a"), epoch: Epoch("e"))
        for revision in 1...60 as ClosedRange<UInt64> {
            try await Conformance.append(Conformance.entry("a", revision), to: store).get()
            if revision % 25 == 0 {
                try await Conformance.save(.init(revision: Revision(revision), bytes: [1]), of: "a", in: store).get()
            }
            if revision % 20 == 0 {
                let copy = try database.copy()
                let reopened = try copy.open()
                let stored = try #require(try await reopened.load(Conformance.name("a")))
                #expect(stored.revision == Revision(revision))
                #expect(stored.entries.allSatisfy { $0 == Conformance.entry("a", $0.revision.rawValue) })
                await reopened.close()
            }
        }
        await store.close()
    }

    @Test("With many producers each document's entries are complete and in order")
    func groupCommit() async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        let names = (0..<20).map { "doc-\($0)" }
        for name in names { try await store.create(Conformance.name(name), epoch: Epoch("e")) }
        await withTaskGroup(of: Void.self) { group in
            for name in names {
                group.addTask {
                    for revision in 1...50 as ClosedRange<UInt64> {
                        let entry = Conformance.entry(name, revision)
                        if revision % 10 == 0 {
                            guard case .success = await Conformance.append(entry, to: store) else {
                                Issue.record("\(name) \(revision) was not stored")
                                return
                            }
                        } else {
                            store.append(entry) { _ in }
                        }
                    }
                }
            }
        }
        for name in names {
            let stored = try await store.load(Conformance.name(name))
            #expect(stored?.entries == (1...50).map { Conformance.entry(name, $0) })
        }
        await store.close()
    }

    @Test("The two newest snapshots stay, and the entries after the older one, and as many as asked for")
    func retention() async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        try await store.create(Conformance.name("a"), epoch: Epoch("e"))
        for revision in 1...30 as ClosedRange<UInt64> {
            try await Conformance.append(Conformance.entry("a", revision), to: store).get()
        }
        func save(_ revision: UInt64, keeping: Int) async throws -> [[Int]] {
            let snapshot = StoredSnapshot(revision: Revision(revision), bytes: [UInt8(revision)])
            try await Conformance.save(snapshot, of: "a", keepingEntries: keeping, in: store).get()
            return try await database.read { database in
                [
                    try Int.fetchAll(database, sql: "SELECT revision FROM snapshots ORDER BY revision"),
                    try Int.fetchAll(database, sql: "SELECT min(revision) FROM changes"),
                ]
            }
        }
        #expect(try await save(10, keeping: 0) == [[10], [1]])
        // Entries are kept back to a snapshot, or to the first, so that each can be replayed.
        #expect(try await save(20, keeping: 15) == [[10, 20], [1]])
        #expect(try await store.load(Conformance.name("a"), at: Revision(3))?.entries.count == 3)
        #expect(try await store.load(Conformance.name("a"), at: Revision(12))?.snapshot?.revision == Revision(10))
        // 10 is the base now: of 25, 15 back.
        #expect(try await save(25, keeping: 15) == [[10, 20, 25], [11]])
        #expect(try await save(26, keeping: 0) == [[25, 26], [26]])
        #expect(try await store.load(Conformance.name("a"), at: Revision(25))?.entries.isEmpty == true)
        await #expect(throws: StoreError(.notRetained, "")) {
            try await store.load(Conformance.name("a"), at: Revision(24))
        }
        await #expect(throws: StoreError(.notRetained, "")) {
            try await store.load(Conformance.name("a"), at: Revision(31))
        }
        #expect(try await store.load(Conformance.name("a"))?.snapshot?.revision == Revision(26))
        await store.close()
    }

    @Test("Past the bound of the queue entries are refused in their turn, and the document recovers by loading")
    func backPressure() async throws {
        let database = try TemporaryDatabase()
        let store = try database.open(queueByteCount: 400_000)
        try await store.create(Conformance.name("a"), epoch: Epoch("e"))
        let results = Results()
        for revision in 1...200 as ClosedRange<UInt64> {
            var entry = Conformance.entry("a", revision)
            entry.changes = Array(repeating: 7, count: 100_000)
            store.append(entry) { results.append($0) }
        }
        let stored = try #require(try await store.load(Conformance.name("a")))
        let codes = results.all.map { result -> StoreError.Code? in
            if case .failure(let error) = result { error.code } else { nil }
        }
        let good = codes.prefix { $0 == nil }.count
        #expect(codes.count == 200)
        #expect(good < 200, "the bound was never reached")
        #expect(stored.revision == Revision(UInt64(good)))
        #expect(codes.dropFirst(good).first == .overloaded)
        #expect(codes.dropFirst(good + 1).allSatisfy { $0 == .poisoned })
        try await Conformance.append(Conformance.entry("a", UInt64(good + 1)), to: store).get()
        await store.close()
    }

    @Test("One document's failing transaction fails that document only")
    func failureIsIsolated() async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        for name in ["good", "bad"] { try await store.create(Conformance.name(name), epoch: Epoch("e")) }
        // A trigger plays the failing disk: for one document the statement fails inside the common transaction.
        try await database.write {
            try $0.execute(
                sql: """
                    CREATE TRIGGER fail BEFORE INSERT ON changes WHEN NEW.document = 'bad' AND NEW.revision = 3
                    BEGIN SELECT RAISE(ABORT, 'played'); END
                    """
            )
        }
        let results = Results()
        for revision in 1...20 as ClosedRange<UInt64> {
            store.append(Conformance.entry("bad", revision)) { results.append($0) }
            store.append(Conformance.entry("good", revision)) { _ in }
        }
        #expect(try await store.load(Conformance.name("good"))?.entries.count == 20)
        let failures = results.all.filter { if case .failure = $0 { true } else { false } }
        #expect(failures.count >= 18)
        let stored = try #require(try await store.load(Conformance.name("bad")))
        #expect(stored.entries.count == 20 - failures.count)
        await store.close()
    }

    @Test("A file that is no database is refused")
    func noDatabase() throws {
        let database = try TemporaryDatabase()
        try Data(repeating: 0x41, count: 8_192).write(to: URL(filePath: database.path))
        #expect(throws: StoreError(.damaged, "")) { try database.open() }
    }

    private static func run(_ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}

/// Collects results.
///
/// `@unchecked Sendable`: read and written with `lock` held.
private final class Results: @unchecked Sendable {
    private let lock = NSLock()
    private var results: [Result<Void, StoreError>] = []

    var all: [Result<Void, StoreError>] { lock.withLock { results } }

    func append(_ result: Result<Void, StoreError>) {
        lock.withLock { results.append(result) }
    }
}
