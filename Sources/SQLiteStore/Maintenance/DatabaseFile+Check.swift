internal import CRDT
public import Collaboration
internal import GRDB

extension DatabaseFile {
    /// Reads everything, and compares it with its checksums and with itself.
    ///
    /// The file as SQLite sees it; every row; every document as the engine makes it of its newest snapshot, and of its oldest
    /// with the log from there on, which must be the same. One document at a time is in memory, and read in a transaction of its
    /// own, so that a server's log can be written back into the file meanwhile; but SQLite looks at the file as a whole.
    ///
    /// - Parameter report: gets each finding, as it is found.
    /// - Returns: what was read, and how much was found.
    /// - Throws: when the file cannot be read at all.
    public func check(report: (CheckReport.Finding) -> Void) throws(StoreError) -> CheckReport {
        do {
            return try withoutActuallyEscaping(report) { try self.check(reporting: $0) }
        } catch {
            throw StoreError(error)
        }
    }

    private func check(reporting report: @escaping (CheckReport.Finding) -> Void) throws -> CheckReport {
        var result = CheckReport()
        func step<Value>(_ body: (inout DatabaseCheck) throws -> Value) throws -> Value {
            try queue.read { database in
                var check = DatabaseCheck(database: database, result: result, report: report)
                defer { result = check.result }
                return try body(&check)
            }
        }
        try step { try $0.checkFile() }
        var last: String?
        while case let names = try step({ try $0.names(after: last) }), let final = names.last {
            for name in names { try step { try $0.checkDocumentIfReadable(name) } }
            last = final
        }
        try step { try $0.checkTables() }
        return result
    }
}

/// A check under way.
private struct DatabaseCheck {
    let database: Database
    var result: CheckReport
    let report: (CheckReport.Finding) -> Void

    private static let pageCount = 500

    init(database: Database, result: CheckReport, report: @escaping (CheckReport.Finding) -> Void) {
        self.database = database
        self.result = result
        self.report = report
    }

    mutating func checkDocumentIfReadable(_ name: String) throws {
        do {
            try checkDocument(name)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            find(name, "document", nil, "SQLite cannot read all of its rows")
        }
    }

    mutating func checkTables() throws {
        try checkTable("replies") { check throws in try check.checkReplies() }
        try checkTable("webhook_deliveries") { check throws in try check.checkWebhooks() }
        try checkTable("revocations") { check throws in try check.checkRevocations() }
        for table in Checksum.Table.allCases {
            try checkTable(table.rawValue) { check throws in try check.checkRows(of: table) }
        }
        result.counts.quarantined = try count("SELECT count(*) FROM quarantine")
    }

    /// Goes on with the rest when SQLite cannot read a table.
    private mutating func checkTable(_ name: String, _ body: (inout Self) throws -> Void) throws {
        do {
            try body(&self)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            find(nil, "file", nil, "SQLite cannot read all rows of \(name)")
        }
    }

    // MARK: The file

    mutating func checkFile() throws {
        for message in try String.fetchAll(database, sql: "PRAGMA integrity_check(100)") where message != "ok" {
            find(nil, "file", nil, message)
        }
        let violations = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check")
        for row in violations.prefix(100) {
            find(nil, "reference", row.integer(1), "a row of \(row.text(0) ?? "a table") belongs to no document")
        }
    }

    /// Also of documents of which only the content is left.
    func names(after last: String?) throws -> [String] {
        let tables = ["documents": "name", "changes": "document", "snapshots": "document", "versions": "document"]
        let all = tables.map { table, column in
            // SQLite limits and orders the union as a whole; within each table the names come from an index.
            "SELECT \(column) AS name FROM \(table) WHERE \(column) > :last"
        }
        let rows = try Row.fetchAll(
            database,
            sql: "\(all.joined(separator: " UNION ")) ORDER BY name LIMIT \(Self.pageCount)",
            arguments: ["last": last ?? ""]
        )
        return rows.compactMap { $0.text(0) }
    }

    /// Numbers of rows; of those that hold something else the checks of whole rows tell.
    private func numbers(_ sql: String, of id: DocumentID) throws -> [Int64] {
        try Row.fetchAll(database, sql: sql, arguments: [id.rawValue]).compactMap { $0.integer(0) }
    }

    // MARK: A document

    private mutating func checkDocument(_ name: String) throws {
        result.counts.documents += 1
        guard let id = DocumentID(name) else { return find(name, "document", nil, "this is no name of a document") }
        try checkRoles(of: id)
        try checkVersions(of: id)
        result.counts.changes += try count("SELECT count(*) FROM changes WHERE document = ?", id)
        let newest = try state(of: id, .whole)
        // The log as a whole, from the oldest snapshot on, whether or not it is still needed.
        let replayed = try state(of: id, .log(limit: .max))
        if let newest, let replayed, newest != replayed {
            find(name, "snapshot", nil, "it does not hold what the log before it gives")
        }
        let revisions = try numbers("SELECT revision FROM snapshots WHERE document = ? ORDER BY revision", of: id)
        result.counts.snapshots += revisions.count
        for revision in revisions { _ = try state(of: id, .through(Revision(stored: revision))) }
    }

    /// What the engine makes of a document: as much of it as others could see.
    private struct State: Equatable {
        var version: Version
        var content: [RootContent]
    }

    /// Those of one document.
    private var found: Set<CheckReport.Finding> = []

    private mutating func state(of id: DocumentID, _ extent: Loader.Extent) throws -> State? {
        var loader = Loader(id, extent)
        do {
            switch try loader.load(in: database) {
            case .unknown, .notRetained:
                return nil
            case .found(let stored, let damaged):
                for row in damaged { find(row) }
                return try state(of: stored, id)
            case .lost(let damaged):
                for row in damaged { find(row) }
                return nil
            }
        } catch let error as StoreError where error.code == .damaged {
            // The roles, which have a finding of their own.
            return nil
        }
    }

    private mutating func state(of stored: StoredDocument, _ id: DocumentID) throws -> State? {
        do throws(RoomError) {
            let document = try PastDocument(stored, of: id, replica: ReplicaID(1))
            let state = State(version: document.version, content: document.content)
            // What the engine would store next must be readable as well.
            let snapshot = StoredSnapshot(revision: stored.revision, bytes: document.snapshot())
            let again = try PastDocument(
                StoredDocument(epoch: stored.epoch, snapshot: snapshot),
                of: id,
                replica: ReplicaID(1)
            )
            if State(version: again.version, content: again.content) != state {
                find(id.rawValue, "document", nil, "the engine does not read what it writes of it")
            }
            return state
        } catch {
            find(id.rawValue, "document", Int64(clamping: stored.revision.rawValue), "the engine: \(error.message)")
            return nil
        }
    }

    private mutating func checkVersions(of id: DocumentID) throws {
        let all = try numbers("SELECT number FROM versions WHERE document = ? ORDER BY number", of: id)
        result.counts.versions += all.count
        for number in all {
            do {
                guard let version = try StoredVersion.fetch(UInt64(clamping: number), of: id, in: database) else {
                    continue
                }
                let stored = StoredDocument(epoch: Epoch(""), snapshot: version.snapshot)
                _ = try PastDocument(stored, of: id, replica: ReplicaID(1))
            } catch let error as StoreError where error.code == .damaged {
                find(id.rawValue, "version", number, "the checksum does not match")
            } catch let error as RoomError {
                find(id.rawValue, "version", number, "the engine: \(error.message)")
            }
        }
    }

    private mutating func checkRoles(of id: DocumentID) throws {
        do {
            result.counts.roles += try RoleAssignment.fetchAll(of: id, in: database).count
        } catch let error as StoreError where error.code == .damaged {
            find(id.rawValue, "role", nil, error.message)
        }
    }

    private mutating func checkReplies() throws {
        let rows = try Row.fetchCursor(database, sql: "SELECT name FROM replies ORDER BY name")
        while let name = try rows.next()?.text(0) {
            result.counts.replies += 1
            do {
                _ = try StoredReply.fetch(name, since: .min, in: database)
            } catch let error as StoreError where error.code == .damaged {
                find(nil, "reply", nil, error.message)
            }
        }
    }

    private mutating func checkWebhooks() throws {
        let rows = try Row.fetchCursor(database, sql: "SELECT number FROM webhook_deliveries ORDER BY number")
        while let number = try rows.next()?.integer(0) {
            result.counts.webhooks += 1
            if try WebhookDelivery.fetch("number = ?", [number], limit: 1, in: database).isEmpty {
                find(nil, "webhook", number, "the checksum does not match")
            }
        }
    }

    private mutating func checkRows(of table: Checksum.Table) throws {
        let damaged = try count("SELECT count(*) FROM \(table.rawValue) WHERE NOT (\(table.isIntact))")
        if damaged > 0 { find(nil, "file", nil, "\(damaged) rows of \(table.rawValue) do not match their checksums") }
    }

    private mutating func checkRevocations() throws {
        let stored = try StoredRevocation.fetch("true", [], limit: .max, in: database)
        result.counts.revocations = try count("SELECT count(*) FROM revocations")
        for row in stored where !row.isIntact { find(nil, "revocation", row.number, "the checksum does not match") }
        if stored.count < result.counts.revocations { find(nil, "revocation", nil, "a row names nobody") }
    }

    // MARK: Findings

    private mutating func find(_ row: DamagedRow) {
        find(row.document.rawValue, row.item.rawValue, row.revision.stored, row.reason)
    }

    /// The same thing is met on several ways; it counts once.
    private mutating func find(_ document: String?, _ item: String, _ number: Int64?, _ reason: String) {
        let finding = CheckReport.Finding(document: document, item: item, number: number, reason: reason)
        if found.first?.document != document { found.removeAll() }
        guard found.insert(finding).inserted else { return }
        result.findingCount += 1
        report(finding)
    }

    private func count(_ sql: String, _ id: DocumentID? = nil) throws -> Int {
        let arguments = id.map { StatementArguments([$0.rawValue]) } ?? StatementArguments()
        return try Int.fetchOne(database, sql: sql, arguments: arguments) ?? 0
    }
}
