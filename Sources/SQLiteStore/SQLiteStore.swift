public import Collaboration
internal import Foundation
internal import GRDB
public import Logging

/// A `DocumentStore` in one SQLite file.
///
/// WAL with `synchronous = FULL`: a commit that was reported survives a power cut. One thread writes, for all rooms
/// together (see `Writer`); reads go on beside it. Every row carries a checksum; what does not match is reported as
/// damaged, noted in the table `quarantine`, and touches no other document.
///
///     let store = try SQLiteStore(configuration: .init(path: "quire.sqlite"), logger: logger)
///     let stored = try await store.open(id, mayCreate: true)
///     ...
///     await store.close()
public final class SQLiteStore: Sendable {
    /// How to open the file.
    public struct Configuration: Sendable {
        /// The file; created when absent.
        ///
        /// `path` + `.lock` is held locked while the store is open.
        public var path: String
        /// How many bytes may wait to be written before `append` is refused: a disk that stands still for a second
        /// while 64 MiB/s come in.
        public var queueByteCount = 64 << 20

        /// The defaults for a file.
        public init(path: String) { self.path = path }
    }

    private let pool: DatabasePool
    private let queue: WriteQueue
    private let writing: WritingThread
    private let keeper: FileKeeper
    private let condition = StoreCondition()
    private let logger: Logger

    /// How many connections read beside the one that writes.
    private static let readerCount = 4

    /// Opens the file, or makes it; blocks meanwhile (start-up only).
    ///
    /// What SQLite recovers from the write-ahead log of a process that was killed is judged first (`WriteAheadLog`) and
    /// written once more, so that nothing is built upon what is in the kernel's memory only.
    ///
    /// - Throws: `inUse` when another process has it open, `damaged` when it is no database or a damaged one,
    ///   `ioFailure` when it cannot be opened or was written by a later version.
    public init(
        configuration: Configuration,
        logger: Logger,
        observer: (any StoreObserver)? = nil
    ) throws(StoreError) {
        let path = DatabaseFiles.resolved(configuration.path)
        let lock = try FileLock(path: path + ".lock")
        try Self.judgeLog(of: path, logger: logger)
        do {
            pool = try Self.openPool(path)
        } catch {
            throw StoreError(error)
        }
        self.logger = logger
        queue = WriteQueue(maximumByteCount: configuration.queueByteCount)
        Self.warnOfLoss(pool, noted: lock.noted, logger: logger)
        keeper = FileKeeper(files: try DatabaseFiles(path: path), lock: lock)
        writing = WritingThread(
            pool: pool,
            queue: queue,
            keeper: keeper,
            condition: condition,
            logger: logger,
            observer: observer
        )
    }

    deinit {
        // The writer finishes what waits and lets go of the file by itself.
        queue.close()
    }

    private static func openPool(_ path: String) throws -> DatabasePool {
        var configuration = GRDB.Configuration()
        configuration.label = "quire"
        configuration.foreignKeysEnabled = true
        configuration.maximumReaderCount = readerCount
        // Once open, they need no descriptor any more: documents are loaded even when clients have taken all there are.
        configuration.persistentReadOnlyConnections = true
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { $0.add(function: Checksum.function) }
        let pool = try DatabasePool(path: path, configuration: configuration)
        guard try pool.read(Schema.migrator.hasBeenSuperseded) == false else {
            throw StoreError(.ioFailure, "the database was written by a later version of quire; update this one")
        }
        // The pool sets NORMAL on the writing connection when it turns on WAL, after any `prepareDatabase`: so FULL is
        // set here, on that one connection, which lives as long as the pool, and looked at.
        let level = try pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            return try Int.fetchOne(database, sql: "PRAGMA synchronous")
        }
        guard level == 2 else { throw StoreError(.ioFailure, "SQLite refuses synchronous = FULL") }
        try pool.writeWithoutTransaction { database in
            try database.inTransaction(.immediate) {
                try WriteAheadLog.renew(path: path + DatabaseFiles.Part.log.rawValue)
                return .rollback
            }
        }
        try Schema.migrator.migrate(pool)
        // Shows that the disk takes what is written, and syncs what the pool wrote with NORMAL.
        try pool.writeWithoutTransaction { try $0.commitNothing() }
        try openReaders(of: pool)
        return pool
    }

    /// Has every reader open its file now.
    private static func openReaders(of pool: DatabasePool) throws {
        let meeting = NSCondition()
        let outcome = ReaderMeeting()
        for _ in 0..<readerCount {
            // Threads, as they wait for each other: only readers that are all busy at once are as many connections.
            Thread.detachNewThread {
                let failure = Result { try pool.read { _ in outcome.wait(for: readerCount, at: meeting) } }
                outcome.leave(failure, at: meeting)
            }
        }
        try outcome.finished(readerCount, at: meeting).get()
    }

    /// Says when there were transactions on disk that the database does not have any more.
    ///
    /// An older one that was restored is just that, so it is no reason not to start.
    private static func warnOfLoss(_ pool: DatabasePool, noted: CommitCount?, logger: Logger) {
        guard let noted, let count = try? pool.read({ try $0.commitCount() }) else { return }
        let missing = count.behind(noted)
        guard missing > 0 else { return }
        logger.critical(
            """
            the database is older than what was acknowledged: transactions are missing, unless it was restored from a backup; \
            clients that have newer documents will send them
            """,
            metadata: ["missing": "\(missing)"]
        )
    }

    /// Refuses a write-ahead log of which SQLite would silently drop what was acknowledged.
    private static func judgeLog(of path: String, logger: Logger) throws(StoreError) {
        let log = path + DatabaseFiles.Part.log.rawValue
        switch try WriteAheadLog.judge(path: log) {
        case .empty, .whole:
            break
        case .torn(let commits):
            logger.warning(
                "the last transaction of the write-ahead log is not whole and is dropped; after a power cut it was not acknowledged",
                metadata: ["path": "\(log)", "transactions": "\(commits)"]
            )
        case .damaged(let commits, let lost):
            throw StoreError(
                .damaged,
                """
                \(log) is damaged behind \(commits) transactions, and at least \(lost) that were acknowledged are lost with it. \
                Restore a backup; or move the file aside, to go on without what it holds
                """
            )
        }
    }

    /// How the store is.
    public var health: StoreHealth { condition.health }

    /// Waits for the end of the store, or of the task that waits; for one caller.
    ///
    /// - Throws: when it is not the one that `close` makes: its file was deleted or replaced under it. It takes nothing any
    ///   more then, and the text says where what it held was saved to.
    public func ended() async throws(StoreError) {
        if let loss = await condition.ended() { throw loss }
    }

    /// How many bytes wait to be written.
    public var waitingByteCount: Int { queue.waitingByteCount }

    /// The level of `PRAGMA synchronous` on the connection that writes: 2 is FULL.
    @_spi(Testing)
    public func synchronousLevel() throws -> Int? {
        try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
    }

    /// What was found damaged so far, in the order of names and revisions.
    public func damagedRows() async throws(StoreError) -> [DamagedRow] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT document, item, revision, reason FROM quarantine ORDER BY document, item, revision"
            )
            .compactMap { row in
                guard let id = row.text(0).flatMap(DocumentID.init), let revision = row.integer(2),
                    let item = row.text(1).flatMap(DamagedRow.Item.init), let reason = row.text(3)
                else { return nil }
                return DamagedRow(document: id, item: item, revision: Revision(stored: revision), reason: reason)
            }
        }
    }
}

extension SQLiteStore: DocumentStore {
    /// See `DocumentStore`.
    public func load(_ id: DocumentID) async throws(StoreError) -> StoredDocument? {
        try await enqueue { .barrier(id, $0) }
        return try await load(id, .whole)
    }

    /// Reads a document as far as is wanted, without waiting for what is on its way.
    func load(_ id: DocumentID, _ extent: Loader.Extent) async throws(StoreError) -> StoredDocument? {
        let outcome: LoadOutcome
        do {
            outcome = try await read { database in
                var loader = Loader(id, extent)
                return try loader.load(in: database)
            }
        } catch {
            // SQLite itself found a page that it cannot read, or a role is damaged.
            if error.code == .damaged {
                await report([DamagedRow(document: id, item: .document, revision: .zero, reason: error.message)])
            }
            throw error
        }
        switch outcome {
        case .unknown:
            return nil
        case .notRetained:
            throw StoreError(.notRetained, "the log of \(id) does not reach there")
        case .found(let document, let damaged):
            if !damaged.isEmpty { await report(damaged) }
            return document
        case .lost(let damaged):
            await report(damaged)
            let rows = damaged.map { "\($0.item.rawValue) \($0.revision): \($0.reason)" }.joined(separator: "; ")
            throw StoreError(.damaged, "document \(id): \(rows)")
        }
    }

    /// See `DocumentStore`.
    public func create(_ id: DocumentID, epoch: Epoch) async throws(StoreError) {
        let created = Int64(Date().timeIntervalSince1970 * 1_000)
        try await enqueue { .create(id, DocumentRow(epoch: epoch, revision: .zero, created: created), $0) }
    }

    /// See `DocumentStore`.
    public func append(_ entry: LogEntry, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
        queue.enqueue(.append(entry, completion))
    }

    /// See `DocumentStore`.
    public func saveSnapshot(
        _ snapshot: StoredSnapshot,
        of id: DocumentID,
        keepingEntries: Int,
        completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
    ) {
        queue.enqueue(.snapshot(snapshot, id, keepingEntries: keepingEntries, completion))
    }

    /// See `DocumentStore`.
    public func quarantine(_ row: UnreadableRow) async throws(StoreError) {
        let item: DamagedRow.Item =
            switch row.item {
            case .change: .change
            case .snapshot: .snapshot
            }
        await report([
            DamagedRow(document: row.document, item: item, revision: row.revision, reason: "the engine: \(row.reason)")
        ])
    }

    /// See `DocumentStore`.
    public func list(after: DocumentID?, limit: Int) async throws(StoreError) -> [DocumentSummary] {
        try await read { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT name, revision, created FROM documents WHERE name > ? ORDER BY name LIMIT ?",
                arguments: [after?.rawValue ?? "", max(0, limit)]
            )
            return rows.compactMap { row in
                guard let id = row.text(0).flatMap(DocumentID.init), let revision = row.integer(1),
                    let created = row.integer(2)
                else { return nil }
                return DocumentSummary(id: id, revision: Revision(stored: revision), created: created)
            }
        }
    }

    /// See `DocumentStore`.
    public func close() async {
        queue.close()
        await writing.finished()
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let value: Value
        do {
            value = try await pool.read(body)
        } catch {
            throw StoreError(error)
        }
        // A connection that was opened just now has whatever file is at the path.
        if let part = keeper.missing { throw StoreError(.ioFailure, "\(keeper.path + part.rawValue) was taken away") }
        return value
    }

    /// Waits for the writer to deal with an item.
    private func enqueue(_ item: (@escaping WriteItem.Completion) -> WriteItem) async throws(StoreError) {
        let result = await withCheckedContinuation { continuation in
            queue.enqueue(item { continuation.resume(returning: $0) })
        }
        try result.get()
    }

    /// Has the writer run statements in a transaction of their own, after everything that was enqueued before.
    ///
    /// `id` is the document that they take away. `committed` is called on the writer's thread when they are durable, before
    /// anything later is written. A `StoreError` that `body` throws undoes them and is thrown on.
    func write<Value: Sendable>(
        removing id: DocumentID? = nil,
        committed: @escaping @Sendable (Value) -> Void = { _ in },
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result = OnceSet<Value>()
        let job = WriteJob(removes: id) { result.value = try body($0) }
        try await enqueue { completion in
            .job(job) { outcome in
                if case .success = outcome, let value = result.value { committed(value) }
                completion(outcome)
            }
        }
        guard let value = result.value else { throw StoreError(.ioFailure, "the transaction left no result") }
        return value
    }

    /// Notes damage in the log of the server and in the table.
    ///
    /// That the table cannot be written is no reason to say anything else than that the document is damaged.
    private func report(_ damaged: [DamagedRow]) async {
        for row in damaged {
            logger.error(
                "damaged row",
                metadata: [
                    "document": "\(row.document)", "item": "\(row.item.rawValue)", "revision": "\(row.revision)",
                    "reason": "\(row.reason)",
                ]
            )
        }
        do throws(StoreError) {
            try await enqueue { .quarantine(damaged, $0) }
        } catch {
            logger.error("damage not noted in the quarantine", metadata: ["error": "\(error)"])
        }
    }
}

extension Database {
    /// A transaction that changes nothing and is written and synced like any other.
    func commitNothing() throws { try set(try commitCount()) }

    /// How many transactions the writer has committed.
    func commitCount() throws -> CommitCount {
        CommitCount(number: try Int32.fetchOne(self, sql: "PRAGMA user_version") ?? 0)
    }

    /// Writes that number with what else the transaction writes.
    func set(_ count: CommitCount) throws { try execute(sql: "PRAGMA user_version = \(count.number)") }
}

/// Where the readers wait for each other when they are opened.
///
/// `@unchecked Sendable`: everything mutable is read and written with the condition held.
private final class ReaderMeeting: @unchecked Sendable {
    private var present = 0
    private var left = 0
    private var failure: (any Error)?

    /// Waits until so many are here, or one of them failed.
    func wait(for count: Int, at meeting: NSCondition) {
        meeting.lock()
        defer { meeting.unlock() }
        present += 1
        meeting.broadcast()
        while present < count, failure == nil { meeting.wait() }
    }

    func leave(_ result: Result<Void, any Error>, at meeting: NSCondition) {
        meeting.lock()
        defer { meeting.unlock() }
        left += 1
        if case .failure(let error) = result { failure = error }
        meeting.broadcast()
    }

    func finished(_ count: Int, at meeting: NSCondition) -> Result<Void, any Error> {
        meeting.lock()
        defer { meeting.unlock() }
        while left < count { meeting.wait() }
        return failure.map { .failure($0) } ?? .success(())
    }
}

/// What a job leaves behind.
///
/// `@unchecked Sendable`: the writer's thread sets it, perhaps again when it runs the job again, before it calls the
/// completion, and it is read only from there on.
private final class OnceSet<Value: Sendable>: @unchecked Sendable {
    var value: Value?
}
