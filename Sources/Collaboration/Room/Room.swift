public import CRDT

/// One open document: the server's replica, its participants, their presence, and what is not yet on disk.
///
/// A room does no input or output of its own: time, randomness, the store and the way to its participants come in. It
/// belongs to one executor (an event loop in the server, the test itself in tests); it is not `Sendable`, and nothing
/// in it is locked.
///
/// For each incoming change, in this order: check the role, decode, merge, hand it to the store, broadcast to the
/// others, and acknowledge the sender only when the store says that it is committed. So a participant that was told
/// "stored" never loses that change, and the others see it without waiting for the disk.
///
/// **Healing.** As others see a change before it is durable, a crash can leave them with one that the server lost and
/// whose author is gone. Therefore every join is answered with the room's version, and a full client sends whatever it
/// has beyond that, its own changes or others'. The room does not put early changes aside: one that builds on something
/// missing is refused with `MISSING_CHANGES` and the version.
///
/// **Store failure.** The senders of what was not committed are refused with `STORE_FAILED`, every participant gets
/// `reset`, and the room is over: its memory holds what the disk does not.
///
/// **Thin clients** edit by position against a revision. The room remembers how recent revisions moved positions, moves
/// the edit over them (see `ShapeTransform`), and makes it a change of the server's own replica. That replica's id is
/// drawn at random for each load of the room, so no id ever writes twice the same sequence numbers after a crash. A
/// client that sends further edits before the first is acknowledged names the same revision in all of them; they are
/// taken to build on one another.
public final class Room {
    /// What the room needs from outside.
    public struct Environment {
        /// Where it is stored.
        public var store: any DocumentStore
        /// Its bounds.
        public var limits: RoomLimits
        /// Runs a closure on the room's executor, soon; called from any thread.
        ///
        /// Closures run in the order given.
        public var hop: @Sendable (@escaping @Sendable () -> Void) -> Void
        /// A monotonic clock, in nanoseconds.
        public var now: @Sendable () -> UInt64
        /// The wall clock, in milliseconds since 1970.
        public var timestamp: @Sendable () -> Int64
        /// Who counts.
        public var observer: (any RoomObserver)?

        /// An environment with all its parts.
        public init(
            store: any DocumentStore,
            limits: RoomLimits = .init(),
            hop: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void,
            now: @escaping @Sendable () -> UInt64,
            timestamp: @escaping @Sendable () -> Int64,
            observer: (any RoomObserver)? = nil
        ) {
            self.store = store
            self.limits = limits
            self.hop = hop
            self.now = now
            self.timestamp = timestamp
            self.observer = observer
        }
    }

    /// What a room does with what comes.
    enum State {
        case open
        /// Waits for the store to take the last snapshot and whatever else is pending.
        case unloading(completion: () -> Void)
        case closed
    }

    /// A sender who waits for the disk.
    struct PendingCommit {
        var revision: Revision
        /// When it was accepted; `nil` for somebody who only waits for what was accepted before.
        var acceptedAt: UInt64?
        var finish: (RoomError?) -> Void
    }

    /// The document's name.
    public let id: DocumentID
    /// The document's birth mark.
    public let epoch: Epoch
    /// The last accepted revision.
    public internal(set) var revision: Revision

    let environment: Environment
    let commitSignal: CommitSignal
    let outbox: Broadcaster
    var state = State.open

    var document: Document
    /// How much there is in it.
    var contentSize: ContentSize
    var changeLog: ChangeLog
    var history: EditHistory

    var participants = Participants()
    var presence: PresenceCoalescer
    /// Senders in the order of their revisions.
    var pendingCommits: [PendingCommit] = []
    var snapshots: SnapshotPolicy
    /// Since when nobody is here.
    var idleSince: UInt64?
    /// The deadline that the outbox was asked for and that has not passed.
    var wakeAt: UInt64?

    /// Opens a room on what the store holds.
    ///
    /// Call on the executor that will own it (or hand it over whole).
    ///
    /// - Parameters:
    ///   - id: the document.
    ///   - stored: what `DocumentStore.load` gave.
    ///   - replica: a random id that never wrote before; the server's own for this load.
    ///   - environment: clocks, store, executor.
    ///   - outbox: how to reach participants; held weakly.
    /// - Throws: `DAMAGED` when the bytes do not make a document, `UNSUPPORTED_FORMAT` when another version of the engine
    ///   wrote them; with what it is that cannot be read.
    public init(
        id: DocumentID,
        stored: StoredDocument,
        replica: ReplicaID,
        environment: Environment,
        outbox: any RoomOutbox
    ) throws(RoomError) {
        let loaded = try LoadedDocument(stored, of: id, replica: replica)
        self.id = id
        self.epoch = stored.epoch
        self.environment = environment
        self.outbox = Broadcaster(outbox)
        revision = stored.revision
        contentSize = loaded.contentSize
        changeLog = loaded.changeLog
        document = loaded.document
        history = EditHistory(revision: stored.revision, limits: environment.limits)
        presence = PresenceCoalescer(interval: environment.limits.presenceInterval)
        snapshots = SnapshotPolicy(stored: stored, limits: environment.limits)
        let reference = RoomReference()
        commitSignal = CommitSignal(revision: stored.revision, target: reference, hop: environment.hop)
        reference.room = self
        let now = environment.now()
        idleSince = now
        if revision > snapshots.savedRevision { snapshots.noteChange(at: now) }
        trimChangeLog()
    }

    /// What the room has: accepted, though perhaps not yet durable.
    public var version: Version { document.version }

    /// How many participants there are.
    public var memberCount: Int { participants.count }

    /// About how many bytes of content the document has.
    public var contentByteCount: Int { contentSize.byteCount }

    /// Who is there, in the order of joining.
    public var members: [Member] { participants.members }

    /// Every root with everything below it: texts, then lists, then maps, each in the order of their names.
    ///
    /// Each kind has names of its own. Thin clients see one root of a name: the text, or else the list, or else the map.
    ///
    /// - Complexity: O(n log n) for n values and units of text.
    public var content: [RootContent] { RootContent.all(of: document) }

    /// The text of a root; empty when there is none.
    ///
    /// - Complexity: O(n) for n units of text.
    public func text(of root: RootName) -> String { document.string(of: TextID(root)) }

    /// The whole document as bytes, as of ``revision``.
    ///
    /// - Complexity: O(n) for n elements, deleted ones included.
    public func snapshot() -> [UInt8] { document.snapshot() }
}

@available(*, unavailable)
extension Room: Sendable {}
