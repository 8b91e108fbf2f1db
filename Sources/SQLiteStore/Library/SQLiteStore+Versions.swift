public import Collaboration
internal import Foundation
internal import GRDB

extension SQLiteStore {
    /// See `DocumentLibrary`.
    public func load(_ id: DocumentID, at revision: Revision) async throws(StoreError) -> StoredDocument? {
        try await load(id, .through(revision))
    }

    /// See `DocumentLibrary`.
    public func loadLog(of id: DocumentID, limit: Int) async throws(StoreError) -> StoredDocument? {
        try await load(id, .log(limit: limit))
    }

    /// See `DocumentLibrary`.
    public func addVersion(
        _ version: NewVersion,
        of id: DocumentID,
        limits: VersionLimits
    ) async throws(StoreError) -> VersionSummary {
        try await write { database in
            guard try DocumentRow.fetch(id, in: database) != nil else {
                throw StoreError(.unknownDocument, "no document \(id)")
            }
            let newest = try StoredVersion.fetchSummaries(of: id, before: nil, limit: 1, in: database).first
            if version.name == nil, let newest, newest.revision == version.snapshot.revision { return newest }
            if version.name != nil {
                let count = try Int.fetchOne(
                    database,
                    sql: "SELECT count(*) FROM versions WHERE document = ? AND name IS NOT NULL",
                    arguments: [id.rawValue]
                )
                guard (count ?? 0) < limits.namedCount else { throw StoreError(.tooMany, "\(id) has as many versions") }
            }
            let stored = StoredVersion(
                summary: VersionSummary(
                    number: (newest?.number ?? 0) + 1,
                    name: version.name,
                    author: version.author,
                    created: version.created,
                    revision: version.snapshot.revision,
                    vector: version.vector
                ),
                snapshot: version.snapshot
            )
            try stored.insert(of: id, in: database)
            // The newest automatic one always stays, so that no number is given twice.
            try database.execute(
                sql: """
                    DELETE FROM versions WHERE document = :id AND name IS NULL AND number <=
                        (SELECT number FROM versions WHERE document = :id AND name IS NULL
                         ORDER BY number DESC LIMIT 1 OFFSET :count)
                    """,
                arguments: ["id": id.rawValue, "count": max(1, limits.automaticCount)]
            )
            return stored.summary
        }
    }

    /// See `DocumentLibrary`.
    public func versions(
        of id: DocumentID,
        before number: UInt64?,
        limit: Int
    ) async throws(StoreError) -> [VersionSummary] {
        try await read { try StoredVersion.fetchSummaries(of: id, before: number, limit: limit, in: $0) }
    }

    /// See `DocumentLibrary`.
    public func version(_ number: UInt64, of id: DocumentID) async throws(StoreError) -> StoredVersion? {
        try await read { try StoredVersion.fetch(number, of: id, in: $0) }
    }
}

extension StoredVersion {
    private static let summaryColumns = "number, name, author, author_name, created, revision, vector"

    /// Those of a document, the newest first, without what only the whole row tells: whether it is damaged.
    static func fetchSummaries(
        of id: DocumentID,
        before number: UInt64?,
        limit: Int,
        in database: Database
    ) throws -> [VersionSummary] {
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT \(summaryColumns) FROM versions WHERE document = ? AND number < ?
                ORDER BY number DESC LIMIT ?
                """,
            arguments: [id.rawValue, number.flatMap { Int64(exactly: $0) } ?? .max, limit]
        )
        var summaries: [VersionSummary] = []
        while let row = try rows.next() {
            if let summary = VersionSummary(row) { summaries.append(summary) }
        }
        return summaries
    }

    /// One of a document.
    static func fetch(_ number: UInt64, of id: DocumentID, in database: Database) throws -> StoredVersion? {
        guard let number = Int64(exactly: number) else { return nil }
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT \(summaryColumns), encoding, length, bytes, checksum FROM versions
                WHERE document = ? AND number = ?
                """,
            arguments: [id.rawValue, number]
        )
        guard let row else { return nil }
        let damaged = StoreError(.damaged, "version \(number) of \(id) is damaged")
        guard let summary = VersionSummary(row), let encoding = row.integer(7).flatMap(PackedSnapshot.Encoding.init)
        else { throw damaged }
        let packed = PackedSnapshot(
            revision: summary.revision,
            encoding: encoding,
            byteCount: row.integer(8) ?? -1,
            bytes: row.bytes(9)
        )
        guard summary.checksum(id, packed) == row.integer(10), let snapshot = try? packed.unpacked() else {
            throw damaged
        }
        return StoredVersion(summary: summary, snapshot: snapshot)
    }

    func insert(of id: DocumentID, in database: Database) throws {
        let packed = PackedSnapshot(snapshot)
        try database.execute(
            sql: """
                INSERT INTO versions
                    (document, \(Self.summaryColumns), encoding, length, bytes, checksum)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                id.rawValue, Int64(clamping: summary.number), summary.name.map { Data($0.utf8) },
                summary.author.id, Data(summary.author.name.utf8),
                summary.created, summary.revision.stored, Data(summary.vector), packed.encoding.rawValue,
                packed.byteCount, Data(packed.bytes), summary.checksum(id, packed),
            ]
        )
    }
}

extension VersionSummary {
    /// Reads the columns of a summary; `nil` when one has another type.
    fileprivate init?(_ row: Row) {
        guard let number = row.integer(0).flatMap({ UInt64(exactly: $0) }), let author = row.text(2),
            let authorName = String(validating: row.bytes(3), as: UTF8.self), let created = row.integer(4),
            let revision = row.integer(5)
        else { return nil }
        var name: String?
        if row.hasValue(1) {
            guard let text = String(validating: row.bytes(1), as: UTF8.self) else { return nil }
            name = text
        }
        self.init(
            number: number,
            name: name,
            author: User(id: author, name: authorName),
            created: created,
            revision: Revision(stored: revision),
            vector: row.bytes(6)
        )
    }

    /// What the row's checksum must be.
    fileprivate func checksum(_ id: DocumentID, _ packed: PackedSnapshot) -> Int64 {
        var checksum = Checksum()
        checksum.add(packed.checksum(id))
        checksum.add(Int64(clamping: number))
        checksum.add(name ?? "")
        checksum.add(author.id)
        checksum.add(author.name)
        checksum.add(created)
        checksum.add(vector)
        return Int64(checksum.value)
    }
}
