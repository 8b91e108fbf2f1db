public import SocketIOProtocol

/// Whom a request concerns, in words that can travel.
public struct SocketSelection: Sendable, Hashable {
    /// Those in any of these rooms; everybody when there are none.
    public var rooms: [String]
    /// But not those in any of these.
    ///
    /// A socket's id is a room with that socket in it.
    public var except: [String]
    /// Whether those are left out whose connection would have to queue it.
    public var isVolatile: Bool

    /// Makes a selection.
    public init(rooms: [String] = [], except: [String] = [], isVolatile: Bool = false) {
        self.rooms = rooms
        self.except = except
        self.isVolatile = isVolatile
    }
}

/// What one server asks of all others.
///
/// An event is the packet's array: its name, then its arguments.
public enum ClusterRequest: Sendable, Hashable {
    /// Send an event.
    case broadcast(event: [JSON], to: SocketSelection)
    /// Send an event that asks for an ack; answered by one `socketCount`, then an `ack` for each that comes.
    case broadcastWithAck(event: [JSON], to: SocketSelection, timeoutMilliseconds: Int)
    /// Make sockets enter rooms; like the next two answered by `done`, where somebody waits for it, if there were any.
    case join(SocketSelection, rooms: [String])
    /// Make sockets leave rooms.
    case leave(SocketSelection, rooms: [String])
    /// Put sockets out of the namespace, or end their connections.
    case disconnect(SocketSelection, close: Bool)
    /// Describe sockets; answered by `sockets`.
    case fetchSockets(SocketSelection)
    /// Name sockets; answered by `socketIDs`. Other implementations ask it.
    case socketIDs(SocketSelection)
    /// Name the rooms that somebody is in, a socket's own id not counted; answered by `rooms`.
    case allRooms
    /// An event for the servers themselves; answered by `serverSide`, if there is an answer and somebody waits for it.
    case serverSideEmit(event: [JSON])
}

/// A request on its way.
public struct ClusterMessage: Sendable, Hashable {
    /// The server that asks.
    public var sender: String
    /// The namespace it is about.
    public var namespace: String
    /// By which the sender knows the answers; nil when none are wanted.
    public var requestID: String?
    /// What is asked.
    public var request: ClusterRequest

    /// Makes a message.
    public init(sender: String, namespace: String, requestID: String?, request: ClusterRequest) {
        self.sender = sender
        self.namespace = namespace
        self.requestID = requestID
        self.request = request
    }
}

/// What one server answers another.
public enum ClusterResponse: Sendable, Hashable {
    /// How many sockets a `broadcastWithAck` was sent to.
    case socketCount(Int)
    /// The answer of one of them.
    case ack([JSON])
    /// The sockets of a `fetchSockets`.
    case sockets([SocketDescription])
    /// The sockets of a `socketIDs`.
    case socketIDs([String])
    /// The rooms of an `allRooms`.
    case rooms([String])
    /// What was asked has been done.
    case done
    /// The answer to a `serverSideEmit`.
    case serverSide(JSON)
}

/// A socket in words that can travel.
public struct SocketDescription: Sendable, Hashable {
    /// The socket's id.
    public var id: String
    /// Its rooms, its own id not counted.
    public var rooms: [String]
    /// The payload of its CONNECT.
    public var auth: JSON
    /// Its data, as far as that is JSON.
    public var data: JSON

    /// Makes a description.
    public init(id: String, rooms: [String], auth: JSON, data: JSON) {
        self.id = id
        self.rooms = rooms
        self.auth = auth
        self.data = data
    }

    /// Describes a socket, on its loop.
    init(_ socket: Socket) {
        let data: JSON =
            switch socket.data {
            case let json as JSON: json
            case let value as any Encodable: (try? JSON(encoding: value)) ?? .null
            default: .null
            }
        self.init(id: socket.id, rooms: socket.rooms.sorted(), auth: socket.handshake.auth, data: data)
    }
}
