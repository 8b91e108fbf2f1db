internal import Collaboration
internal import Foundation
internal import GRDB

extension DocumentRow {
    /// Writes the row of a new document.
    func insert(_ id: DocumentID, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "INSERT INTO documents (name, epoch, revision, created, checksum) VALUES (?, ?, ?, ?, ?)"
        )
        statement.setUncheckedArguments([id.rawValue, epoch.rawValue, revision.stored, created, checksum(id)])
        try statement.execute()
    }
}

extension LogEntry {
    /// Writes the entry at the end of its document's log.
    func insert(in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "INSERT INTO changes (document, revision, author, time, bytes, checksum) VALUES (?, ?, ?, ?, ?, ?)"
        )
        statement.setUncheckedArguments([
            document.rawValue, revision.stored, user, timestamp, Data(changes), checksum,
        ])
        try statement.execute()
    }
}

extension PackedSnapshot {
    /// Writes the snapshot, in place of one of the same revision.
    func insert(_ id: DocumentID, in database: Database) throws {
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO snapshots (document, revision, encoding, length, bytes, checksum)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [id.rawValue, revision.stored, encoding.rawValue, byteCount, Data(bytes), checksum(id)]
        )
    }
}
