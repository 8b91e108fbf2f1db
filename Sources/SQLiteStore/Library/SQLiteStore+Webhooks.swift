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
                        INSERT INTO webhook_events (type, document, epoch, revision, detail, time)
                            VALUES ('document.created', NEW.name, NEW.epoch, NEW.revision, '', \(Self.now));
                        INSERT OR REPLACE INTO webhook_announced VALUES (NEW.name, NEW.epoch, NEW.revision);
                    END;
                    CREATE TEMP TRIGGER IF NOT EXISTS webhook_deleted AFTER DELETE ON main.documents BEGIN
                        INSERT INTO webhook_events (type, document, epoch, revision, detail, time)
                            VALUES ('document.deleted', OLD.name, OLD.epoch, OLD.revision, '', \(Self.now));
                        DELETE FROM webhook_announced WHERE document = OLD.name;
                    END;
                    CREATE TEMP TRIGGER IF NOT EXISTS webhook_version AFTER INSERT ON main.versions BEGIN
                        INSERT INTO webhook_events (type, document, epoch, revision, detail, time)
                            VALUES ('version.created', NEW.document,
                                (SELECT epoch FROM documents WHERE name = NEW.document),
                                NEW.revision, CAST(NEW.number AS TEXT), \(Self.now));
                    END;
                    """
            )
        }
    }

    /// Notes that a document was changed, when it was since that was noted last.
    ///
    /// Without a document: all of them.
    public func noteChanges(of document: DocumentID? = nil) async throws(StoreError) {
        try await write { database in
            let found = """
                FROM documents AS d LEFT JOIN webhook_announced AS a ON a.document = d.name
                WHERE (:name IS NULL OR d.name = :name) AND d.revision > 0
                    AND (a.revision IS NULL OR a.revision <> d.revision OR a.epoch <> d.epoch)
                """
            try database.execute(
                sql: """
                    INSERT INTO webhook_events (type, document, epoch, revision, detail, time)
                        SELECT 'document.changed', d.name, d.epoch, d.revision, '', \(Self.now) \(found)
                    """,
                arguments: ["name": document?.rawValue]
            )
            try database.execute(
                sql: "INSERT OR REPLACE INTO webhook_announced SELECT d.name, d.epoch, d.revision \(found)",
                arguments: ["name": document?.rawValue]
            )
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
    ///   - bound: how many deliveries of one receiver may be there; what is beyond is dropped.
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
                    SELECT number, type, document, epoch, revision, detail, time FROM webhook_events
                    ORDER BY number LIMIT ?
                    """,
                arguments: [limit]
            )
            var counts: [String: Int] = [:]
            var dropped = 0
            for event in try rows.compactMap({ try WebhookEvent($0, in: database) }) + others {
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
                "receiver = ? AND due IS NOT NULL ORDER BY due, number LIMIT 10",
                [receiver],
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
    public func update(_ delivery: WebhookDelivery) async throws(StoreError) {
        try await write { try delivery.update(in: $0) }
    }

    /// Deliveries with numbers above `number`, at most `limit`: those that are given up, or those that wait.
    public func deliveries(
        givenUp: Bool,
        after number: Int64,
        limit: Int
    ) async throws(StoreError) -> [WebhookDelivery] {
        try await read { database in
            try WebhookDelivery.fetch(
                "number > ? AND (due IS NULL) = ? ORDER BY number LIMIT ?",
                [number, givenUp, limit],
                in: database
            )
        }
    }

    /// Has a delivery tried again at once; false when there is none of the number.
    public func retryDelivery(_ number: Int64, at time: Int64) async throws(StoreError) -> Bool {
        try await write { database in
            let found = try WebhookDelivery.fetch("number = ?", [number], in: database).first
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
    /// Reads what a trigger wrote; `nil` when it is not what triggers write.
    fileprivate init?(_ row: Row, in database: Database) throws {
        guard let kind = row.text(1).flatMap(Kind.init), let document = row.text(2).flatMap(DocumentID.init),
            let time = row.integer(6)
        else { return nil }
        self.init(kind, of: document, timestamp: time)
        epoch = row.text(3).map { Epoch($0) }
        revision = row.integer(4).map(Revision.init(stored:))
        if kind == .versionCreated, let number = row.text(5).flatMap(UInt64.init) {
            // It may be gone again.
            version = try StoredVersion.fetchSummaries(of: document, before: number + 1, limit: 1, in: database).first
            guard version?.number == number else { return nil }
        }
    }
}

extension WebhookDelivery {
    private static let columns = "number, receiver, event, type, document, body, time, attempts, due, failure, checksum"

    /// Those that are what was written; a damaged one is passed over, and stays for whoever looks.
    static func fetch(
        _ condition: String,
        _ arguments: StatementArguments,
        in database: Database
    ) throws -> [WebhookDelivery] {
        try Row.fetchAll(
            database,
            sql: "SELECT \(columns) FROM webhook_deliveries WHERE \(condition)",
            arguments: arguments
        )
        .compactMap { row in
            guard let number = row.integer(0), let receiver = row.text(1), let event = row.text(2),
                let kind = row.text(3), let document = row.text(4), let time = row.integer(6)
            else { return nil }
            var delivery = WebhookDelivery(
                number: number,
                receiver: receiver,
                event: event,
                kind: kind,
                document: document,
                body: row.bytes(5),
                timestamp: time
            )
            delivery.attempts = Int(clamping: row.integer(7) ?? 0)
            delivery.due = row.integer(8)
            delivery.failure = row.text(9)
            return row.integer(10) == delivery.checksum ? delivery : nil
        }
    }

    fileprivate func countOfReceiver(in database: Database) throws -> Int {
        let sql = "SELECT count(*) FROM webhook_deliveries WHERE receiver = ?"
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
