import Collaboration
import Foundation
import GRDB
import SQLiteStore
import TestSupport
import Testing

/// One way in which a row goes bad.
struct Damage: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var sql: String
}

@Suite("Damage in the database")
struct DamageTests {
    /// Every column of a document's rows that must be believed, changed by one step.
    static let fatal: [Damage] = [
        Damage(
            testDescription: "an entry's bytes",
            sql: "UPDATE changes SET bytes = x'00' WHERE document = 'a' AND revision = 9"
        ),
        Damage(
            testDescription: "an entry's author",
            sql: "UPDATE changes SET author = 'x' WHERE document = 'a' AND revision = 9"
        ),
        Damage(
            testDescription: "an entry's time",
            sql: "UPDATE changes SET time = 1 WHERE document = 'a' AND revision = 9"
        ),
        Damage(
            testDescription: "an entry's checksum",
            sql: "UPDATE changes SET checksum = 1 WHERE document = 'a' AND revision = 9"
        ),
        Damage(
            testDescription: "an entry's revision",
            sql: "UPDATE changes SET revision = 99 WHERE document = 'a' AND revision = 9"
        ),
        Damage(
            testDescription: "an entry's document",
            sql: "UPDATE changes SET document = 'c' WHERE document = 'a' AND revision = 9"
        ),
        Damage(testDescription: "an entry lost", sql: "DELETE FROM changes WHERE document = 'a' AND revision = 9"),
        Damage(
            testDescription: "the last entry lost",
            sql: "DELETE FROM changes WHERE document = 'a' AND revision = 10"
        ),
        Damage(testDescription: "the epoch", sql: "UPDATE documents SET epoch = 'f' WHERE name = 'a'"),
        Damage(testDescription: "the last revision", sql: "UPDATE documents SET revision = 9 WHERE name = 'a'"),
        Damage(testDescription: "the document's name", sql: "UPDATE documents SET name = 'c' WHERE name = 'a'"),
        Damage(testDescription: "the document's row lost", sql: "DELETE FROM documents WHERE name = 'a'"),
        Damage(
            testDescription: "all snapshots, and the log does not reach back",
            sql:
                "UPDATE snapshots SET bytes = x'00' WHERE document = 'a'; DELETE FROM changes WHERE document = 'a' AND revision = 1"
        ),
    ]

    @Test("A damaged row is an error and noted, never a shorter document, and others do not notice", arguments: fatal)
    func fatalDamage(damage: Damage) async throws {
        let (database, expected) = try await Self.database()
        try await database.write { try $0.execute(sql: damage.sql) }
        let store = try database.open()
        await #expect(throws: StoreError(.damaged, "")) { try await store.load(StoreConformance.name("a")) }
        #expect(try await store.load(StoreConformance.name("b")) == expected)
        try await StoreConformance.append(StoreConformance.entry("b", 11), to: store).get()
        #expect(try await store.damagedRows().contains { $0.document.rawValue == "a" })
        await #expect(throws: StoreError(.damaged, "")) {
            try await store.open(StoreConformance.name("a"), mayCreate: true)
        }
        await store.close()
    }

    /// Columns that came to hold a value of another type, as one flipped bit in the head of a row can do.
    static let mistyped: [Damage] = [
        Damage(
            testDescription: "an entry's author",
            sql: "UPDATE changes SET author = NULL WHERE document = 'a' AND revision = 9"
        ),
        Damage(
            testDescription: "an entry's time",
            sql: "UPDATE changes SET time = x'FF' WHERE document = 'a' AND revision = 9"
        ),
        Damage(
            testDescription: "an entry's bytes",
            sql: "UPDATE changes SET bytes = NULL WHERE document = 'a' AND revision = 9"
        ),
        Damage(
            testDescription: "an entry's checksum",
            sql: "UPDATE changes SET checksum = NULL WHERE document = 'a' AND revision = 9"
        ),
        Damage(
            testDescription: "an entry's revision",
            sql: "UPDATE changes SET revision = 'x' WHERE document = 'a' AND revision = 9"
        ),
        Damage(testDescription: "the epoch", sql: "UPDATE documents SET epoch = NULL WHERE name = 'a'"),
        Damage(testDescription: "the last revision", sql: "UPDATE documents SET revision = 'x' WHERE name = 'a'"),
        Damage(testDescription: "the time of creation", sql: "UPDATE documents SET created = NULL WHERE name = 'a'"),
        Damage(testDescription: "the document's checksum", sql: "UPDATE documents SET checksum = 0.5 WHERE name = 'a'"),
    ]

    @Test("A value of another type is damage like any other, and never a trap", arguments: mistyped)
    func mistypedDamage(damage: Damage) async throws {
        let (database, expected) = try await Self.database()
        try await database.writeUntyped(damage.sql)
        let store = try database.open()
        await #expect(throws: StoreError(.damaged, "")) { try await store.load(StoreConformance.name("a")) }
        #expect(try await store.load(StoreConformance.name("b")) == expected)
        #expect(try await store.damagedRows().contains { $0.document.rawValue == "a" })
        #expect(try await store.list(after: nil, limit: 10).contains { $0.id.rawValue == "b" })
        await store.close()
    }

    @Test("A snapshot with a column of another type is passed over", arguments: ["bytes = NULL", "checksum = NULL"])
    func mistypedSnapshot(assignment: String) async throws {
        let (database, _) = try await Self.database()
        try await database.writeUntyped("UPDATE snapshots SET \(assignment) WHERE document = 'a' AND revision = 8")
        let store = try database.open()
        #expect(try await store.load(StoreConformance.name("a"))?.snapshot?.revision == Revision(4))
        await store.close()
    }

    @Test("Nothing is written behind a document's damaged row, and others' entries of the same commit are")
    func damagedRowIsNotOverwritten() async throws {
        let (database, _) = try await Self.database()
        try await database.write { try $0.execute(sql: "UPDATE documents SET epoch = 'f' WHERE name = 'a'") }
        let store = try database.open()
        async let bad = StoreConformance.append(StoreConformance.entry("a", 11), to: store)
        async let good = StoreConformance.append(StoreConformance.entry("b", 11), to: store)
        let results = await (bad, good)
        #expect(throws: StoreError(.damaged, "")) { try results.0.get() }
        try results.1.get()
        await #expect(throws: StoreError(.damaged, "")) { try await store.load(StoreConformance.name("a")) }
        await store.close()
    }

    @Test(
        "A damaged snapshot costs nothing: the older one and the log give the same document",
        arguments: [
            "UPDATE snapshots SET bytes = x'00' WHERE document = 'a' AND revision = 8",
            "UPDATE snapshots SET checksum = 0 WHERE document = 'a' AND revision = 8",
            "UPDATE snapshots SET revision = 88 WHERE document = 'a' AND revision = 8",
            "DELETE FROM snapshots WHERE document = 'a' AND revision = 8",
        ]
    )
    func damagedSnapshot(sql: String) async throws {
        let (database, _) = try await Self.database()
        try await database.write { try $0.execute(sql: sql) }
        let store = try database.open()
        let stored = try #require(try await store.load(StoreConformance.name("a")))
        #expect(stored.snapshot == StoredSnapshot(revision: Revision(4), bytes: [4]))
        #expect(stored.entries == (5...10).map { StoreConformance.entry("a", $0) })
        // The damaged one is not counted as one of the two that are kept.
        try await StoreConformance.save(.init(revision: Revision(10), bytes: [10]), of: "a", in: store).get()
        let revisions = try await database.read {
            try Int.fetchAll($0, sql: "SELECT revision FROM snapshots WHERE document = 'a' ORDER BY revision")
        }
        #expect(revisions.first == 4)
        #expect(try await store.load(StoreConformance.name("a"))?.revision == Revision(10))
        await store.close()
    }

    @Test("Whatever byte of the file flips, a document is loaded right, or refused", arguments: 0..<12 as Range<UInt64>)
    func flippedBytes(seed: UInt64) async throws {
        let (original, expected) = try await Self.database()
        var generator = SplitMix64(seed: seed)
        for _ in 0..<25 {
            let database = try original.copy()
            var bytes = try Data(contentsOf: URL(filePath: database.path))
            let index = Int.random(in: 0..<bytes.count, using: &generator)
            bytes[index] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
            try bytes.write(to: URL(filePath: database.path))
            guard let store = try? database.open() else { continue }
            for name in ["a", "b"] {
                do {
                    let stored = try await store.load(StoreConformance.name(name))
                    let found = try #require(stored, "byte \(index): document \(name) became unknown")
                    #expect(found.revision == expected.revision, "byte \(index)")
                    #expect(found.epoch == expected.epoch, "byte \(index)")
                    #expect(
                        found.entries == found.entries.map { StoreConformance.entry(name, $0.revision.rawValue) },
                        "byte \(index)"
                    )
                } catch let error as StoreError {
                    #expect(error.code == .damaged || error.code == .ioFailure, "byte \(index)")
                }
            }
            await store.close()
        }
    }

    /// A database with the documents "a" and "b": ten entries, snapshots at 4 and 8, closed.
    ///
    /// And what "b" must be.
    private static func database() async throws -> (TemporaryDatabase, StoredDocument) {
        let database = try TemporaryDatabase()
        let store = try database.open()
        for name in ["a", "b"] {
            try await store.create(StoreConformance.name(name), epoch: Epoch("epoch"))
            for revision in 1...10 as ClosedRange<UInt64> {
                try await StoreConformance.append(StoreConformance.entry(name, revision), to: store).get()
            }
            for revision in [4, 8] as [UInt8] {
                let snapshot = StoredSnapshot(revision: Revision(UInt64(revision)), bytes: [revision])
                try await StoreConformance.save(snapshot, of: name, keepingEntries: 100, in: store).get()
            }
        }
        let expected = try #require(try await store.load(StoreConformance.name("b")))
        await store.close()
        return (database, expected)
    }
}
