public import Collaboration
internal import GRDB

/// Revoked tokens, for whoever runs a server.
extension SQLiteStore {
    /// A page of revocations in the order in which they were made, with their numbers.
    ///
    /// Of a damaged row it tells what can be read.
    public func revocations(
        after number: Int64,
        limit: Int
    ) async throws(StoreError) -> [(number: Int64, revocation: Revocation)] {
        try await read { database in
            try StoredRevocation.fetch("number > ?", [number], limit: limit, in: database)
                .map { (number: $0.number, revocation: $0.revocation) }
        }
    }

    /// All revocations that are not over.
    ///
    /// Whoever was shut out must not come in by damage: a row whose checksum does not match counts, for the name that it has,
    /// as if it was made now.
    ///
    /// - Parameter now: milliseconds since 1970.
    /// - Returns: the revocations, and how many of them are damaged.
    /// - Throws: `ioFailure`.
    public func allRevocations(now: Int64) async throws(StoreError) -> (all: [Revocation], damagedCount: Int) {
        try await read { database in
            let rows = try StoredRevocation.fetch("until IS NULL OR until > ?", [now], limit: .max, in: database)
            let all = rows.map { row in
                var revocation = row.revocation
                if !row.isIntact, case .user = revocation.subject { revocation.before = now }
                return revocation
            }
            return (all, rows.count { !$0.isIntact })
        }
    }

    /// Keeps a revocation, in place of an earlier one of the same subject; those that are over are dropped.
    ///
    /// - Parameters:
    ///   - revocation: the revocation.
    ///   - limit: how many there may be.
    ///   - committed: called when it is durable, in the order in which revocations are written.
    /// - Throws: `tooMany`.
    public func revoke(
        _ revocation: Revocation,
        limit: Int,
        committed: @escaping @Sendable () -> Void
    ) async throws(StoreError) {
        try await write(committed: committed) { database in
            try database.execute(sql: "DELETE FROM revocations WHERE until <= ?", arguments: [revocation.timestamp])
            let (kind, name) = revocation.subject.key
            try database.execute(sql: "DELETE FROM revocations WHERE kind = ? AND name = ?", arguments: [kind, name])
            guard try Int.fetchOne(database, sql: "SELECT count(*) FROM revocations") ?? 0 < limit else {
                throw StoreError(.tooMany, "there are \(limit) revocations")
            }
            try database.execute(
                sql: """
                    INSERT INTO revocations (kind, name, made_before, until, author, time, checksum)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    kind, name, revocation.before, revocation.until, revocation.author, revocation.timestamp,
                    revocation.checksum,
                ]
            )
        }
    }

    /// Takes a revocation back.
    ///
    /// - Returns: whether there was one.
    public func lift(
        _ subject: Revocation.Subject,
        committed: @escaping @Sendable () -> Void
    ) async throws(StoreError) -> Bool {
        try await write(committed: { if $0 { committed() } }) { database in
            let (kind, name) = subject.key
            try database.execute(sql: "DELETE FROM revocations WHERE kind = ? AND name = ?", arguments: [kind, name])
            return database.changesCount > 0
        }
    }
}

/// A row of `revocations`.
struct StoredRevocation {
    var number: Int64
    var revocation: Revocation
    /// Whether the checksum matches.
    var isIntact: Bool

    /// Rows in the order of their numbers; one that has no name to speak of is left out.
    static func fetch(
        _ condition: String,
        _ arguments: StatementArguments,
        limit: Int,
        in database: Database
    ) throws -> [StoredRevocation] {
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT number, kind, name, made_before, until, author, time, checksum FROM revocations
                WHERE \(condition) ORDER BY number LIMIT \(limit)
                """,
            arguments: arguments
        )
        var all: [StoredRevocation] = []
        while let row = try rows.next() {
            if let revocation = StoredRevocation(row) { all.append(revocation) }
        }
        return all
    }

    private init?(_ row: Row) {
        guard let number = row.integer(0), let kind = row.integer(1), let name = row.text(2) else { return nil }
        self.number = number
        revocation = Revocation(
            subject: kind == Revocation.Subject.userKind ? .user(name) : .token(name),
            before: row.integer(3) ?? .max,
            until: row.integer(4),
            author: row.text(5) ?? "",
            timestamp: row.integer(6) ?? 0
        )
        isIntact = row.integer(7) == revocation.checksum && revocation.subject.key.kind == kind
    }
}

extension Revocation.Subject {
    fileprivate static let userKind: Int64 = 0

    /// How a row names it.
    fileprivate var key: (kind: Int64, name: String) {
        switch self {
        case .user(let id): (Self.userKind, id)
        case .token(let id): (1, id)
        }
    }
}

extension Revocation {
    /// What the row's checksum must be.
    fileprivate var checksum: Int64 {
        var checksum = Checksum()
        let (kind, name) = subject.key
        checksum.add(kind)
        checksum.add(name)
        checksum.add(before)
        checksum.add(until ?? -1)
        checksum.add(author)
        checksum.add(timestamp)
        return Int64(checksum.value)
    }
}
