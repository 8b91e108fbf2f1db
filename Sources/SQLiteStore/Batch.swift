internal import Collaboration
internal import Foundation
internal import GRDB

/// One transaction in the making: the statements, and what the writer will know when it is committed.
struct Batch {
    /// Rows of documents, as of the end of the transaction.
    private(set) var rows: [DocumentID: DocumentRow]
    /// Documents of which an entry failed.
    private(set) var poisoned: [DocumentID: StoreError]
    /// Whose row is to be written at the end: once a transaction, however many entries it has.
    private var advanced: Set<DocumentID> = []

    init(rows: [DocumentID: DocumentRow], poisoned: [DocumentID: StoreError]) {
        self.rows = rows
        self.poisoned = poisoned
    }

    /// Writes one item.
    ///
    /// - Returns: a failure that concerns this item alone and has written nothing.
    /// - Throws: what the database says; the whole transaction must be given up.
    mutating func write(_ item: WriteItem, in database: Database) throws -> Result<Void, StoreError> {
        switch item {
        case .append(let entry, _):
            return try append(entry, in: database)
        case .refused(let id, _):
            return .failure(fail(id, StoreError(.overloaded, "too much waits to be written")))
        case .create(let id, let row, _):
            return try create(id, row, in: database)
        case .snapshot(let snapshot, let id, let keepingEntries, _):
            return try save(snapshot, of: id, keepingEntries: keepingEntries, in: database)
        case .quarantine(let damaged, _):
            for row in damaged { try quarantine(row, in: database) }
            return .success(())
        case .job(let job, _):
            try job.run(database)
            if let id = job.removes {
                rows[id] = nil
                poisoned[id] = nil
            }
            return .success(())
        case .barrier:
            return .success(())
        }
    }

    /// Writes the rows of the documents whose logs have grown.
    func writeRows(in database: Database) throws {
        for id in advanced {
            guard let row = rows[id] else { continue }
            let statement = try database.cachedStatement(
                sql: "UPDATE documents SET revision = ?, checksum = ? WHERE name = ?"
            )
            statement.setUncheckedArguments([row.revision.stored, row.checksum(id), id.rawValue])
            try statement.execute()
        }
    }

    private mutating func append(_ entry: LogEntry, in database: Database) throws -> Result<Void, StoreError> {
        let id = entry.document
        if let failure = refusal(id) { return .failure(failure) }
        guard var row = try row(id, in: database) else {
            return .failure(fail(id, StoreError(.unknownDocument, "no document \(id)")))
        }
        guard entry.revision == row.revision.next else {
            let text = "revision \(entry.revision) does not follow \(row.revision)"
            return .failure(fail(id, StoreError(.conflict, text)))
        }
        try entry.insert(in: database)
        row.revision = entry.revision
        rows[id] = row
        advanced.insert(id)
        return .success(())
    }

    private mutating func create(
        _ id: DocumentID,
        _ row: DocumentRow,
        in database: Database
    ) throws -> Result<Void, StoreError> {
        guard try self.row(id, in: database) == nil else {
            return .failure(StoreError(.conflict, "document \(id) exists"))
        }
        try row.insert(id, in: database)
        rows[id] = row
        return .success(())
    }

    private mutating func save(
        _ snapshot: StoredSnapshot,
        of id: DocumentID,
        keepingEntries: Int,
        in database: Database
    ) throws -> Result<Void, StoreError> {
        if let failure = refusal(id) { return .failure(failure) }
        guard let row = try row(id, in: database) else {
            return .failure(StoreError(.unknownDocument, "no document \(id)"))
        }
        guard snapshot.revision <= row.revision else {
            return .failure(StoreError(.conflict, "a snapshot of revision \(snapshot.revision) after \(row.revision)"))
        }
        try PackedSnapshot(snapshot).insert(id, in: database)
        try database.execute(
            sql: "DELETE FROM quarantine WHERE document = ? AND item = 'snapshot' AND revision = ?",
            arguments: [id.rawValue, snapshot.revision.stored]
        )
        try compact(id, keepingEntries: keepingEntries, in: database)
        return .success(())
    }

    /// Drops what the retention rule does not keep (`DocumentStore.saveSnapshot`).
    ///
    /// So that each entry that stays can be replayed, the newest snapshot not after them stays as their base, and they go
    /// back to it; and one more that is far enough behind it to be the base some day.
    private func compact(_ id: DocumentID, keepingEntries: Int, in database: Database) throws {
        let good = try Int64.fetchAll(
            database,
            sql: """
                SELECT revision FROM snapshots WHERE document = :id AND revision NOT IN
                    (SELECT revision FROM quarantine WHERE document = :id AND item = 'snapshot')
                ORDER BY revision DESC
                """,
            arguments: ["id": id.rawValue]
        )
        guard good.count >= 2 else { return }
        let kept = Int64(max(0, keepingEntries))
        let base = good.first { $0 <= min(good[1], good[0] - kept) } ?? 0
        let nextBase = good.last { $0 >= base + max(1, kept) } ?? good[1]
        try database.execute(
            sql: "DELETE FROM snapshots WHERE document = ? AND revision < ? AND revision NOT IN (?, ?)",
            arguments: [id.rawValue, good[1], base, nextBase]
        )
        try database.execute(
            sql: "DELETE FROM changes WHERE document = ? AND revision <= ?",
            arguments: [id.rawValue, base]
        )
    }

    private func quarantine(_ row: DamagedRow, in database: Database) throws {
        try database.execute(
            sql: """
                INSERT OR IGNORE INTO quarantine (document, item, revision, reason, found)
                VALUES (?, ?, ?, ?, CAST(strftime('%s', 'now') AS INTEGER) * 1000)
                """,
            arguments: [row.document.rawValue, row.item.rawValue, row.revision.stored, row.reason]
        )
    }

    private func refusal(_ id: DocumentID) -> StoreError? {
        poisoned[id].map { StoreError(.poisoned, "an earlier entry failed (\($0.code.rawValue)); load \(id) again") }
    }

    /// Notes a failure that leaves a hole in the log.
    private mutating func fail(_ id: DocumentID, _ error: StoreError) -> StoreError {
        if let refusal = refusal(id) { return refusal }
        poisoned[id] = error
        return error
    }

    /// The document's row; `nil` when there is none.
    ///
    /// - Throws: `damaged`.
    private mutating func row(_ id: DocumentID, in database: Database) throws -> DocumentRow? {
        if let row = rows[id] { return row }
        switch try DocumentRow.fetch(id, in: database) {
        case .row(let row):
            rows[id] = row
            return row
        case .damaged:
            // Writing on would give the damage a good checksum.
            throw StoreError(.damaged, "the row of document \(id) is damaged")
        case nil:
            return nil
        }
    }
}
