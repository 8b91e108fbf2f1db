/// Where documents live when no room holds them.
///
/// Declared here, implemented outside (`SQLiteStore`; `MemoryStore` for tests).
///
/// What every implementation guarantees (`StoreConformance` in the tests checks it):
///
/// 1. **Order.** `append` calls for one document take effect, and complete, in the order in which they were made. A
///    snapshot takes effect and completes after every entry that was appended before it (later ones may overtake it).
/// 2. **Durability.** A completion with success comes after the entry survives the death of the process and of the
///    machine.
/// 3. **Once.** Each completion is called exactly once, on any thread, never from within the call that passed it.
/// 4. **All or nothing after a failure.** When an entry fails, every later `append` and `saveSnapshot` of *that
///    document* fails as well, until ``load(_:)`` is called for it. Otherwise the log would get a hole. Other documents
///    do not notice.
/// 5. **Barrier.** `load` sees everything that was enqueued for the document before the call, committed or failed.
/// 6. **Never invented.** `load` gives the document as it was stored, or `nil` when it was never created, or an error.
///    Damage is an error (``StoreError/Code/damaged``): never an empty or shortened document.
/// 7. **Bounded.** What waits to be written is bounded in bytes; past the bound `append` fails with
///    ``StoreError/Code/overloaded`` (rule 4 applies).
public protocol DocumentStore: Sendable {
    /// Reads a document: its newest good snapshot and every entry after that.
    ///
    /// - Returns: `nil` when no such document was created.
    /// - Throws: `damaged` when what is stored cannot give the document back whole.
    func load(_ id: DocumentID) async throws(StoreError) -> StoredDocument?

    /// Makes an empty document, durably.
    ///
    /// - Throws: `conflict` when it exists already (and then changes nothing).
    func create(_ id: DocumentID, epoch: Epoch) async throws(StoreError)

    /// Enqueues one entry. Callable from any thread; never waits for the disk.
    ///
    /// An entry whose revision is not the one after the last is refused with `conflict`.
    func append(_ entry: LogEntry, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void)

    /// Enqueues a snapshot and, in the same transaction, drops what it makes superfluous. Callable from any thread.
    ///
    /// Retention: the two newest good snapshots stay, and every entry after the older one, so that one damaged snapshot
    /// costs nothing; besides, at least the last `keepingEntries` entries stay. Nothing is dropped before there are two
    /// snapshots.
    func saveSnapshot(
        _ snapshot: StoredSnapshot,
        of id: DocumentID,
        keepingEntries: Int,
        completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
    )

    /// Notes that the engine cannot read what `load` gave.
    ///
    /// The row stays as it is, and so does what `load` gives.
    func quarantine(_ row: UnreadableRow) async throws(StoreError)

    /// The documents that exist, in the order of their names, at most `limit`, those after `after` only.
    func list(after: DocumentID?, limit: Int) async throws(StoreError) -> [DocumentSummary]

    /// Deletes a document with everything that belongs to it, durably; that it was there, and its epoch, stays known.
    ///
    /// Call when no room has it: what is appended later is refused with `unknownDocument`.
    ///
    /// - Throws: `unknownDocument` when there is none.
    func delete(_ id: DocumentID) async throws(StoreError)

    /// Whether a document of this name and epoch was deleted.
    ///
    /// Whoever still holds it must not bring the name back to life by joining again.
    func wasDeleted(_ id: DocumentID, epoch: Epoch) async throws(StoreError) -> Bool

    /// Writes what is enqueued, then refuses everything with `closed`. Further calls wait for the first and do nothing.
    func close() async
}

/// One accepted message in the log of a document.
public struct LogEntry: Hashable, Sendable {
    /// Whose log.
    public var document: DocumentID
    /// Its place in the log, one more than the entry before it.
    public var revision: Revision
    /// A `ChangeSet`: one change or several, in causal order.
    public var changes: [UInt8]
    /// The id of the user who sent it.
    public var user: String
    /// When it was accepted, in milliseconds since 1970.
    public var timestamp: Int64

    /// An entry with all its parts.
    public init(document: DocumentID, revision: Revision, changes: [UInt8], user: String, timestamp: Int64) {
        self.document = document
        self.revision = revision
        self.changes = changes
        self.user = user
        self.timestamp = timestamp
    }
}

/// Bytes that are what was stored and that the engine still cannot read.
public struct UnreadableRow: Hashable, Sendable {
    /// What the bytes are.
    public enum Item: String, Sendable {
        /// An entry of the log.
        case change
        /// A snapshot.
        case snapshot
    }

    /// Whose they are.
    public var document: DocumentID
    /// What they are.
    public var item: Item
    /// The entry's revision, or the last one in the snapshot.
    public var revision: Revision
    /// The engine's code.
    public var reason: String

    /// A row with all its parts.
    public init(document: DocumentID, item: Item, revision: Revision, reason: String) {
        self.document = document
        self.item = item
        self.revision = revision
        self.reason = reason
    }
}

/// A whole document as bytes, as of a revision.
public struct StoredSnapshot: Hashable, Sendable {
    /// The last revision that is in it.
    public var revision: Revision
    /// What `CRDT.Document.snapshot()` made.
    public var bytes: [UInt8]

    /// A snapshot with its revision.
    public init(revision: Revision, bytes: [UInt8]) {
        self.revision = revision
        self.bytes = bytes
    }
}

/// What a store holds of one document: enough to open a room.
public struct StoredDocument: Hashable, Sendable {
    /// Its birth mark.
    public var epoch: Epoch
    /// The newest good snapshot; `nil` while there is none.
    public var snapshot: StoredSnapshot?
    /// Every entry after the snapshot (all entries without one), revisions without a gap.
    public var entries: [LogEntry]
    /// Who was given or denied a role for it.
    public var roles: [RoleAssignment]

    /// A document with its parts.
    public init(
        epoch: Epoch,
        snapshot: StoredSnapshot? = nil,
        entries: [LogEntry] = [],
        roles: [RoleAssignment] = []
    ) {
        self.epoch = epoch
        self.snapshot = snapshot
        self.entries = entries
        self.roles = roles
    }

    /// The last revision stored.
    public var revision: Revision { entries.last?.revision ?? snapshot?.revision ?? .zero }
}

/// One line of the list of documents.
public struct DocumentSummary: Hashable, Sendable {
    /// Its name.
    public var id: DocumentID
    /// Its last revision.
    public var revision: Revision
    /// When it was created, in milliseconds since 1970.
    public var created: Int64

    /// A line with all its parts.
    public init(id: DocumentID, revision: Revision, created: Int64) {
        self.id = id
        self.revision = revision
        self.created = created
    }
}
