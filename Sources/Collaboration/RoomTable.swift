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

    /// What the owner does when a room is gone.
    public enum GoneAction: Equatable {
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
    public mutating func request(_ id: DocumentID, waiter: Waiter) -> RequestAction {
        switch entries[id] {
        case nil:
            entries[id] = .loading([waiter])
            return .load
        case .open(let room):
            return .use(room)
        case .loading(let waiters):
            entries[id] = .loading(waiters + [waiter])
            return .wait
        case .closing(let waiters):
            entries[id] = .closing(waiters + [waiter])
            return .wait
        }
    }

    /// The load succeeded: these wait, in the order of asking.
    ///
    /// - Precondition: the document was loading.
    public mutating func loaded(_ id: DocumentID, room: OpenRoom) -> [Waiter] {
        guard case .loading(let waiters) = entries[id] else {
            preconditionFailure("A room was loaded that nobody was loading.")
        }
        entries[id] = .open(room)
        return waiters
    }

    /// The load failed: the room stays closed, and these get the error.
    ///
    /// The next request tries again.
    ///
    /// - Precondition: the document was loading.
    public mutating func failed(_ id: DocumentID) -> [Waiter] {
        guard case .loading(let waiters) = entries[id] else {
            preconditionFailure("A load failed that nobody had started.")
        }
        entries[id] = nil
        return waiters
    }

    /// The room is being unloaded from now on; `nil`, and nothing happens, when it is not open.
    public mutating func startUnloading(_ id: DocumentID) -> OpenRoom? {
        guard case .open(let room) = entries[id] else { return nil }
        entries[id] = .closing([])
        return room
    }

    /// Something is done to a document that is not open: whoever asks for it waits until it is ``gone(_:)``.
    ///
    /// False, and nothing happens, when it is open, loading or closing.
    public mutating func startClosing(_ id: DocumentID) -> Bool {
        guard entries[id] == nil else { return false }
        entries[id] = .closing([])
        return true
    }

    /// The room is gone: its unload is done, or it failed (`RoomOutbox.roomFailed`).
    ///
    /// A room says one of the two, once.
    public mutating func gone(_ id: DocumentID) -> GoneAction {
        switch entries[id] {
        case .open:
            entries[id] = nil
            return .none
        case .closing(let waiters):
            entries[id] = waiters.isEmpty ? nil : .loading(waiters)
            return waiters.isEmpty ? .none : .load
        case .loading, nil:
            return .none
        }
    }

    /// The room, when it is open.
    public subscript(_ id: DocumentID) -> OpenRoom? {
        guard case .open(let room) = entries[id] else { return nil }
        return room
    }

    /// All open rooms, in no particular order.
    public var openRooms: [(id: DocumentID, room: OpenRoom)] {
        entries.compactMap { id, entry in
            guard case .open(let room) = entry else { return nil }
            return (id, room)
        }
    }

    /// Whether nothing is open, loading or closing.
    public var isEmpty: Bool { entries.isEmpty }
}
