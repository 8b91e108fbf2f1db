internal import CRDT
public import Collaboration
internal import Foundation
internal import GRDB

extension SQLiteStore {
    /// Makes a document of a snapshot, whole or not at all.
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
        let nothing = LogEntry(
            document: id,
            revision: Revision(2),
            changes: ChangeSet.encode([]),
            user: user,
            timestamp: timestamp
        )
        let snapshots = [1, 2].map { StoredSnapshot(revision: Revision($0), bytes: snapshot) }
        try await make(id, epoch: epoch, entries: [nothing], snapshots: snapshots, timestamp: timestamp)
    }

    /// Makes a document of its first change, whole or not at all.
    ///
    /// - Throws: `conflict` when there is such a document.
    public func makeDocument(_ id: DocumentID, epoch: Epoch, first: LogEntry?) async throws(StoreError) {
        let entries = first.map { [$0] } ?? []
        let time = first?.timestamp ?? Int64(Date().timeIntervalSince1970 * 1_000)
        try await make(id, epoch: epoch, entries: entries, snapshots: [], timestamp: time)
    }

    private func make(
        _ id: DocumentID,
        epoch: Epoch,
        entries: [LogEntry],
        snapshots: [StoredSnapshot],
        timestamp: Int64
    ) async throws(StoreError) {
        let row = DocumentRow(epoch: epoch, revision: entries.last?.revision ?? .zero, created: timestamp)
        try await write { database in
            guard try DocumentRow.fetch(id, in: database) == nil else {
                throw StoreError(.conflict, "document \(id) exists")
            }
            try row.insert(id, in: database)
            for entry in entries { try entry.insert(in: database) }
            for snapshot in snapshots { try PackedSnapshot(snapshot).insert(id, in: database) }
        }
    }

    /// Appends an entry, and waits until it is on disk.
    public func append(_ entry: LogEntry) async throws(StoreError) {
        let result = await withCheckedContinuation { continuation in
            append(entry) { continuation.resume(returning: $0) }
        }
        try result.get()
    }
}
