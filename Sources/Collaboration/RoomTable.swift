/// Which documents are open, loading or closing, on one executor: one loader per document, joins wait for it.
///
/// A pure state machine: it names the next step and the owner takes it. `OpenRoom` is whatever stands for an open room,
/// `Waiter` whatever waits for one (a closure, usually).
///
///     (absent) --request--> loading --loaded--> open --startUnloading--> closing --unloaded--> (absent, or loading again)
///                              \--failed--> (absent: all waiters get the error)
public struct RoomTable<OpenRoom, Waiter> {
    /// What the owner does about a request for a room.
    public enum RequestAction {
        /// It is open: go ahead.
        case use(OpenRoom)
        /// Start loading; the waiter is kept.
        case load
        /// Somebody loads already, or the room is closing; the waiter is kept.
        case wait
    }

    /// What the owner does when a room has been unloaded.
    public enum UnloadedAction {
        /// Nothing.
        case none
        /// Somebody asked for it meanwhile: load it again.
        case load
    }

    private enum Entry {
        case loading([Waiter])
        case open(OpenRoom)
        case closing([Waiter])
    }

    private var entries: [DocumentID: Entry] = [:]

    /// An empty table.
    public init() {}

    /// Somebody needs the room.
    public mutating func request(_ id: DocumentID, waiter: Waiter) -> RequestAction { fatalError("phase 1") }
    /// The load succeeded: these wait, in the order of asking.
    public mutating func loaded(_ id: DocumentID, room: OpenRoom) -> [Waiter] { fatalError("phase 1") }
    /// The load failed: the room stays closed, and these get the error.
    public mutating func failed(_ id: DocumentID) -> [Waiter] { fatalError("phase 1") }
    /// The room is being unloaded from now on; `nil` when it is not open.
    public mutating func startUnloading(_ id: DocumentID) -> OpenRoom? { fatalError("phase 1") }
    /// The unload is done.
    public mutating func unloaded(_ id: DocumentID) -> UnloadedAction { fatalError("phase 1") }
    /// The room failed and must be forgotten (`RoomOutbox.roomFailed`).
    public mutating func forget(_ id: DocumentID) -> UnloadedAction { fatalError("phase 1") }
    /// The room, when it is open.
    public subscript(_ id: DocumentID) -> OpenRoom? { fatalError("phase 1") }
    /// All open rooms.
    public var openRooms: [(id: DocumentID, room: OpenRoom)] { fatalError("phase 1") }
}
