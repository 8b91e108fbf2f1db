public import CRDT

/// One open document: the server's replica, its participants, their presence, and what is not yet on disk.
///
/// A room does no input or output of its own: time, randomness, the store and the way to its participants come in. It belongs
/// to one executor (an event loop in the server, the test itself in tests); it is not `Sendable`, and nothing in it is locked.
///
/// For each incoming change, in this order: check the role, decode, merge, hand it to the store, broadcast to the others, and
/// acknowledge the sender only when the store says that it is committed. So a participant that was told "stored" never loses
/// that change, and the others see it without waiting for the disk.
///
/// **Healing.** As others see a change before it is durable, a crash can leave them with one that the server lost and whose
/// author is gone. Therefore every join is answered with the room's version, and a full client sends whatever it has beyond
/// that, its own changes or others'. The room does not put early changes aside: one that builds on something missing is refused
/// with `MISSING_CHANGES` and the version.
///
/// **Store failure.** The senders of what was not committed are refused with `STORE_FAILED`, every participant gets `reset`, and
/// the room is over: its memory holds what the disk does not.
///
/// **Thin clients** edit by position against a revision. The room remembers how recent revisions moved positions, moves the
/// edit over them (see `SpliceTransform`), and makes it a change of the server's own replica. That replica's id is drawn at
/// random for each load of the room, so no id ever writes twice the same sequence numbers after a crash. A client that sends
/// further edits before the first is acknowledged names the same revision in all of them; they are taken to build on one another.
public final class Room {
    /// What the room needs from outside.
    public struct Environment {
        /// Where it is stored.
        public var store: any DocumentStore
        /// Its bounds.
        public var limits: RoomLimits
        /// Runs a closure on the room's executor, soon; called from any thread. Closures run in the order given.
        public var hop: @Sendable (@escaping @Sendable () -> Void) -> Void
        /// A monotonic clock, in nanoseconds.
        public var now: @Sendable () -> UInt64
        /// The wall clock, in milliseconds since 1970.
        public var timestamp: @Sendable () -> Int64

        /// An environment with all its parts.
        public init(
            store: any DocumentStore,
            limits: RoomLimits = .init(),
            hop: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void,
            now: @escaping @Sendable () -> UInt64,
            timestamp: @escaping @Sendable () -> Int64
        ) {
            self.store = store
            self.limits = limits
            self.hop = hop
            self.now = now
            self.timestamp = timestamp
        }
    }

    /// Opens a room on what the store holds. Call on the executor that will own it (or hand it over whole).
    ///
    /// - Parameters:
    ///   - id: the document.
    ///   - stored: what `DocumentStore.load` gave.
    ///   - replica: a random id that never wrote before; the server's own for this load.
    ///   - environment: clocks, store, executor.
    ///   - outbox: how to reach participants; held weakly, it outlives the room's use.
    /// - Throws: `DAMAGED` when the bytes do not make a document.
    public init(
        id: DocumentID,
        stored: StoredDocument,
        replica: ReplicaID,
        environment: Environment,
        outbox: any RoomOutbox
    ) throws(RoomError) {
        fatalError("phase 1")
    }

    /// The document's name.
    public let id: DocumentID
    /// The document's birth mark.
    public let epoch: Epoch
    /// The last accepted revision.
    public var revision: Revision { fatalError("phase 1") }
    /// What the room has, accepted, though perhaps not yet durable.
    public var version: Version { fatalError("phase 1") }
    /// How many participants there are.
    public var memberCount: Int { fatalError("phase 1") }
    /// Who is there, in the order of joining.
    public var members: [Member] { fatalError("phase 1") }
    /// The text of every root.
    public var content: [RootContent] { fatalError("phase 1") }
    /// The whole document as bytes, as of `revision`.
    public func snapshot() -> [UInt8] { fatalError("phase 1") }

    /// Admits a participant; one that is there already is replaced.
    public func join(_ request: JoinRequest) throws(RoomError) -> JoinReply { fatalError("phase 1") }

    /// Takes a participant out; nothing happens when it is not there.
    public func leave(_ session: SessionID) { fatalError("phase 1") }

    /// Merges a full client's `ChangeSet`.
    ///
    /// `completion` is called once, on the room's executor: with the revision when it is durable (and all before it are), or
    /// with the error, perhaps before this returns. When the set's later part is refused, its earlier part is accepted all the
    /// same: changes are idempotent, and the client will send it again.
    public func change(
        _ bytes: [UInt8],
        from session: SessionID,
        completion: @escaping (Result<Revision, RoomError>) -> Void
    ) { fatalError("phase 1") }

    /// Applies a thin client's splices, made against the text at `base`, as one change.
    ///
    /// They are first moved over what was accepted since: an insertion at the place of an earlier accepted one lands after it,
    /// and a deletion leaves alone what others inserted meanwhile. `completion` as for `change`.
    public func edit(
        base: Revision,
        edits: [TextEdit],
        from session: SessionID,
        completion: @escaping (Result<EditReceipt, RoomError>) -> Void
    ) { fatalError("phase 1") }

    /// Sets a participant's presence state, or clears it. Others hear of it in at most the presence interval.
    public func setPresence(_ state: [UInt8]?, from session: SessionID) throws(RoomError) { fatalError("phase 1") }

    /// Passes an ephemeral message to all others.
    public func signal(_ payload: [UInt8], from session: SessionID) throws(RoomError) { fatalError("phase 1") }

    /// What a full client misses beyond `version`.
    public func sync(_ version: Version, from session: SessionID) throws(RoomError) -> SyncReply { fatalError("phase 1") }

    /// Changes a participant's role at once and tells it; nothing happens when it is not there.
    public func setRole(_ role: Role, of session: SessionID) { fatalError("phase 1") }

    /// The participant's outbound queue is over its bound. The event that is being delivered counts as delivered; further ones
    /// are withheld until `drained`.
    public func fellBehind(_ session: SessionID) { fatalError("phase 1") }

    /// The participant's outbound queue is empty again: it gets what it missed, or `reset` when that cannot be replayed.
    public func drained(_ session: SessionID) { fatalError("phase 1") }

    /// Does what is due: presence, snapshot, idleness. Call when ``RoomOutbox/wake(at:)`` says; too often does no harm.
    public func tick() { fatalError("phase 1") }

    /// Ends the room: participants that are left get `reset`, what is not in a snapshot is saved as one, and `completion` is
    /// called on the room's executor when the store has everything. The room takes nothing more from now on.
    public func unload(completion: @escaping () -> Void) { fatalError("phase 1") }
}

@available(*, unavailable)
extension Room: Sendable {}
