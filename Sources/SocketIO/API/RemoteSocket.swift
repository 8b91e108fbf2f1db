public import SocketIOProtocol

/// A socket somewhere in the cluster, as ``BroadcastOperator/fetchSockets()`` found it, and what can be done with it.
public struct RemoteSocket: EventEmitter {
    /// The namespace it is in.
    public let namespace: Namespace
    let description: SocketDescription
    /// The socket itself, when it is one of this server.
    public let local: Socket?

    init(namespace: Namespace, description: SocketDescription, local: Socket?) {
        self.namespace = namespace
        self.description = description
        self.local = local
    }

    /// The socket's id.
    public var id: String { self.description.id }
    /// The rooms it was in when it was found, its own id not counted.
    public var rooms: RoomSet { RoomSet(self.description.rooms) }
    /// The payload of its CONNECT.
    public var auth: JSON { self.description.auth }
    /// Its ``Socket/data`` if that is JSON or can be encoded, else null.
    public var data: JSON { self.description.data }

    private var itself: BroadcastOperator { self.namespace.to(self.id) }

    /// Sends an event with a list of arguments.
    public func emit(_ event: String, with args: [JSON]) { self.itself.emit(event, with: args) }

    /// Makes it enter a room.
    public func join(_ room: String) { self.itself.socketsJoin(room) }

    /// Makes it leave a room.
    public func leave(_ room: String) { self.itself.socketsLeave(room) }

    /// Puts it out of the namespace, or with `close` ends its connection.
    public func disconnect(close: Bool = false) { self.itself.disconnectSockets(close: close) }
}
