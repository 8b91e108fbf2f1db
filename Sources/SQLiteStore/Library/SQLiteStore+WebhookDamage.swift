public import Collaboration
internal import GRDB

extension SQLiteStore {
    private static let webhookTables = ["webhook_events", "webhook_deliveries", "webhook_announced"]

    /// Puts empty tables in the place of those of webhooks that SQLite cannot read.
    ///
    /// Documents are made and deleted in transactions that write to them, which would all fail. What was in them is not told; it
    /// stays in the file under another name, for whoever repairs.
    ///
    /// Before ``watchForWebhooks()``.
    ///
    /// - Parameter time: milliseconds since 1970, a part of those names.
    /// - Returns: the tables.
    /// - Throws: `ioFailure`, or `damaged` when the file as a whole is.
    public func setAsideDamagedWebhooks(at time: Int64) async throws(StoreError) -> [String] {
        var damaged: [String] = []
        for table in Self.webhookTables {
            // By another connection than the one that writes, which is of no use to the table once it met the damage.
            if try await !read({ try Self.isReadable(table, in: $0) }) { damaged.append(table) }
        }
        guard !damaged.isEmpty else { return [] }
        try await write { [damaged] database in
            for table in damaged { try Self.replace(table, at: time, in: database) }
        }
        return damaged
    }

    private static func replace(_ table: String, at time: Int64, in database: Database) throws {
        let statements = try String.fetchAll(
            database,
            sql: "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type = 'index'",
            arguments: [table]
        )
        try database.execute(sql: "ALTER TABLE \(table) RENAME TO damaged_\(table)_\(time)")
        for statement in statements {
            // The index of the other table has the name.
            let index = "CREATE INDEX new\(time)_\(table)"
            try database.execute(sql: statement.replacing("CREATE INDEX \(table)", with: index))
        }
    }

    private static func isReadable(_ table: String, in database: Database) throws -> Bool {
        do {
            return try String.fetchAll(database, sql: "PRAGMA integrity_check('\(table)')") == ["ok"]
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            return false
        }
    }
}
