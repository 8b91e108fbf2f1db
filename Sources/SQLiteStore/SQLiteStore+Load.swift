internal import Collaboration
internal import Foundation
internal import GRDB

extension DocumentRow {
    /// What is found where a document's row should be.
    enum Found {
        case row(DocumentRow)
        /// It does not hold what was written.
        case damaged
    }

    /// Reads a document's row; `nil` when there is none.
    static func fetch(_ id: DocumentID, in database: Database) throws -> Found? {
        let statement = try database.cachedStatement(
            sql: "SELECT epoch, revision, created, checksum FROM documents WHERE name = ?"
        )
        guard let fetched = try Row.fetchOne(statement, arguments: [id.rawValue]) else { return nil }
        guard let epoch = fetched.text(0), let revision = fetched.integer(1), let created = fetched.integer(2)
        else { return .damaged }
        let row = DocumentRow(epoch: Epoch(epoch), revision: Revision(stored: revision), created: created)
        return row.checksum(id) == fetched.integer(3) ? .row(row) : .damaged
    }
}

extension Row {
    /// A column that should hold a number; `nil` when it holds something else.
    ///
    /// The tables are `STRICT`, but a flipped bit in the file can make a value another type, and GRDB's subscripts trap
    /// on what they cannot convert.
    func integer(_ index: Int) -> Int64? { Int64.fromDatabaseValue(self[index]) }

    /// A column that should hold bytes; none when it holds something else.
    func bytes(_ index: Int) -> [UInt8] { Data.fromDatabaseValue(self[index]).map(Array.init) ?? [] }

    /// Whether a column holds anything.
    func hasValue(_ index: Int) -> Bool { !hasNull(atIndex: index) }

    /// A column that should hold text; see ``integer(_:)``.
    func text(_ index: Int) -> String? { String.fromDatabaseValue(self[index]) }
}

/// What reading a document found.
enum LoadOutcome: Sendable {
    /// It was never created.
    case unknown
    /// The document, whole. `damaged` rows were not needed for it.
    case found(StoredDocument, damaged: [DamagedRow])
    /// It cannot be given back whole.
    case lost(damaged: [DamagedRow])
    /// The log does not reach to the revision that was asked for.
    case notRetained
}

/// Reads one document and checks every row on the way.
struct Loader {
    /// Which state is wanted.
    enum Extent {
        /// The newest.
        case whole
        /// That of a revision.
        case through(Revision)
        /// The newest, with so many entries before it as there are, up to about a number.
        case log(limit: Int)
    }

    let id: DocumentID
    let extent: Extent
    private var damaged: [DamagedRow] = []

    init(_ id: DocumentID, _ extent: Extent = .whole) {
        self.id = id
        self.extent = extent
    }

    mutating func load(in database: Database) throws -> LoadOutcome {
        let row: DocumentRow
        switch try DocumentRow.fetch(id, in: database) {
        case .row(let found): row = found
        case .damaged: return lose(.document, .zero, "the checksum does not match")
        case nil:
            guard try hasContent(in: database) else { return .unknown }
            return lose(.document, .zero, "the row is missing, but there are changes or snapshots")
        }
        var last = row.revision
        if case .through(let revision) = extent {
            guard revision <= row.revision else { return .notRetained }
            last = revision
        }
        let snapshot = try startingSnapshot(of: row, in: database)
        var entries: [LogEntry] = []
        var expected = (snapshot?.revision ?? .zero).next
        if case .through = extent, expected <= last, try !hasChange(expected, in: database) { return .notRetained }
        let cursor = try Row.fetchCursor(
            database,
            sql: """
                SELECT revision, author, time, bytes, checksum FROM changes
                WHERE document = ? AND revision >= ? AND (revision <= ? OR ?) ORDER BY revision
                """,
            arguments: [id.rawValue, expected.stored, last.stored, last == row.revision]
        )
        while let fetched = try cursor.next() {
            guard let revision = fetched.integer(0), let user = fetched.text(1), let timestamp = fetched.integer(2)
            else {
                return lose(.change, expected, "a column has another type")
            }
            let entry = LogEntry(
                document: id,
                revision: Revision(stored: revision),
                changes: try fetched.withUnsafeData(atIndex: 3) { $0.map(Array.init) ?? [] },
                user: user,
                timestamp: timestamp
            )
            guard entry.revision == expected else { return lose(.change, expected, "the row is missing") }
            guard entry.checksum == fetched.integer(4) else {
                return lose(.change, expected, "the checksum does not match")
            }
            entries.append(entry)
            expected = expected.next
        }
        guard expected == last.next else {
            return lose(.change, expected, "the log ends before revision \(last) or after it")
        }
        let roles = try RoleAssignment.fetchAll(of: id, in: database)
        let document = StoredDocument(epoch: row.epoch, snapshot: snapshot, entries: entries, roles: roles)
        return .found(document, damaged: damaged)
    }

    /// The snapshot to begin with, if there is one.
    private mutating func startingSnapshot(of row: DocumentRow, in database: Database) throws -> StoredSnapshot? {
        switch extent {
        case .whole:
            return try newestGoodSnapshot(notAfter: nil, head: row.revision, in: database)
        case .through(let revision):
            return try newestGoodSnapshot(notAfter: revision, head: row.revision, in: database)
        case .log(let limit):
            let earliest = Revision(row.revision.rawValue - min(row.revision.rawValue, UInt64(max(0, limit))))
            // The log from its beginning, or from the oldest snapshot that leaves no more of it than is wanted; entries
            // before that snapshot may be gone.
            if earliest == .zero, try hasChange(Revision(1), in: database) { return nil }
            let oldest = try Int64.fetchOne(
                database,
                sql: "SELECT min(revision) FROM snapshots WHERE document = ? AND revision >= ?",
                arguments: [id.rawValue, earliest.stored]
            )
            let last = oldest.map { Revision(stored: $0) }
            return try newestGoodSnapshot(notAfter: last, head: row.revision, in: database)
        }
    }

    private func hasChange(_ revision: Revision, in database: Database) throws -> Bool {
        try Bool.fetchOne(
            database,
            sql: "SELECT EXISTS (SELECT 1 FROM changes WHERE document = ? AND revision = ?)",
            arguments: [id.rawValue, revision.stored]
        ) ?? false
    }

    private mutating func newestGoodSnapshot(
        notAfter last: Revision?,
        head: Revision,
        in database: Database
    ) throws -> StoredSnapshot? {
        let cursor = try Row.fetchCursor(
            database,
            sql: """
                SELECT revision, encoding, length, bytes, checksum FROM snapshots
                WHERE document = ? AND revision <= ? ORDER BY revision DESC
                """,
            arguments: [id.rawValue, last.map(\.stored) ?? .max]
        )
        while let fetched = try cursor.next() {
            // A snapshot without a number cannot be named in the quarantine; the older one serves.
            guard let revision = fetched.integer(0).map(Revision.init(stored:)) else { continue }
            do throws(PackedSnapshot.Failure) {
                guard let encoding = fetched.integer(1).flatMap(PackedSnapshot.Encoding.init) else {
                    throw .unknownEncoding
                }
                let packed = PackedSnapshot(
                    revision: revision,
                    encoding: encoding,
                    byteCount: fetched.integer(2) ?? -1,
                    bytes: fetched.bytes(3)
                )
                if packed.checksum(id) != fetched.integer(4) {
                    note(.snapshot, revision, "the checksum does not match")
                } else if revision > head {
                    note(.snapshot, revision, "it is newer than the log")
                } else {
                    return try packed.unpacked()
                }
            } catch {
                note(.snapshot, revision, error.reason)
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
