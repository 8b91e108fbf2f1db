public import NIOCore
public import SocketIOProtocol

/// One connection in one namespace.
///
/// It lives on ``eventLoop``: its handlers are called there, synchronously and in the order the packets came, and `on…`,
/// `join`, `leave`, `rooms` and `bufferedBytes` are for that loop only. `emit…`, `disconnect` and ``data`` may be used
/// from any thread; calls from one thread keep their order.
///
/// ```swift
/// server.of("/chat").onConnection { socket in
///     socket.join("lobby")
///     socket.on("say") { (message: Say) in
///         try socket.to("lobby").emit("said", message)
///         return ["ok": true]  // the ack
///     }
/// }
/// ```
///
/// `@unchecked Sendable`: the mutable members are confined to the loop, which the methods assert; the data has a lock.
public final class Socket: EventEmitter, @unchecked Sendable {
    /// What a handler of events is when it wants the arguments as they came.
    public typealias EventHandler = (_ args: [JSON], _ ack: Ack) throws -> Void

    /// The socket's id, another than the connection's.
    ///
    /// It is kept when the socket recovers its state.
    public let id: String
    /// What the client said when it connected.
    public let handshake: Handshake
    /// The namespace the socket is in.
    public let namespace: Namespace
    /// The loop the socket lives on.
    public let eventLoop: any EventLoop
    /// Whether this is a socket that was lost and came back: with its id, rooms and data, and what it missed.
    public let isRecovered: Bool

    let connection: EngineConnection
    let shard: NamespaceShard
    let storage: SocketData

    /// Whether the client is in the namespace.
    ///
    /// On the loop only.
    public internal(set) var isConnected = false
    var handlers = SocketHandlers()
    /// The `async` handler that runs, and what waits for it.
    var queue = EventQueue()
    /// The rates of single events.
    var rates: [WireName: TokenBucket] = [:]

    /// The socket's place in each of its rooms; kept by the shard.
    var places: [WireName: FeedMember] = [:]

    /// Answers the server waits for.
    var pendingAcks: [UInt64: PendingAck] = [:]

    /// Droppable packets are being dropped until the queue has drained.
    var isLosing = false
    /// The owner has still to be told that it lost packets.
    var isOverflowUntold = false

    /// What connection-state recovery knows of this socket; nil where it is off.
    var recovery: SocketRecovery?
    /// Whether a dynamic namespace is kept for this socket's sake.
    var holdsNamespace = true

    struct PendingAck {
        let promise: EventLoopPromise<[JSON]>
        let timer: Scheduled<Void>
    }

    /// A new socket, or one that takes over from `previous`.
    init(connection: EngineConnection, namespace: Namespace, handshake: Handshake, previous: Socket? = nil) {
        self.id = previous?.id ?? SessionIDs.make()
        self.storage = previous?.storage ?? SocketData()
        self.isRecovered = previous != nil
        self.connection = connection
        self.namespace = namespace
        self.handshake = handshake
        self.eventLoop = connection.loop.eventLoop
        self.shard = connection.loop.shard(of: namespace)
    }

    /// Whatever the application wants to keep with the socket; set by a middleware or handler, from any thread.
    ///
    /// It survives recovery.
    public var data: (any Sendable)? {
        get { self.storage.value }
        set { self.storage.value = newValue }
    }

    /// The same by type, for several that know nothing of each other; see ``SocketDataKey``.
    public subscript<Key: SocketDataKey>(_ key: Key.Type) -> Key.Value? {
        get { self.storage[key] }
        set { self.storage[key] = newValue }
    }

    /// The transport the connection uses now.
    ///
    /// On the loop only.
    public var transport: EngineTransport { self.connection.transport }

    // MARK: Sending

    /// Sends an event with a list of arguments.
    public func emit(_ event: String, with args: [JSON]) {
        self.send(self.namespace.packet(event, args))
    }

    /// Sends an event that was encoded once for many.
    ///
    /// - Parameter packet: must be of this socket's namespace.
    public func emit(preencoded packet: EncodedPacket) {
        assert(
            packet.namespace == self.namespace.name,
            "a packet of \(packet.namespace) sent to \(self.namespace.name)"
        )
        self.send(self.namespace.stamped(packet))
    }

    private func send(_ packet: EncodedPacket) {
        if self.eventLoop.inEventLoop {
            self.deliver(packet, isVolatile: false)
        } else {
            self.eventLoop.execute { self.deliver(packet, isVolatile: false) }
        }
    }

    /// Sends an event that asks for an answer.
    ///
    /// ``timeout(_:)`` has the same for `async` code.
    ///
    /// - Returns: the arguments of the answer; fails with ``AckError``.
    public func emitWithAck(_ event: String, _ args: [JSON], timeout: TimeAmount) -> EventLoopFuture<[JSON]> {
        let promise = self.eventLoop.makePromise(of: [JSON].self)
        if self.eventLoop.inEventLoop {
            self.ask(event, args, timeout: timeout, promise: promise)
        } else {
            self.eventLoop.execute { self.ask(event, args, timeout: timeout, promise: promise) }
        }
        return promise.futureResult
    }

    /// Asks with a time limit: `try await socket.timeout(.seconds(5)).emitWithAck("ready?")`.
    public func timeout(_ limit: Duration) -> AskingSocket { AskingSocket(socket: self, limit: limit) }

    /// Sends what may be lost when the connection does not take it at once.
    public var volatile: VolatileSocket { VolatileSocket(socket: self) }

    /// Bytes that wait to be taken by the connection, all its sockets together; 0 when it takes more at once.
    ///
    /// On the loop only.
    public var bufferedBytes: Int {
        self.eventLoop.assertInEventLoop()
        return self.connection.bufferedBytes
    }

    /// Leaves the namespace, or with `close` ends the whole connection.
    ///
    /// Clients do not come back by themselves, and cannot recover their state.
    public func disconnect(close: Bool = false) {
        self.connection.run {
            if self.isAway {
                // Or it would come back as what was just put out.
                self.forget()
            } else if !self.isConnected {
                return
            } else if close {
                self.connection.disconnectAll()
            } else {
                self.connection.disconnect(self, reason: .serverNamespaceDisconnect)
            }
        }
    }

    // MARK: Rooms

    /// The rooms the socket is in, its own id not counted; none before and after its time in the namespace.
    ///
    /// On the loop only.
    public var rooms: RoomSet {
        self.eventLoop.assertInEventLoop()
        return self.isConnected ? self.keptRooms : []
    }

    /// Enters rooms; does nothing once the socket is disconnected.
    ///
    /// On the loop only.
    public func join(_ rooms: String...) {
        self.eventLoop.preconditionInEventLoop()
        guard self.isConnected else { return }
        for room in rooms { self.shard.add(self, to: room) }
    }

    /// Leaves a room.
    ///
    /// On the loop only.
    public func leave(_ room: String) {
        self.eventLoop.preconditionInEventLoop()
        guard self.isConnected else { return }
        self.shard.remove(self, from: room)
    }

    /// Everybody in these rooms but this socket.
    public func to(_ rooms: String...) -> BroadcastOperator {
        BroadcastOperator(namespace: self.namespace, rooms: rooms, exceptSocket: self)
    }

    /// Everybody in the namespace but this socket and who is in these rooms.
    public func except(_ rooms: String...) -> BroadcastOperator {
        self.broadcast.except(rooms)
    }

    /// Everybody in the namespace but this socket.
    public var broadcast: BroadcastOperator {
        BroadcastOperator(namespace: self.namespace, rooms: [], exceptSocket: self)
    }

    /// Everybody on this server but this socket, whatever servers there are besides.
    public var local: BroadcastOperator { self.broadcast.local }
}

/// A socket seen as a receiver of what may be lost: made by ``Socket/volatile``.
public struct VolatileSocket: EventEmitter {
    let socket: Socket

    /// Sends an event, unless the connection would have to queue it.
    public func emit(_ event: String, with args: [JSON]) {
        let packet = self.socket.namespace.packet(event, args)
        let socket = self.socket
        socket.connection.run { socket.deliver(packet, isVolatile: true) }
    }
}

/// A socket that is asked with a time limit: made by ``Socket/timeout(_:)``.
public struct AskingSocket: Sendable {
    let socket: Socket
    let limit: Duration

    /// Sends an event and waits for the client's answer.
    ///
    /// - Returns: the arguments of the answer.
    /// - Throws: ``AckError``, when none came in time or the socket was disconnected.
    public func emitWithAck(_ event: String, _ args: JSON...) async throws -> [JSON] {
        try await self.emitWithAck(event, with: args)
    }

    /// The same with a list of arguments.
    public func emitWithAck(_ event: String, with args: [JSON]) async throws -> [JSON] {
        try await self.socket.emitWithAck(event, args, timeout: TimeAmount(self.limit)).get()
    }
}
