public import Collaboration
internal import Foundation

/// A `DocumentStore` in memory, for tests: what is "on disk" and what waits for it are two things, so that a crash can
/// be played by losing what waits.
///
/// `@unchecked Sendable`: everything mutable is read and written with `lock` held.
public final class MemoryStore: DocumentStore, @unchecked Sendable {
    /// When entries reach the "disk".
    public enum Mode: Sendable {
        /// At once; completions come on a queue of the store's own.
        case automatic
        /// When the test calls ``commit(_:)``, on the thread of that call.
        case manual
    }

    private struct Stored {
        var epoch: Epoch
        var created: Int64
        var head = Revision.zero
        var entries: [LogEntry] = []
        var snapshots: [StoredSnapshot] = []
    }

    private enum Waiting {
        case append(LogEntry, @Sendable (Result<Void, StoreError>) -> Void)
        case snapshot(StoredSnapshot, DocumentID, Int, @Sendable (Result<Void, StoreError>) -> Void)

        var document: DocumentID {
            switch self {
            case .append(let entry, _): entry.document
            case .snapshot(_, let id, _, _): id
            }
        }
    }

    private let lock = NSLock()
    private let completions = DispatchQueue(label: "MemoryStore")
    private let mode: Mode
    private var documents: [DocumentID: Stored] = [:]
    private var deleted: [DocumentID: Set<Epoch>] = [:]
    private var waiting: [Waiting] = []
    private var poisoned: Set<DocumentID> = []
    private var quarantined: [UnreadableRow] = []
    private var isClosed = false
    private var clock: Int64 = 0

    /// An empty store.
    public init(_ mode: Mode = .automatic) {
        self.mode = mode
    }

    /// How many entries and snapshots wait.
    public var waitingCount: Int { lock.withLock { waiting.count } }

    /// The last revision of a document that is on "disk".
    public func head(of id: DocumentID) -> Revision? { lock.withLock { documents[id]?.head } }

    /// The snapshots and entries on "disk".
    public func contents(of id: DocumentID) -> (snapshots: [Revision], entries: [Revision]) {
        lock.withLock {
            (documents[id]?.snapshots.map(\.revision) ?? [], documents[id]?.entries.map(\.revision) ?? [])
        }
    }

    /// Brings the first `count` waiting items to the "disk" (all by default) and completes them, on this thread.
    public func commit(_ count: Int = .max) {
        let finished = lock.withLock { takeAndWrite(count) }
        for (completion, result) in finished { completion(result) }
    }

    /// Makes the first waiting item fail, and with it everything of its document that waits.
    public func failNext(_ error: StoreError = StoreError(.ioFailure, "played failure")) {
        let failed: [@Sendable (Result<Void, StoreError>) -> Void] = lock.withLock {
            guard let id = waiting.first?.document else { return [] }
            poisoned.insert(id)
            let failed = waiting.filter { $0.document == id }
            waiting.removeAll { $0.document == id }
            return failed.map {
                switch $0 {
                case .append(_, let completion), .snapshot(_, _, _, let completion): completion
                }
            }
        }
        for completion in failed { completion(.failure(error)) }
    }

    /// Power fails: what waits is gone and nobody is told.
    ///
    /// The "disk" stays as it is.
    public func crash() {
        lock.withLock {
            waiting = []
            poisoned = []
        }
    }

    /// See `DocumentStore`.
    public func load(_ id: DocumentID) async throws(StoreError) -> StoredDocument? {
        if mode == .automatic { await drain() }
        let result: Result<StoredDocument?, StoreError> = lock.withLock {
            if isClosed { return .failure(StoreError(.closed, "the store is closed")) }
            poisoned.remove(id)
            guard let stored = documents[id] else { return .success(nil) }
            let snapshot = stored.snapshots.last
            let entries = stored.entries.filter { $0.revision > snapshot?.revision ?? .zero }
            return .success(StoredDocument(epoch: stored.epoch, snapshot: snapshot, entries: entries))
        }
        return try result.get()
    }

    /// See `DocumentStore`.
    public func create(_ id: DocumentID, epoch: Epoch) async throws(StoreError) {
        let result: Result<Void, StoreError> = lock.withLock {
            if isClosed { return .failure(StoreError(.closed, "the store is closed")) }
            if documents[id] != nil { return .failure(StoreError(.conflict, "document \(id) exists")) }
            clock += 1
            documents[id] = Stored(epoch: epoch, created: clock)
            return .success(())
        }
        try result.get()
    }

    /// See `DocumentStore`.
    public func append(_ entry: LogEntry, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
        enqueue(.append(entry, completion), completion)
    }

    /// See `DocumentStore`.
    public func saveSnapshot(
        _ snapshot: StoredSnapshot,
        of id: DocumentID,
        keepingEntries: Int,
        completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
    ) {
        enqueue(.snapshot(snapshot, id, keepingEntries, completion), completion)
    }

    /// See `DocumentStore`.
    public func quarantine(_ row: UnreadableRow) async throws(StoreError) {
        lock.withLock { quarantined.append(row) }
    }

    /// What the engine could not read.
    public var unreadable: [UnreadableRow] { lock.withLock { quarantined } }

    /// See `DocumentStore`.
    public func list(after: DocumentID?, limit: Int) async throws(StoreError) -> [DocumentSummary] {
        lock.withLock {
            let all = documents.map { DocumentSummary(id: $0.key, revision: $0.value.head, created: $0.value.created) }
            let later = all.sorted { $0.id < $1.id }.filter { summary in after.map { summary.id > $0 } ?? true }
            return Array(later.prefix(max(0, limit)))
        }
    }

    /// See `DocumentStore`.
    public func delete(_ id: DocumentID) async throws(StoreError) {
        if mode == .automatic { await drain() }
        let result: Result<Void, StoreError> = lock.withLock {
            guard let stored = documents.removeValue(forKey: id) else {
                return .failure(StoreError(.unknownDocument, "no document \(id)"))
            }
            deleted[id, default: []].insert(stored.epoch)
            poisoned.remove(id)
            return .success(())
        }
        try result.get()
    }

    /// See `DocumentStore`.
    public func wasDeleted(_ id: DocumentID, epoch: Epoch) async throws(StoreError) -> Bool {
        lock.withLock { deleted[id]?.contains(epoch) ?? false }
    }

    /// See `DocumentStore`.
    public func close() async {
        if mode == .automatic { await drain() } else { commit() }
        lock.withLock { isClosed = true }
    }

    private func enqueue(_ item: Waiting, _ completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
        let isClosed = lock.withLock {
            if !self.isClosed { waiting.append(item) }
            return self.isClosed
        }
        if isClosed {
            completions.async { completion(.failure(StoreError(.closed, "the store is closed"))) }
        } else if mode == .automatic {
            completions.async { [self] in commit() }
        }
    }

    private func drain() async {
        await withCheckedContinuation { continuation in
            completions.async { [self] in
                commit()
                continuation.resume()
            }
        }
    }

    private func takeAndWrite(
        _ count: Int
    ) -> [(@Sendable (Result<Void, StoreError>) -> Void, Result<Void, StoreError>)] {
        let taken = waiting.prefix(count)
        waiting.removeFirst(taken.count)
        return taken.map { item in
            switch item {
            case .append(let entry, let completion): (completion, write(entry))
            case .snapshot(let snapshot, let id, let keeping, let completion):
                (completion, write(snapshot, of: id, keepingEntries: keeping))
            }
        }
    }

    private func write(_ entry: LogEntry) -> Result<Void, StoreError> {
        let id = entry.document
        if poisoned.contains(id) { return .failure(StoreError(.poisoned, "load \(id) again")) }
        guard let head = documents[id]?.head else {
            poisoned.insert(id)
            return .failure(StoreError(.unknownDocument, "no document \(id)"))
        }
        guard entry.revision == head.next else {
            poisoned.insert(id)
            return .failure(StoreError(.conflict, "revision \(entry.revision) does not follow \(head)"))
        }
        documents[id]?.entries.append(entry)
        documents[id]?.head = entry.revision
        return .success(())
    }

    private func write(
        _ snapshot: StoredSnapshot,
        of id: DocumentID,
        keepingEntries: Int
    ) -> Result<Void, StoreError> {
        if poisoned.contains(id) { return .failure(StoreError(.poisoned, "load \(id) again")) }
        guard var stored = documents[id] else { return .failure(StoreError(.unknownDocument, "no document \(id)")) }
        guard snapshot.revision <= stored.head else { return .failure(StoreError(.conflict, "too new a snapshot")) }
        stored.snapshots.removeAll { $0.revision == snapshot.revision }
        stored.snapshots.append(snapshot)
        stored.snapshots.sort { $0.revision < $1.revision }
        if stored.snapshots.count >= 2 {
            stored.snapshots.removeFirst(stored.snapshots.count - 2)
            let newest = stored.snapshots[1].revision.rawValue
            let cut = min(stored.snapshots[0].revision.rawValue, newest - min(newest, UInt64(max(0, keepingEntries))))
            stored.entries.removeAll { $0.revision.rawValue <= cut }
        }
        documents[id] = stored
        return .success(())
    }
}
