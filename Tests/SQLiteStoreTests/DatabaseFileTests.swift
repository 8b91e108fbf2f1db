import CRDT
import Collaboration
import Foundation
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// What tools read of a file: `quire check`, `quire backup`.
@Suite("A database as tools see it")
struct DatabaseFileTests {
    /// What an author makes of a document, as the log has it.
    private static func entries(_ id: DocumentID, of words: [String], from first: UInt64 = 1) throws -> [LogEntry] {
        var document = Document(replica: ReplicaID(7))
        return try words.enumerated().map { index, word in
            let change = try #require(try document.insert(Array(word.utf16), at: 0, in: "body"))
            return LogEntry(
                document: id,
                revision: Revision(first + UInt64(index)),
                changes: ChangeSet.encode([change]),
                user: "ada",
                timestamp: 5
            )
        }
    }

    private static func snapshot(of words: [String]) throws -> [UInt8] {
        var document = Document(replica: ReplicaID(7))
        for word in words { _ = try document.insert(Array(word.utf16), at: 0, in: "body") }
        return document.snapshot()
    }

    /// Documents `a` and `b` of three changes each, `a` with a snapshot of the second.
    private static func fill(_ database: TemporaryDatabase, snapshot words: [String] = ["one", "two"]) async throws {
        let store = try database.open()
        for name in ["a", "b"] {
            let id = StoreConformance.name(name)
            try await store.create(id, epoch: Epoch("e"))
            for entry in try entries(id, of: ["one", "two", "three"]) {
                try await StoreConformance.append(entry, to: store).get()
            }
        }
        let snapshot = StoredSnapshot(revision: Revision(2), bytes: try snapshot(of: words))
        try await StoreConformance.save(snapshot, of: "a", in: store).get()
        await store.close()
    }

    private static func check(_ path: String) throws -> (CheckReport, [String]) {
        var findings: [String] = []
        let report = try DatabaseFile(path: path).check { findings.append($0.description) }
        #expect(report.findingCount == findings.count)
        return (report, findings)
    }

    @Test("What is as it was written is counted, and nothing is found")
    func sound() async throws {
        let database = try TemporaryDatabase()
        try await Self.fill(database)
        let (report, findings) = try Self.check(database.path)
        #expect(findings.isEmpty && report.isSound)
        #expect(report.counts.documents == 2 && report.counts.changes == 6 && report.counts.snapshots == 1)
    }

    @Test("A snapshot that holds something else than its log is found, though both are whole")
    func snapshotDiffers() async throws {
        let database = try TemporaryDatabase()
        try await Self.fill(database, snapshot: ["one", "TWO"])
        let (_, findings) = try Self.check(database.path)
        #expect(findings == ["document a, snapshot: it does not hold what the log before it gives"])
    }

    @Test("A change, a revocation and a delivery that are not what was written are found, each once")
    func damaged() async throws {
        let database = try TemporaryDatabase()
        try await Self.fill(database)
        let store = try database.open()
        let revocation = Revocation(subject: .user("eve"), before: 5, author: "root", timestamp: 5)
        try await store.revoke(revocation, limit: 5) {}
        await store.close()
        try await database.write { database in
            try database.execute(sql: "UPDATE changes SET time = 6 WHERE document = 'b' AND revision = 2")
            try database.execute(sql: "UPDATE revocations SET author = 'x'")
        }
        let (report, findings) = try Self.check(database.path)
        #expect(findings.count { $0.hasPrefix("document b, change 2") } == 1)
        #expect(findings.count { $0.hasPrefix("revocation 1") } == 1)
        #expect(!findings.contains { $0.hasPrefix("document a") })
        #expect(report.counts.revocations == 1)
    }

    @Test("Each document is read in a transaction of its own, so that no log waits for the last")
    func readsByDocument() async throws {
        let database = try TemporaryDatabase()
        try await Self.fill(database, snapshot: ["one", "TWO"])
        let writer = try DatabaseQueue(path: database.path)
        var findings: [String] = []
        _ = try DatabaseFile(path: database.path).check { finding in
            findings.append(finding.description)
            guard findings.count == 1 else { return }
            // While the first document is read.
            do {
                try writer.write { try $0.execute(sql: "UPDATE changes SET time = 6 WHERE document = 'b'") }
            } catch {
                Issue.record(error)
            }
        }
        #expect(findings.first == "document a, snapshot: it does not hold what the log before it gives")
        #expect(findings.contains { $0.hasPrefix("document b, change 1") })
        try writer.close()
    }

    @Test("A copy has everything, replaces only what it is told to, and is no copy when it is refused")
    func backup() async throws {
        let database = try TemporaryDatabase()
        try await Self.fill(database)
        let file = try DatabaseFile(path: database.path)
        let target = database.path + ".copy"
        let byteCount = try file.backUp(to: target, replaces: false)
        #expect(byteCount == FileManager.default.contents(atPath: target)?.count)
        #expect(try Self.check(target).0 == Self.check(database.path).0)
        let refused = #expect(throws: StoreError.self) { try file.backUp(to: target, replaces: false) }
        #expect(refused?.code == .conflict)
        let onto = #expect(throws: StoreError.self) { try file.backUp(to: database.path, replaces: true) }
        #expect(onto?.code == .conflict)
        let before = FileManager.default.contents(atPath: target)
        #expect(throws: CancellationError.self) {
            try file.backUp(to: target, replaces: true) { _ in throw CancellationError() }
        }
        #expect(FileManager.default.contents(atPath: target) == before)
        let folder = (target as NSString).deletingLastPathComponent
        #expect(try !FileManager.default.contentsOfDirectory(atPath: folder).contains { $0.contains(".partial") })
    }

    @Test("What is no database, or one of an older version, is refused with the reason")
    func others() async throws {
        let database = try TemporaryDatabase()
        let missing = #expect(throws: StoreError.self) { try DatabaseFile(path: database.path + "-none") }
        #expect(missing?.code == .ioFailure)
        try Data("no database at all, but long enough to be looked at".utf8).write(to: URL(filePath: database.path))
        let foreign = #expect(throws: StoreError.self) { try DatabaseFile(path: database.path) }
        #expect(foreign?.code == .damaged)
        let old = try TemporaryDatabase()
        let queue = try DatabaseQueue(path: old.path)
        try Schema.migrator.migrate(queue, upTo: "6 checksums of replies")
        try queue.close()
        let early = #expect(throws: StoreError.self) { try DatabaseFile(path: old.path) }
        #expect(early?.message.contains("earlier version") == true)
    }
}
