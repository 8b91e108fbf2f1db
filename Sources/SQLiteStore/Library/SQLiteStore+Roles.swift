public import Collaboration
internal import GRDB

extension SQLiteStore: DocumentLibrary {
    /// See `DocumentLibrary`.
    public func roles(of id: DocumentID) async throws(StoreError) -> [RoleAssignment] {
        try await read { try RoleAssignment.fetchAll(of: id, in: $0) }
    }

    /// See `DocumentLibrary`.
    public func roles(
        ofUser user: String,
        from first: DocumentID,
        through last: DocumentID
    ) async throws(StoreError) -> [DocumentID: RoleAssignment] {
        try await read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT user, role, author, time, checksum, document FROM roles
                    WHERE user = ? AND document BETWEEN ? AND ?
                    """,
                arguments: [user, first.rawValue, last.rawValue]
            )
            var found: [DocumentID: RoleAssignment] = [:]
            while let row = try rows.next() {
                guard let id = row.text(5).flatMap(DocumentID.init) else { continue }
                found[id] = try RoleAssignment(row, of: id)
            }
            return found
        }
    }

    /// See `DocumentLibrary`.
    public func assign(
        _ assignment: RoleAssignment,
        in id: DocumentID,
        keepsAdmin: Bool,
        limit: Int,
        committed: @escaping @Sendable () -> Void
    ) async throws(StoreError) {
        try await write(committed: committed) { database in
            guard try DocumentRow.fetch(id, in: database) != nil else {
                throw StoreError(.unknownDocument, "no document \(id)")
            }
            var roles = try RoleAssignment.fetchAll(of: id, in: database)
            let former = roles.firstIndex { $0.user == assignment.user }
            if let former { roles.remove(at: former) }
            guard roles.count < limit else { throw StoreError(.tooMany, "\(id) has \(limit) assigned roles") }
            if keepsAdmin, former != nil { try Self.requireAdmin(in: roles + [assignment], of: id, in: database) }
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO roles (document, user, role, author, time, checksum)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id.rawValue, assignment.user, assignment.role.map { Int64($0.rawValue) }, assignment.author,
                    assignment.timestamp, assignment.checksum(id),
                ]
            )
        }
    }

    /// See `DocumentLibrary`.
    public func unassign(
        _ user: String,
        in id: DocumentID,
        keepsAdmin: Bool,
        committed: @escaping @Sendable () -> Void
    ) async throws(StoreError) -> Bool {
        try await write(committed: { if $0 { committed() } }) { database in
            let roles = try RoleAssignment.fetchAll(of: id, in: database)
            let others = roles.filter { $0.user != user }
            guard others.count < roles.count else { return false }
            if keepsAdmin { try Self.requireAdmin(in: others, of: id, in: database) }
            try database.execute(
                sql: "DELETE FROM roles WHERE document = ? AND user = ?",
                arguments: [id.rawValue, user]
            )
            return true
        }
    }

    /// Refuses a table of roles that has no admin left though it had one.
    private static func requireAdmin(in roles: [RoleAssignment], of id: DocumentID, in database: Database) throws {
        guard !roles.contains(where: { $0.role == .admin }) else { return }
        let former = try RoleAssignment.fetchAll(of: id, in: database)
        guard former.contains(where: { $0.role == .admin }) else { return }
        throw StoreError(.conflict, "\(id) would have no admin left")
    }

    /// See `DocumentLibrary`.
    public func summary(of id: DocumentID) async throws(StoreError) -> DocumentSummary? {
        try await read { database in
            switch try DocumentRow.fetch(id, in: database) {
            case .row(let row): return DocumentSummary(id: id, revision: row.revision, created: row.created)
            case .damaged: throw StoreError(.damaged, "the row of document \(id) is damaged")
            case nil: return nil
            }
        }
    }

    /// See `DocumentStore`.
    public func delete(_ id: DocumentID) async throws(StoreError) {
        try await write(removing: id) { database in
            let epoch = try String.fetchOne(
                database,
                sql: "SELECT epoch FROM documents WHERE name = ?",
                arguments: [id.rawValue]
            )
            guard let epoch else { throw StoreError(.unknownDocument, "no document \(id)") }
            for table in ["changes", "snapshots", "roles", "versions", "quarantine"] {
                try database.execute(sql: "DELETE FROM \(table) WHERE document = ?", arguments: [id.rawValue])
            }
            try database.execute(sql: "DELETE FROM documents WHERE name = ?", arguments: [id.rawValue])
            try database.execute(
                sql: Checksum.Table.deleted.insert(
                    "SELECT ? AS name, ? AS epoch, CAST(strftime('%s', 'now') AS INTEGER) * 1000 AS time",
                    replaces: true
                ),
                arguments: [id.rawValue, epoch]
            )
        }
    }

    /// See `DocumentStore`.
    ///
    /// A row that is damaged may be of any epoch: nobody brings the document back.
    public func wasDeleted(_ id: DocumentID, epoch: Epoch) async throws(StoreError) -> Bool {
        try await read { database in
            try Bool.fetchOne(
                database,
                sql: """
                    SELECT EXISTS (SELECT 1 FROM deleted
                    WHERE name = ? AND (epoch = ? OR NOT (\(Checksum.Table.deleted.isIntact))))
                    """,
                arguments: [id.rawValue, epoch.rawValue]
            ) ?? false
        }
    }
}

extension RoleAssignment {
    /// All of a document.
    ///
    /// - Throws: `damaged` when a row does not hold what was written: whom it barred must not come in by the damage.
    static func fetchAll(of id: DocumentID, in database: Database) throws -> [RoleAssignment] {
        let statement = try database.cachedStatement(
            sql: "SELECT user, role, author, time, checksum FROM roles WHERE document = ? ORDER BY user"
        )
        let rows = try Row.fetchCursor(statement, arguments: [id.rawValue])
        var roles: [RoleAssignment] = []
        while let row = try rows.next() { roles.append(try RoleAssignment(row, of: id)) }
        return roles
    }

    /// Reads `user, role, author, time, checksum`.
    fileprivate init(_ row: Row, of id: DocumentID) throws {
        let stored = row.integer(1)
        guard let user = row.text(0), let author = row.text(2), let timestamp = row.integer(3) else {
            throw StoreError(.damaged, "a role of \(id) is damaged")
        }
        let role = stored.flatMap { UInt8(exactly: $0) }.flatMap(Role.init(rawValue:))
        self.init(user: user, role: role, author: author, timestamp: timestamp)
        guard row.integer(4) == checksum(id), (stored == nil) == (role == nil) else {
            throw StoreError(.damaged, "the role of a user of \(id) is damaged")
        }
    }

    /// What the row's checksum must be.
    func checksum(_ id: DocumentID) -> Int64 {
        var checksum = Checksum()
        checksum.add(id.rawValue)
        checksum.add(user)
        checksum.add(role.map { Int64($0.rawValue) } ?? -1)
        checksum.add(author)
        checksum.add(timestamp)
        return Int64(checksum.value)
    }
}
