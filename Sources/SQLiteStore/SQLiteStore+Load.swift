internal import Collaboration
internal import Foundation
internal import GRDB

extension DocumentRow {
    /// Reads a document's row; `nil` when there is none.
    ///
    /// `isGood` tells whether it holds what was written.
    static func fetch(_ id: DocumentID, in database: Database) throws -> (row: DocumentRow, isGood: Bool)? {
        let statement = try database.cachedStatement(
            sql: "SELECT epoch, revision, created, checksum FROM documents WHERE name = ?"
        )
        guard let fetched = try Row.fetchOne(statement, arguments: [id.rawValue]) else { return nil }
        let row = DocumentRow(epoch: Epoch(fetched[0]), revision: Revision(stored: fetched[1]), created: fetched[2])
        return (row, row.checksum(id) == fetched[3])
    }
}

/// What reading a document found.
enum LoadOutcome: Sendable {
    /// It was never created.
    case unknown
    /// The document, whole. `damaged` rows were not needed for it.
    case found(StoredDocument, damaged: [DamagedRow])
    /// It cannot be given back whole.
    case lost(damaged: [DamagedRow])
}

/// Reads one document and checks every row on the way.
struct Loader {
    let id: DocumentID
    private var damaged: [DamagedRow] = []

    init(_ id: DocumentID) {
        self.id = id
    }

    mutating func load(in database: Database) throws -> LoadOutcome {
        guard let (row, isGood) = try DocumentRow.fetch(id, in: database) else {
            guard try hasContent(in: database) else { return .unknown }
            return lose(.document, .zero, "the row is missing, but there are changes or snapshots")
        }
        guard isGood else { return lose(.document, .zero, "the checksum does not match") }
        let snapshot = try newestGoodSnapshot(notAfter: row.revision, in: database)
        var entries: [LogEntry] = []
        var expected = (snapshot?.revision ?? .zero).next
        let cursor = try Row.fetchCursor(
            database,
            sql: """
                SELECT revision, author, time, bytes, checksum FROM changes
                WHERE document = ? AND revision >= ? ORDER BY revision
                """,
            arguments: [id.rawValue, expected.stored]
        )
        while let fetched = try cursor.next() {
            let entry = LogEntry(
                document: id,
                revision: Revision(stored: fetched[0]),
                changes: try fetched.withUnsafeData(atIndex: 3) { $0.map(Array.init) ?? [] },
                user: fetched[1],
                timestamp: fetched[2]
            )
            guard entry.revision == expected else { return lose(.change, expected, "the row is missing") }
            guard entry.checksum == fetched[4] else {
                return lose(.change, expected, "the checksum does not match")
            }
            entries.append(entry)
            expected = expected.next
        }
        guard expected == row.revision.next else {
            return lose(.change, expected, "the log ends before revision \(row.revision) or after it")
        }
        return .found(StoredDocument(epoch: row.epoch, snapshot: snapshot, entries: entries), damaged: damaged)
    }

    private mutating func newestGoodSnapshot(
        notAfter last: Revision,
        in database: Database
    ) throws -> StoredSnapshot? {
        let cursor = try Row.fetchCursor(
            database,
            sql: "SELECT revision, bytes, checksum FROM snapshots WHERE document = ? ORDER BY revision DESC",
            arguments: [id.rawValue]
        )
        while let fetched = try cursor.next() {
            let snapshot = StoredSnapshot(
                revision: Revision(stored: fetched[0]),
                bytes: try fetched.withUnsafeData(atIndex: 1) { $0.map(Array.init) ?? [] }
            )
            if snapshot.checksum(id) != fetched[2] {
                note(.snapshot, snapshot.revision, "the checksum does not match")
            } else if snapshot.revision > last {
                note(.snapshot, snapshot.revision, "it is newer than the log")
            } else {
                return snapshot
            }
        }
        return nil
    }

    private func hasContent(in database: Database) throws -> Bool {
        try Bool.fetchOne(
            database,
            sql: """
                SELECT EXISTS (SELECT 1 FROM changes WHERE document = :id)
                    OR EXISTS (SELECT 1 FROM snapshots WHERE document = :id)
                """,
            arguments: ["id": id.rawValue]
        ) ?? false
    }

    private mutating func note(_ item: DamagedRow.Item, _ revision: Revision, _ reason: String) {
        damaged.append(DamagedRow(document: id, item: item, revision: revision, reason: reason))
    }

    private mutating func lose(_ item: DamagedRow.Item, _ revision: Revision, _ reason: String) -> LoadOutcome {
        note(item, revision, reason)
        return .lost(damaged: damaged)
    }
}
