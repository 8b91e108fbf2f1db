import Collaboration

/// A store that says which documents were written to, once that is on disk.
struct ObservedStore: DocumentStore {
    let base: any DocumentStore
    let activity: [DocumentActivity]

    func append(_ entry: LogEntry, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
        let (document, revision, user) = (entry.document, entry.revision, entry.user)
        base.append(entry) { [activity] result in
            completion(result)
            if case .success = result {
                for each in activity { each.note(document, revision, by: user) }
            }
        }
    }

    func delete(_ id: DocumentID) async throws(StoreError) {
        try await base.delete(id)
        for each in activity { each.forget(id) }
    }

    func load(_ id: DocumentID) async throws(StoreError) -> StoredDocument? { try await base.load(id) }

    func create(_ id: DocumentID, epoch: Epoch) async throws(StoreError) { try await base.create(id, epoch: epoch) }

    func saveSnapshot(
        _ snapshot: StoredSnapshot,
        of id: DocumentID,
        keepingEntries: Int,
        completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
    ) {
        base.saveSnapshot(snapshot, of: id, keepingEntries: keepingEntries, completion: completion)
    }

    func quarantine(_ row: UnreadableRow) async throws(StoreError) { try await base.quarantine(row) }

    func list(after: DocumentID?, limit: Int) async throws(StoreError) -> [DocumentSummary] {
        try await base.list(after: after, limit: limit)
    }

    func wasDeleted(_ id: DocumentID, epoch: Epoch) async throws(StoreError) -> Bool {
        try await base.wasDeleted(id, epoch: epoch)
    }

    func close() async { await base.close() }
}
