internal import Collaboration
internal import Foundation
internal import GRDB
internal import Logging

/// The one that writes: takes everything that waits, writes it in one transaction, and says so to everybody in it.
///
/// While one transaction is on its way to the disk, the next one gathers. So the cost of a commit is shared by all
/// rooms, and nobody waits longer than two commits.
///
/// Entries come first and snapshots after them, each in a transaction of its own: writing out a big document must not
/// hold up the acknowledgements of all others. When the common transaction fails, each document is tried alone, so that
/// only the one at fault fails; its later items fail too until it is loaded again.
///
/// **A disk that refuses** (full, read-only, an error of writing or syncing) fails everything that waits, and nothing is
/// acknowledged any more until ``recover()`` has shown that it is well, which is tried once a second. After a failed sync
/// that is more than to try again: Linux drops what it could not write and says so once, so that the next sync would succeed
/// for nothing. SQLite writes the frames of a commit that failed anew with the next one; besides, the whole log is written
/// and synced again, and what lies behind its last commit is cut off, so that no later start takes it for a commit.
///
/// **Files that are deleted or replaced** under the server end it: see ``lose(_:)``.
///
/// Confined to its thread.
final class Writer {
    /// How often the disk and the files are looked at when nothing is written, in seconds.
    private static let interval = 1.0

    private let pool: DatabasePool
    private let queue: WriteQueue
    private let keeper: FileKeeper
    private let condition: StoreCondition
    private let logger: Logger
    private let observer: (any StoreObserver)?
    /// Since when the disk refuses, and when it was tried last.
    private var failing: (since: ContinuousClock.Instant, tried: ContinuousClock.Instant)?
    /// Set when the files are gone.
    private var loss: StoreError?
    /// How many transactions were committed; `nil` while it was not read.
    private var commits: CommitCount?
    /// Rows of documents that were written lately.
    ///
    /// Only what is committed.
    private var rows: [DocumentID: DocumentRow] = [:]
    /// Documents of which an entry failed.
    private var poisoned: [DocumentID: StoreError] = [:]

    init(
        pool: DatabasePool,
        queue: WriteQueue,
        keeper: FileKeeper,
        condition: StoreCondition,
        logger: Logger,
        observer: (any StoreObserver)?
    ) {
        self.pool = pool
        self.queue = queue
        self.keeper = keeper
        self.condition = condition
        self.logger = logger
        self.observer = observer
    }

    /// Writes until the queue is closed and empty.
    ///
    /// - Returns: why it had to end before, if it had to.
    func run() -> StoreError? {
        while let items = queue.takeAll(within: Self.interval) {
            checkFiles()
            if failing != nil, loss == nil { recover() }
            write(items)
        }
        return loss
    }

    private func write(_ items: [WriteItem]) {
        var entries: [WriteItem] = []
        var snapshots: [WriteItem] = []
        var others: [WriteItem] = []
        for item in items {
            switch item {
            case .append, .refused, .create: entries.append(item)
            case .snapshot: snapshots.append(item)
            case .barrier, .quarantine, .job: others.append(item)
            }
        }
        if !entries.isEmpty { writeEntries(entries) }
        for snapshot in snapshots { finish([snapshot], writeTogether([snapshot])) }
        for item in others {
            if case .barrier(let id, _) = item {
                poisoned[id] = nil
                item.completion(loss.map { .failure($0) } ?? .success(()))
            } else {
                finish([item], writeTogether([item]))
            }
        }
        // A cache, no more: what is forgotten is read again.
        if rows.count > 10_000 { rows.removeAll() }
    }

    private func writeEntries(_ items: [WriteItem]) {
        if let outcomes = writeTogether(items) { return finish(items, outcomes) }
        var order: [DocumentID] = []
        var groups: [DocumentID: [WriteItem]] = [:]
        for item in items {
            guard let id = item.document else { continue }
            if groups[id] == nil { order.append(id) }
            groups[id, default: []].append(item)
        }
        for id in order {
            let group = groups[id] ?? []
            finish(group, writeTogether(group))
        }
    }

    /// The reason why the last transaction failed.
    private var lastFailure = StoreError(.ioFailure, "the transaction failed")

    /// Writes items in one transaction.
    ///
    /// - Returns: what became of each, or `nil` when nothing was written.
    private func writeTogether(_ items: [WriteItem]) -> [Result<Void, StoreError>]? {
        guard loss == nil, failing == nil else { return nil }
        var batch = Batch(rows: rows, poisoned: poisoned)
        var outcomes: [Result<Void, StoreError>] = []
        var count = CommitCount(number: 0)
        let start = ContinuousClock.now
        condition.startWriting()
        defer { condition.stopWriting() }
        do {
            try pool.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    for item in items { outcomes.append(try batch.write(item, in: database)) }
                    try batch.writeRows(in: database)
                    count = try (commits ?? database.commitCount()).next
                    try database.set(count)
                    return .commit
                }
            }
        } catch {
            lastFailure = StoreError(error)
            if !lastFailure.isRefusal {
                logger.error("transaction failed", metadata: ["error": "\(lastFailure)", "items": "\(items.count)"])
            }
            if (error as? DatabaseError)?.isOfDisk == true { beginFailing() }
            return nil
        }
        // It may have gone into a file that nobody will find again.
        checkFiles()
        if loss != nil { return nil }
        commits = count
        keeper.note(count)
        rows = batch.rows
        poisoned = batch.poisoned
        if let observer {
            let (seconds, attoseconds) = (ContinuousClock.now - start).components
            let entries = items.count { if case .append = $0 { true } else { false } }
            let nanoseconds = UInt64(clamping: seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
            if entries > 0 { observer.committed(entries: entries, nanoseconds: nanoseconds) }
        }
        return outcomes
    }

    // MARK: - Faults

    private func beginFailing() {
        guard failing == nil else { return }
        failing = (since: .now, tried: .now)
        condition.set(.failing(lastFailure.message))
        logger.critical(
            "the disk refuses; nothing is stored until it is well again",
            metadata: ["error": "\(lastFailure)", "path": "\(keeper.path)"]
        )
    }

    /// Finds out whether the disk is well again, at most once a second; see above for what is done.
    private func recover() {
        guard let failing, ContinuousClock.now - failing.tried >= .seconds(Self.interval) else { return }
        self.failing?.tried = .now
        condition.startWriting()
        defer { condition.stopWriting() }
        do {
            let log = keeper.path + DatabaseFiles.Part.log.rawValue
            try pool.writeWithoutTransaction { database in
                let frames = try database.checkpoint(.passive).walFrameCount
                try database.inTransaction(.immediate) {
                    try WriteAheadLog.renew(path: log, frames: frames)
                    return .rollback
                }
                try database.commitNothing()
            }
        } catch {
            lastFailure = StoreError(error)
            condition.set(.failing(lastFailure.message))
            return
        }
        self.failing = nil
        rows.removeAll()
        commits = nil
        condition.set(.well)
        logger.notice(
            "the disk is well again",
            metadata: ["seconds": "\((ContinuousClock.now - failing.since).components.seconds)"]
        )
    }

    /// Looks whether the files are still where they were.
    private func checkFiles() {
        guard loss == nil else { return }
        if let part = keeper.missing { return lose(part) }
        do throws(StoreError) {
            if try keeper.renewLock() { logger.warning("the lock file was deleted and made again") }
        } catch {
            loss = error
            end(error, "another server has it open; everything is in \(keeper.path)")
        }
    }

    /// The database, its log or its index was deleted or replaced: what is written would be gone.
    ///
    /// So nothing is acknowledged any more. What the files hold is saved, by their open descriptors: into the database when that is
    /// there, in its place when there is nothing, else beside it. Then the store ends, as only a start on the files as they are
    /// is safe.
    private func lose(_ part: DatabaseFiles.Part) {
        let path = keeper.path + part.rawValue
        loss = StoreError(.ioFailure, "\(path) was deleted or replaced")
        condition.set(.lost("\(path) was deleted or replaced"))
        let rescued = keeper.rescue(part, from: pool)
        let error = StoreError(.ioFailure, "\(path) was deleted or replaced under the server; \(rescued)")
        loss = error
        end(error, rescued)
    }

    private func end(_ error: StoreError, _ rescued: String) {
        lastFailure = error
        condition.set(.lost(error.message))
        logger.critical("the store has ended", metadata: ["error": "\(error)", "saved": "\(rescued)"])
        queue.close()
    }

    /// Tells everybody; a document whose entry failed is poisoned.
    private func finish(_ items: [WriteItem], _ outcomes: [Result<Void, StoreError>]?) {
        for (index, item) in items.enumerated() {
            let outcome = outcomes?[index] ?? .failure(lastFailure)
            if outcomes == nil, let id = item.document, poisoned[id] == nil, item.poisonsWhenFailed {
                poisoned[id] = lastFailure
                rows[id] = nil
            }
            item.completion(outcome)
        }
    }
}

extension WriteItem {
    /// Whose it is; `nil` for rows of several documents.
    fileprivate var document: DocumentID? {
        switch self {
        case .append(let entry, _): entry.document
        case .refused(let id, _), .snapshot(_, let id, _, _), .create(let id, _, _), .barrier(let id, _): id
        case .quarantine, .job: nil
        }
    }

    /// Whether a log without it would have a hole.
    fileprivate var poisonsWhenFailed: Bool {
        switch self {
        case .append, .refused: true
        case .snapshot, .create, .barrier, .quarantine, .job: false
        }
    }
}
