import NIOCore
public import SocketIOProtocol

/// Some of the sockets of a namespace: what `to`, `except` and `broadcast` make, and what can be done to all of them.
///
/// Callable from any thread. An event is encoded and framed once; it crosses to each event loop that has connections once,
/// and there every receiver's connection gets a reference to the same bytes. A socket in several of the rooms gets it
/// once.
public struct BroadcastOperator: Sendable {
    let namespace: Namespace
    /// No rooms: everybody.
    private var rooms: [String]
    private var exceptRooms: [String] = []
    private let exceptSocket: Socket?
    private var isVolatile = false

    init(namespace: Namespace, rooms: [String], exceptSocket: Socket?) {
        self.namespace = namespace
        self.rooms = rooms
        self.exceptSocket = exceptSocket
    }

    /// Those in these rooms as well.
    public func to(_ rooms: String...) -> BroadcastOperator {
        var copy = self
        copy.rooms += rooms
        return copy
    }

    /// Without those in these rooms.
    public func except(_ rooms: String...) -> BroadcastOperator {
        self.except(rooms)
    }

    func except(_ rooms: [String]) -> BroadcastOperator {
        var copy = self
        copy.exceptRooms += rooms
        return copy
    }

    /// Without those whose connection would have to queue it.
    public var volatile: BroadcastOperator {
        var copy = self
        copy.isVolatile = true
        return copy
    }

    /// Sends an event.
    public func emit(_ event: String, _ args: JSON...) {
        self.emit(preencoded: EncodedPacket(namespace: self.namespace.name, event: event, args: args))
    }

    /// Sends an event that was encoded once.
    public func emit(preencoded packet: EncodedPacket) {
        let isVolatile = self.isVolatile
        self.forEachSocket { $0.deliver(packet, isVolatile: isVolatile) }
    }

    /// Puts the sockets out of the namespace, or with `close` ends their connections.
    public func disconnectSockets(close: Bool = false) {
        self.forEachSocket { $0.disconnect(close: close) }
    }

    /// Makes the sockets enter a room.
    public func join(_ room: String) {
        self.forEachSocket { $0.join(room) }
    }

    /// Makes the sockets leave a room.
    public func leave(_ room: String) {
        self.forEachSocket { $0.leave(room) }
    }

    /// Runs `body` for each socket, on the socket's loop.
    private func forEachSocket(_ body: @escaping @Sendable (Socket) -> Void) {
        for loop in self.namespace.loops.all {
            if loop.eventLoop.inEventLoop {
                self.walk(loop.shard(of: self.namespace), body)
            } else {
                loop.eventLoop.execute { self.walk(loop.shard(of: self.namespace), body) }
            }
        }
    }

    private func walk(_ shard: NamespaceShard, _ body: (Socket) -> Void) {
        // One room and nobody left out but the sender: the case every keystroke of an editor takes.
        if self.rooms.count == 1, self.exceptRooms.isEmpty {
            for socket in shard.members(of: self.rooms[0]) where socket !== self.exceptSocket { body(socket) }
            return
        }
        var excluded: Set<ObjectIdentifier> = []
        if let socket = self.exceptSocket { excluded.insert(ObjectIdentifier(socket)) }
        for room in self.exceptRooms {
            for socket in shard.members(of: room) { excluded.insert(ObjectIdentifier(socket)) }
        }
        if self.rooms.isEmpty {
            for socket in shard.sockets.values where !excluded.contains(ObjectIdentifier(socket)) { body(socket) }
            return
        }
        for room in self.rooms {
            for socket in shard.members(of: room) where excluded.insert(ObjectIdentifier(socket)).inserted {
                body(socket)
            }
        }
    }
}
