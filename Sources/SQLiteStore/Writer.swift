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
/// Confined to its thread.
final class Writer {
    private let pool: DatabasePool
    private let queue: WriteQueue
    private let logger: Logger
    private let observer: (any StoreObserver)?
    /// Rows of documents that were written lately.
    ///
    /// Only what is committed.
    private var rows: [DocumentID: DocumentRow] = [:]
    /// Documents of which an entry failed.
    private var poisoned: [DocumentID: StoreError] = [:]

    init(pool: DatabasePool, queue: WriteQueue, logger: Logger, observer: (any StoreObserver)?) {
        self.pool = pool
        self.queue = queue
        self.logger = logger
        self.observer = observer
    }

    /// Writes until the queue is closed and empty.
    func run() {
        while let items = queue.takeAll() { write(items) }
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
                item.completion(.success(()))
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
        var batch = Batch(rows: rows, poisoned: poisoned)
        var outcomes: [Result<Void, StoreError>] = []
        let start = ContinuousClock.now
        do {
            try pool.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    for item in items { outcomes.append(try batch.write(item, in: database)) }
                    try batch.writeRows(in: database)
                    return .commit
                }
            }
        } catch {
            lastFailure = StoreError(error)
            if !lastFailure.isRefusal {
                logger.error("transaction failed", metadata: ["error": "\(lastFailure)", "items": "\(items.count)"])
            }
            return nil
        }
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
