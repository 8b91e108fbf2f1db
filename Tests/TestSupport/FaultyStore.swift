public import Collaboration
internal import Foundation

/// A store around another one, in which the n-th call goes wrong.
///
/// `@unchecked Sendable`: everything mutable is read and written with `lock` held.
public final class FaultyStore: DocumentStore, @unchecked Sendable {
    /// What goes wrong.
    public enum Fault: Sendable {
        /// `append` number n (from 1) fails, and with it whatever of that document comes later, until it is loaded
        /// again.
        case failAppend(Int)
        /// `append` number n (from 1) and all calls after it wait until ``release()``.
        case stallAppend(Int)
        /// `load` number n (from 1) fails.
        case failLoad(Int)
        /// `saveSnapshot` number n (from 1) fails.
        case failSnapshot(Int)
    }

    private let base: any DocumentStore
    private let fault: Fault
    private let lock = NSLock()
    private let queue = DispatchQueue(label: "FaultyStore")
    private var appendCount = 0
    private var loadCount = 0
    private var snapshotCount = 0
    private var isReleased = false
    private var poisoned: Set<DocumentID> = []
    private var stalled: [@Sendable () -> Void] = []

    /// Wraps a store.
    public init(_ base: any DocumentStore, _ fault: Fault) {
        self.base = base
        self.fault = fault
    }

    private static let failure = StoreError(.ioFailure, "played failure")

    /// Lets go of what was stalled, in order, and stalls nothing any more.
    public func release() {
        let calls = lock.withLock {
            isReleased = true
            defer { stalled = [] }
            return stalled
        }
        for call in calls { call() }
    }

    /// How many calls are stalled.
    public var stalledCount: Int { lock.withLock { stalled.count } }

    /// See `DocumentStore`.
    public func load(_ id: DocumentID) async throws(StoreError) -> StoredDocument? {
        let fails = lock.withLock {
            loadCount += 1
            poisoned.remove(id)
            if case .failLoad(loadCount) = fault { return true }
            return false
        }
        if fails { throw Self.failure }
        return try await base.load(id)
    }

    /// See `DocumentStore`.
    public func create(_ id: DocumentID, epoch: Epoch) async throws(StoreError) {
        try await base.create(id, epoch: epoch)
    }

    /// See `DocumentStore`.
    public func append(_ entry: LogEntry, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
        let fails = lock.withLock {
            appendCount += 1
            if case .failAppend(appendCount) = fault { poisoned.insert(entry.document) }
            return poisoned.contains(entry.document)
        }
        if fails { return queue.async { completion(.failure(Self.failure)) } }
        pass { [base] in base.append(entry, completion: completion) }
    }

    /// See `DocumentStore`.
    public func saveSnapshot(
        _ snapshot: StoredSnapshot,
        of id: DocumentID,
        keepingEntries: Int,
        completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
    ) {
        let fails = lock.withLock {
            snapshotCount += 1
            if case .failSnapshot(snapshotCount) = fault { return true }
            return poisoned.contains(id)
        }
        if fails { return queue.async { completion(.failure(Self.failure)) } }
        pass { [base] in
            base.saveSnapshot(snapshot, of: id, keepingEntries: keepingEntries, completion: completion)
        }
    }

    /// See `DocumentStore`.
    public func quarantine(_ row: UnreadableRow) async throws(StoreError) {
        try await base.quarantine(row)
    }

    /// See `DocumentStore`.
    public func list(after: DocumentID?, limit: Int) async throws(StoreError) -> [DocumentSummary] {
        try await base.list(after: after, limit: limit)
    }

    /// See `DocumentStore`.
    public func delete(_ id: DocumentID) async throws(StoreError) {
        try await base.delete(id)
    }

    /// See `DocumentStore`.
    public func wasDeleted(_ id: DocumentID, epoch: Epoch) async throws(StoreError) -> Bool {
        try await base.wasDeleted(id, epoch: epoch)
    }

    /// See `DocumentStore`.
    public func close() async {
        release()
        await base.close()
    }

    private func pass(_ call: @escaping @Sendable () -> Void) {
        let isStalled = lock.withLock {
            guard case .stallAppend(let number) = fault, appendCount >= number, !isReleased else { return false }
            stalled.append(call)
            return true
        }
        if !isStalled { call() }
    }
}
