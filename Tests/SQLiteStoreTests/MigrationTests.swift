import Collaboration
import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import SQLiteStore

/// A file of each earlier version is taken over with what it holds.
@Suite("Earlier schemas")
struct MigrationTests {
    /// The migrations that some version of quire ended with.
    static let earlier = [
        "1 documents, changes, snapshots", "2 compressed snapshots", "3 roles, deleted documents", "4 versions",
        "5 replies", "6 checksums of replies", "7 webhooks", "8 revocations",
    ]

    @Test("Documents are read, written, given roles and versions, and deleted", arguments: earlier)
    func migration(from schema: String) async throws {
        let database = try TemporaryDatabase()
        let queue = try DatabaseQueue(path: database.path)
        try Schema.migrator.migrate(queue, upTo: schema)
        let id = StoreConformance.name("a")
        let row = DocumentRow(epoch: Epoch("e"), revision: Revision(2), created: 5)
        let entries = [1, 2].map { StoreConformance.entry("a", $0) }
        try await queue.write { database in
            try database.execute(
                sql: "INSERT INTO documents (name, epoch, revision, created, checksum) VALUES ('a', 'e', 2, 5, ?)",
                arguments: [row.checksum(id)]
            )
            for entry in entries {
                try database.execute(
                    sql: """
                        INSERT INTO changes (document, revision, author, time, bytes, checksum)
                        VALUES ('a', ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        entry.revision.stored, entry.user, entry.timestamp, Data(entry.changes), entry.checksum,
                    ]
                )
            }
            // From then on whoever made a document has announced it.
            if try database.tableExists("webhook_announced") {
                try database.execute(
                    sql: "INSERT INTO webhook_announced (document, epoch, revision) VALUES ('a', 'e', 2)"
                )
            }
        }
        try queue.close()

        let store = try database.open()
        // What was there before is no news to receivers of webhooks; what happens from here on is.
        try await store.watchForWebhooks()
        try await store.noteChanges(of: store.unannouncedDocuments(after: nil, limit: 10))
        #expect(try await !store.hasWebhookEvents())
        #expect(try await store.load(id) == StoredDocument(epoch: Epoch("e"), entries: entries))
        try await StoreConformance.append(StoreConformance.entry("a", 3), to: store).get()
        let role = RoleAssignment(user: "ada", role: .comment, author: "root", timestamp: 7)
        try await store.assign(role, in: id, keepsAdmin: false, limit: 10) {}
        #expect(try await store.load(id)?.roles == [role])
        let version = NewVersion(
            name: "first",
            author: User(id: "ada", name: "Ada"),
            created: 9,
            vector: [],
            snapshot: StoredSnapshot(revision: Revision(3), bytes: [1, 2, 3])
        )
        let summary = try await store.addVersion(version, of: id, limits: .init())
        #expect(try await store.version(summary.number, of: id)?.snapshot == version.snapshot)
        #expect(try await store.unannouncedDocuments(after: nil, limit: 10) == [id])
        try await store.noteChanges(of: [id])
        try await store.noteChanges(of: [id])
        try await store.delete(id)
        #expect(try await store.load(id) == nil)
        let told = Mutex<[WebhookEvent]>([])
        _ = try await store.queueDeliveries(of: [], limit: 10, bound: 10) { event in
            told.withLock { $0.append(event) }
            return []
        }
        #expect(told.withLock { $0.map(\.kind) } == [.versionCreated, .documentChanged, .documentDeleted])
        // It is told though version and document are gone.
        let noted = told.withLock { $0.first?.version }
        #expect(noted?.number == summary.number && noted?.name == "first" && noted?.author == version.author)
        #expect(try await !store.hasWebhookEvents())
        await store.close()
        let left = try await database.read { database in
            try ["changes", "snapshots", "roles", "versions", "quarantine"].map {
                try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") ?? -1
            }
        }
        #expect(left == [0, 0, 0, 0, 0])
    }
}
