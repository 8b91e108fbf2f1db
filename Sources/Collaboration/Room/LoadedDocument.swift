internal import CRDT

/// A document brought back from what the store holds.
struct LoadedDocument: ~Copyable {
    var document: Document
    /// The changes after the snapshot, for those who catch up.
    var changeLog: ChangeLog
    /// How much there is in it.
    var contentSize: ContentSize

    /// What was saved is read again, however many bytes a badly cut up document took: the limit is for peers' snapshots.
    private static var limits: DecodingLimits {
        var limits = DecodingLimits.default
        limits.maximumByteCount = .max
        return limits
    }

    /// Decodes the snapshot and replays the entries.
    ///
    /// Anything that does not fit means damage: nothing is skipped but what is there already.
    init(_ stored: StoredDocument, of id: DocumentID, replica: ReplicaID) throws(RoomError) {
        var document: Document
        if let snapshot = stored.snapshot {
            do {
                document = try Document(snapshot: snapshot.bytes, replica: replica, limits: Self.limits)
            } catch {
                throw Self.unreadable(.snapshot, snapshot.revision, of: id, .format(error))
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
            try Self.replay(entry, on: &document, of: id, patches: &patches) { changeLog.append($0) }
        }
        contentSize = ContentSize(document)
        self.changeLog = changeLog
        self.document = document
    }

    /// Applies an entry of the log; what that did.
    static func replay(
        _ entry: LogEntry,
        on document: inout Document,
        of id: DocumentID
    ) throws(RoomError) -> [Patch] {
        var patches: [Patch] = []
        try replay(entry, on: &document, of: id, patches: &patches) { _ in }
        return patches
    }

    private static func replay(
        _ entry: LogEntry,
        on document: inout Document,
        of id: DocumentID,
        patches: inout [Patch],
        applied: (Change) -> Void
    ) throws(RoomError) {
        do throws(ChangeError) {
            for change in try decode(entry.changes) {
                if document.readiness(of: change) == .duplicate { continue }
                try document.integrate(change, patches: &patches)
                applied(change)
            }
        } catch {
            throw unreadable(.change, entry.revision, of: id, error)
        }
    }

    private static func decode(_ bytes: [UInt8]) throws(ChangeError) -> [Change] {
        do {
            return try ChangeSet.decode(bytes)
        } catch {
            throw .format(error)
        }
    }

    /// What the store gave back is what it was given; so these bytes are another version's, or a mistake.
    private static func unreadable(
        _ item: UnreadableRow.Item,
        _ revision: Revision,
        of id: DocumentID,
        _ error: ChangeError
    ) -> RoomError {
        let row = UnreadableRow(document: id, item: item, revision: revision, reason: error.code)
        if case .format(.unsupportedVersion) = error {
            let text = "the \(item.rawValue) of revision \(revision) is of another version of the engine"
            return RoomError(.unsupportedFormat, text, details: .unreadable(row))
        }
        let text = "the \(item.rawValue) of revision \(revision) is damaged (\(error.code))"
        return RoomError(.damaged, text, details: .unreadable(row))
    }
}
