internal import CRDT
public import Collaboration

extension SQLiteStore {
    /// Makes a document of a snapshot.
    ///
    /// The snapshot is stored twice, at the revisions 1 and 2, with nothing before them: should one be damaged the other one
    /// serves, and should both be there is no log that would make an empty document in their place.
    ///
    /// - Throws: `conflict` when there is such a document.
    public func makeDocument(
        _ id: DocumentID,
        epoch: Epoch,
        snapshot: [UInt8],
        user: String,
        timestamp: Int64
    ) async throws(StoreError) {
        try await create(id, epoch: epoch)
        for number in 1...2 as ClosedRange<UInt64> {
            let revision = Revision(number)
            let nothing = LogEntry(
                document: id,
                revision: revision,
                changes: ChangeSet.encode([]),
                user: user,
                timestamp: timestamp
            )
            try await append(nothing)
            try await save(StoredSnapshot(revision: revision, bytes: snapshot), of: id)
        }
    }

    /// Appends an entry, and waits until it is on disk.
    public func append(_ entry: LogEntry) async throws(StoreError) {
        try await finished { append(entry, completion: $0) }
    }

    private func save(_ snapshot: StoredSnapshot, of id: DocumentID) async throws(StoreError) {
        try await finished { saveSnapshot(snapshot, of: id, keepingEntries: 0, completion: $0) }
    }

    private func finished(
        _ body: (@escaping @Sendable (Result<Void, StoreError>) -> Void) -> Void
    ) async throws(StoreError) {
        let result = await withCheckedContinuation { continuation in
            body { continuation.resume(returning: $0) }
        }
        try result.get()
    }
}
