internal import CRDT

/// A document brought back from what the store holds.
struct LoadedDocument: ~Copyable {
    var document: Document
    /// The changes after the snapshot, for those who catch up.
    var changeLog: ChangeLog
    /// The length of all texts together.
    var utf16Count: Int

    /// What was saved is read again, however many bytes a badly cut up document took: the limit is for peers' snapshots.
    private static var limits: DecodingLimits {
        var limits = DecodingLimits.default
        limits.maximumByteCount = .max
        return limits
    }

    /// Decodes the snapshot and replays the entries.
    ///
    /// Anything that does not fit means damage: nothing is skipped but what is there already.
    init(_ stored: StoredDocument, replica: ReplicaID) throws(RoomError) {
        var document: Document
        if let snapshot = stored.snapshot {
            do {
                document = try Document(snapshot: snapshot.bytes, replica: replica, limits: Self.limits)
            } catch {
                throw RoomError(.damaged, "the snapshot of revision \(snapshot.revision) is damaged (\(error.code))")
            }
        } else {
            document = Document(replica: replica)
        }
        var changeLog = ChangeLog(start: document.version)
        var expected = (stored.snapshot?.revision ?? .zero).next
        var patches: [Patch] = []
        for entry in stored.entries {
            guard entry.revision == expected else {
                throw RoomError(.damaged, "revision \(expected) is missing")
            }
            expected = expected.next
            patches.removeAll(keepingCapacity: true)
            do {
                for change in try ChangeSet.decode(entry.changes) {
                    if document.readiness(of: change) == .duplicate { continue }
                    try document.integrate(change, patches: &patches)
                    changeLog.append(change)
                }
            } catch {
                throw RoomError(.damaged, "revision \(entry.revision) is damaged (\(error))")
            }
        }
        utf16Count = document.roots.reduce(0) { $0 + document.utf16Count(of: $1) }
        self.changeLog = changeLog
        self.document = document
    }
}
