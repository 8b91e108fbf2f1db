public import Collaboration
internal import Foundation
internal import GRDB

/// What receivers of webhooks are to be told, kept until they were.
///
/// Triggers note in the same transaction that a document was made or deleted or a version kept, so that no death of the process
/// comes between. Changes are noted when people pause, from what the row of the document says: after a death in between, the
/// row still says it. So appending costs nothing more.
extension SQLiteStore {
    private static let now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"

    /// From now on, and as long as the store is open, notes what happens.
    public func watchForWebhooks() async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: """
                    CREATE TEMP TRIGGER IF NOT EXISTS webhook_created AFTER INSERT ON main.documents BEGIN
                        \(Self.event("document.created", of: "NEW"));
                        \(Self.announced("SELECT NEW.name AS document, NEW.epoch AS epoch, NEW.revision AS revision"));
                    END;
                    CREATE TEMP TRIGGER IF NOT EXISTS webhook_deleted AFTER DELETE ON main.documents BEGIN
                        \(Self.event("document.deleted", of: "OLD"));
                        DELETE FROM webhook_announced WHERE document = OLD.name;
                    END;
                    CREATE TEMP TRIGGER IF NOT EXISTS webhook_version AFTER INSERT ON main.versions BEGIN
                        \(Checksum.Table.events.insert("""
                            SELECT 'version.created' AS type, NEW.document AS document,
                                (SELECT epoch FROM documents WHERE name = NEW.document) AS epoch,
                                NEW.revision AS revision,
                                NEW.number || ' ' || NEW.created || ' ' || hex(NEW.author) || ' ' || hex(NEW.author_name)
                                    || ' ' || coalesce(hex(NEW.name), '-') AS detail,
                                \(Self.now) AS time
                            """));
                    END;
                    """
            )
        }
    }

    /// Notes an event of a document's row.
    private static func event(_ kind: String, of row: String) -> String {
        Checksum.Table.events.insert(
            """
            SELECT '\(kind)' AS type, \(row).name AS document, \(row).epoch AS epoch, \(row).revision AS revision,
                '' AS detail, \(now) AS time
            """
        )
    }

    private static func announced(_ select: String) -> String {
        Checksum.Table.announced.insert(select, replaces: true)
    }

    /// A row that is damaged says nothing: the change is told again.
    private static let unannounced = """
        FROM documents AS d LEFT JOIN webhook_announced AS a ON a.document = d.name
            AND a.checksum IS quire_checksum(a.document, a.epoch, a.revision)
        WHERE d.revision > 0 AND (a.revision IS NULL OR a.revision <> d.revision OR a.epoch <> d.epoch)
        """

    /// Notes in one transaction that documents were changed, those that were since that was noted last.
    public func noteChanges(of documents: [DocumentID]) async throws(StoreError) {
        if documents.isEmpty { return }
        try await write { database in
            for document in documents {
                let found = "\(Self.unannounced) AND d.name = :name"
                try database.execute(
                    sql: Checksum.Table.events.insert(
                        """
                        SELECT 'document.changed' AS type, d.name AS document, d.epoch AS epoch, d.revision AS revision,
                            '' AS detail, \(Self.now) AS time \(found)
                        """
                    ),
                    arguments: ["name": document.rawValue]
                )
                try database.execute(
                    sql: Self.announced(
                        "SELECT d.name AS document, d.epoch AS epoch, d.revision AS revision \(found)"
                    ),
                    arguments: ["name": document.rawValue]
                )
            }
        }
    }

    /// Documents after `after`, at most `limit`, of which no receiver was told how they are now.
    public func unannouncedDocuments(after: DocumentID?, limit: Int) async throws(StoreError) -> [DocumentID] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT d.name \(Self.unannounced) AND d.name > ? ORDER BY d.name LIMIT ?",
                arguments: [after?.rawValue ?? "", limit]
            )
            .compactMap { $0.text(0).flatMap(DocumentID.init) }
        }
    }

    /// Gives up what waits for receivers that are none any more; it stays to be looked at.
    public func giveUpDeliveries(exceptTo receivers: [String]) async throws(StoreError) {
        try await write { database in
            let waiting = try WebhookDelivery.fetch("due IS NOT NULL ORDER BY number", [], limit: .max, in: database)
            for var delivery in waiting where !receivers.contains(delivery.receiver) {
                delivery.due = nil
                delivery.failure = "no receiver any more"
                try delivery.update(in: database)
            }
        }
    }

    /// Whether something was noted of which no deliveries were made.
    public func hasWebhookEvents() async throws(StoreError) -> Bool {
        try await read { try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM webhook_events)") ?? false }
    }

    /// Makes deliveries of what was noted, and of what is told here.
    ///
    /// - Parameters:
    ///   - others: what happened that nothing in the database tells of.
    ///   - limit: how many noted events are dealt with.
    ///   - bound: how many deliveries of one receiver may wait; what is beyond is dropped.
    ///   - deliveries: makes the deliveries of an event.
    /// - Returns: how many noted events there were, and how many deliveries were dropped.
    /// - Throws: when the disk refuses.
    public func queueDeliveries(
        of others: [WebhookEvent],
        limit: Int,
        bound: Int,
        deliveries: @escaping @Sendable (WebhookEvent) -> [WebhookDelivery]
    ) async throws(StoreError) -> (noted: Int, dropped: Int) {
        try await write { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT number, type, document, epoch, revision, detail, time, \(Checksum.Table.events.isIntact)
                    FROM webhook_events ORDER BY number LIMIT ?
                    """,
                arguments: [limit]
            )
            var counts: [String: Int] = [:]
            var dropped = 0
            for event in rows.compactMap(WebhookEvent.init) + others {
                for delivery in deliveries(event) {
                    let count = try counts[delivery.receiver] ?? delivery.countOfReceiver(in: database)
                    counts[delivery.receiver] = count + 1
                    if count < bound { try delivery.insert(in: database) } else { dropped += 1 }
                }
            }
            if let last = rows.last?.integer(0) {
                try database.execute(sql: "DELETE FROM webhook_events WHERE number <= ?", arguments: [last])
            }
            return (rows.count, dropped)
        }
    }

    /// What a receiver is to be told next, whether or not its time has come.
    public func nextDelivery(to receiver: String) async throws(StoreError) -> WebhookDelivery? {
        try await read { database in
            try WebhookDelivery.fetch(
                "receiver = ? AND due IS NOT NULL ORDER BY due, number",
                [receiver],
                limit: 1,
                in: database
            ).first
        }
    }

    /// The receiver took it: it is done with.
    public func finish(_ delivery: WebhookDelivery) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: "DELETE FROM webhook_deliveries WHERE number = ?",
                arguments: [delivery.number]
            )
        }
    }

    /// Keeps what became of an attempt; without `due` the delivery is given up.
    ///
    /// Of what was given up for a receiver the newest `bound` stay.
    public func update(_ delivery: WebhookDelivery, bound: Int) async throws(StoreError) {
        try await write { database in
            try delivery.update(in: database)
            guard delivery.due == nil else { return }
            try database.execute(
                sql: """
                    DELETE FROM webhook_deliveries WHERE receiver = :receiver AND due IS NULL AND number <=
                        (SELECT number FROM webhook_deliveries WHERE receiver = :receiver AND due IS NULL
                         ORDER BY number DESC LIMIT 1 OFFSET :bound)
                    """,
                arguments: ["receiver": delivery.receiver, "bound": max(1, bound)]
            )
        }
    }

    /// Deliveries with numbers above `number`, at most `limit`: those that are given up, or those that wait.
    public func deliveries(
        givenUp: Bool,
        after number: Int64,
        limit: Int
    ) async throws(StoreError) -> [WebhookDelivery] {
        try await read { database in
            try WebhookDelivery.fetch(
                "number > ? AND (due IS NULL) = ? ORDER BY number",
                [number, givenUp],
                limit: limit,
                in: database
            )
        }
    }

    /// Has a delivery tried again at once; false when there is none of the number.
    public func retryDelivery(_ number: Int64, at time: Int64) async throws(StoreError) -> Bool {
        try await write { database in
            let found = try WebhookDelivery.fetch("number = ?", [number], limit: 1, in: database).first
            guard var delivery = found else { return false }
            delivery.attempts = 0
            delivery.due = time
            try delivery.update(in: database)
            return true
        }
    }

    /// How many deliveries wait, and how many are given up.
    public func deliveryCounts() async throws(StoreError) -> (waiting: Int, givenUp: Int) {
        try await read { database in
            let row = try Row.fetchOne(database, sql: "SELECT count(due), count(*) FROM webhook_deliveries")
            let (waiting, all) = (row?.integer(0) ?? 0, row?.integer(1) ?? 0)
            return (Int(waiting), Int(all - waiting))
        }
    }
}

extension WebhookEvent {
    /// Reads what a trigger wrote; `nil` when it is damaged: it is passed over.
    fileprivate init?(_ row: Row) {
        guard row.integer(7) == 1, let kind = row.text(1).flatMap(Kind.init),
            let document = row.text(2).flatMap(DocumentID.init),
            let time = row.integer(6)
        else { return nil }
        self.init(kind, of: document, timestamp: time)
        epoch = row.text(3).map { Epoch($0) }
        revision = row.integer(4).map(Revision.init(stored:))
        if kind == .versionCreated {
            guard let found = VersionSummary(noted: row.text(5) ?? "", revision: revision ?? .zero) else { return nil }
            version = found
        }
    }
}

extension VersionSummary {
    /// Reads what the trigger noted: by then the version, and its document, may be gone again.
    fileprivate init?(noted text: String, revision: Revision) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 5, let number = UInt64(parts[0]), let created = Int64(parts[1]),
            let author = Self.text(parts[2]), let authorName = Self.text(parts[3])
        else { return nil }
        self.init(
            number: number,
            name: parts[4] == "-" ? nil : Self.text(parts[4]),
            author: User(id: author, name: authorName),
            created: created,
            revision: revision,
            vector: []
        )
    }

    /// Text of which SQLite's `hex` made digits, so that blanks and NUL get through.
    private static func text(_ digits: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = digits.utf8[...]
        while !rest.isEmpty {
            guard let byte = UInt8(String(Substring(rest.prefix(2))), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension WebhookDelivery {
    private static let columns = "number, receiver, event, type, document, body, time, attempts, due, failure, checksum"

    /// The first `limit` that are what was written; a damaged one is passed over, and stays for `quire check` to find.
    static func fetch(
        _ condition: String,
        _ arguments: StatementArguments,
        limit: Int,
        in database: Database
    ) throws -> [WebhookDelivery] {
        let rows = try Row.fetchCursor(
            database,
            sql: "SELECT \(columns) FROM webhook_deliveries WHERE \(condition)",
            arguments: arguments
        )
        var found: [WebhookDelivery] = []
        while found.count < limit, let row = try rows.next() {
            if let delivery = WebhookDelivery(row) { found.append(delivery) }
        }
        return found
    }

    /// Reads a row; `nil` when it is not what was written.
    private init?(_ row: Row) {
        guard let number = row.integer(0), let receiver = row.text(1), let event = row.text(2), let kind = row.text(3),
            let document = row.text(4), let time = row.integer(6)
        else { return nil }
        self.init(
            number: number,
            receiver: receiver,
            event: event,
            kind: kind,
            document: document,
            body: row.bytes(5),
            timestamp: time
        )
        attempts = Int(clamping: row.integer(7) ?? 0)
        due = row.integer(8)
        failure = row.text(9)
        guard row.integer(10) == checksum else { return nil }
    }

    fileprivate func countOfReceiver(in database: Database) throws -> Int {
        let sql = "SELECT count(*) FROM webhook_deliveries WHERE receiver = ? AND due IS NOT NULL"
        return try Int.fetchOne(database, sql: sql, arguments: [receiver]) ?? 0
    }

    fileprivate func insert(in database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO webhook_deliveries
                    (receiver, event, type, document, body, time, attempts, due, failure, checksum)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                receiver, event, kind, document, Data(body), timestamp, attempts, due, failure, checksum,
            ]
        )
    }

    fileprivate func update(in database: Database) throws {
        try database.execute(
            sql: "UPDATE webhook_deliveries SET attempts = ?, due = ?, failure = ?, checksum = ? WHERE number = ?",
            arguments: [attempts, due, failure, checksum, number]
        )
    }

    /// What the row's checksum must be.
    private var checksum: Int64 {
        var checksum = Checksum()
        for text in [receiver, event, kind, document, failure ?? ""] { checksum.add(text) }
        checksum.add(body)
        for number in [timestamp, Int64(attempts), due ?? -1] { checksum.add(number) }
        return Int64(checksum.value)
    }
}
