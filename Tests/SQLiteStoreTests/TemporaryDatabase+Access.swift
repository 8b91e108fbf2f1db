import GRDB

extension TemporaryDatabase {
    /// Reads beside the store.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await access(body)
    }

    /// Writes beside the store, as a bad disk would.
    func write(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
        try await access(body)
    }

    /// Writes values that the tables' rules forbid: the rules are taken away and put back.
    func writeUntyped(_ sql: String) async throws {
        let tables = "type = 'table' AND name IN ('documents', 'changes', 'snapshots')"
        let rules = try await read {
            try Row.fetchAll($0, sql: "SELECT name, sql FROM sqlite_master WHERE \(tables)").map {
                (name: $0["name"] as String, sql: $0["sql"] as String)
            }
        }
        try await write { database in
            try database.execute(sql: "PRAGMA writable_schema = ON")
            for (name, sql) in rules {
                let loose = sql.replacing(" NOT NULL", with: "").replacing("STRICT, ", with: "")
                    .replacing(" STRICT", with: "")
                try database.execute(
                    sql: "UPDATE sqlite_master SET sql = ? WHERE name = ?",
                    arguments: [loose, name]
                )
            }
        }
        try await write { try $0.execute(sql: sql) }
        try await write { database in
            try database.execute(sql: "PRAGMA writable_schema = ON")
            for (name, sql) in rules {
                try database.execute(sql: "UPDATE sqlite_master SET sql = ? WHERE name = ?", arguments: [sql, name])
            }
        }
    }

    private func access<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let value = try await queue.writeWithoutTransaction(body)
        try queue.close()
        return value
    }
}
