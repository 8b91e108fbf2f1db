import NIOConcurrencyHelpers
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
///     socket.on("say") { args, ack in
///         socket.to("lobby").emit("said", args.first ?? .null)
///         ack(["ok": true])
///     }
/// }
/// ```
///
/// `@unchecked Sendable`: the mutable members are confined to the loop, which the methods assert; `data` has a lock.
public final class Socket: @unchecked Sendable {
    /// What a handler of events is.
    public typealias EventHandler = (_ args: [JSON], _ ack: Ack) -> Void

    /// The socket's id, another than the connection's.
    public let id: String
    /// What the client said when it connected.
    public let handshake: Handshake
    /// The namespace the socket is in.
    public let namespace: Namespace
    /// The loop the socket lives on.
    public let eventLoop: any EventLoop

    let connection: EngineConnection
    let shard: NamespaceShard

    private let storage = NIOLockedValueBox<(any Sendable)?>(nil)

    private(set) var isConnected = false
    private var handlers: [String: EventHandler] = [:]
    private var anyHandler: ((_ event: String, _ args: [JSON], _ ack: Ack) -> Void)?
    private var disconnectHandlers: [(DisconnectReason) -> Void] = []
    private var drainHandler: (() -> Void)?
    private var overflowHandler: (() -> Void)?

    /// The socket's place in each of its rooms; kept by the shard.
    var places: [String: Int] = [:]

    /// Answers the server waits for.
    private var pendingAcks: [UInt64: PendingAck] = [:]

    /// Droppable packets are being dropped until the queue has drained.
    private var isLosing = false
    /// The owner has still to be told that it lost packets.
    private var isOverflowUntold = false

    private struct PendingAck {
        let promise: EventLoopPromise<[JSON]>
        let timer: Scheduled<Void>
    }

    init(connection: EngineConnection, namespace: Namespace, handshake: Handshake) {
        self.id = SessionIDs.make()
        self.connection = connection
        self.namespace = namespace
        self.handshake = handshake
        self.eventLoop = connection.loop.eventLoop
        self.shard = connection.loop.shard(of: namespace)
    }

    /// Whatever the application wants to keep with the socket; set by a middleware or handler, from any thread.
    public var data: (any Sendable)? {
        get { self.storage.withLockedValue { $0 } }
        set { self.storage.withLockedValue { $0 = newValue } }
    }

    /// The transport the connection uses now.
    ///
    /// On the loop only.
    public var transport: EngineTransport { self.connection.transport }

    // MARK: Handlers

    // Handlers usually hold the socket; one that is set behind the end would do so for ever.

    /// Handles an event; a second handler for the same event replaces the first.
    ///
    /// On the loop only. Does nothing once the socket is disconnected, like all that follow.
    public func on(_ event: String, _ handler: @escaping EventHandler) {
        self.eventLoop.preconditionInEventLoop()
        if self.isConnected { self.handlers[event] = handler }
    }

    /// Handles every event that has no handler of its own.
    ///
    /// On the loop only.
    public func onAny(_ handler: @escaping (_ event: String, _ args: [JSON], _ ack: Ack) -> Void) {
        self.eventLoop.preconditionInEventLoop()
        if self.isConnected { self.anyHandler = handler }
    }

    /// Is told, once, that the socket has left its namespace; it has left its rooms by then.
    ///
    /// On the loop only.
    public func onDisconnect(_ handler: @escaping (DisconnectReason) -> Void) {
        self.eventLoop.preconditionInEventLoop()
        if self.isConnected { self.disconnectHandlers.append(handler) }
    }

    /// Is told that the connection has taken everything after it had fallen behind.
    ///
    /// On the loop only.
    public func onDrain(_ handler: @escaping () -> Void) {
        self.eventLoop.preconditionInEventLoop()
        if self.isConnected { self.drainHandler = handler }
    }

    /// Makes the socket a slow consumer that can be helped: past `maxBufferedBytes` its droppable packets are dropped,
    /// this handler is told, and droppable packets go on being dropped until ``onDrain(_:)`` is told.
    ///
    /// On the loop only.
    ///
    /// The handler comes in a later turn of the loop, never from inside an `emit`, and always before the drain's.
    public func onOverflow(_ handler: @escaping () -> Void) {
        self.eventLoop.preconditionInEventLoop()
        if self.isConnected { self.overflowHandler = handler }
    }

    // MARK: Sending

    /// Sends an event.
    public func emit(_ event: String, _ args: JSON...) {
        self.emit(preencoded: EncodedPacket(namespace: self.namespace.name, event: event, args: args))
    }

    /// Sends an event that was encoded once for many.
    ///
    /// - Parameter packet: must be of this socket's namespace.
    public func emit(preencoded packet: EncodedPacket) {
        assert(
            packet.namespace == self.namespace.name,
            "a packet of \(packet.namespace) sent to \(self.namespace.name)"
        )
        if self.eventLoop.inEventLoop {
            self.deliver(packet, isVolatile: false)
        } else {
            self.eventLoop.execute { self.deliver(packet, isVolatile: false) }
        }
    }

    /// Sends an event that asks for an answer.
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
    /// Clients do not come back by themselves.
    public func disconnect(close: Bool = false) {
        self.connection.run {
            guard self.isConnected else { return }
            if close {
                self.connection.disconnectAll()
            } else {
                self.connection.disconnect(self, reason: .serverNamespaceDisconnect)
            }
        }
    }

    // MARK: Rooms

    /// The rooms the socket is in, its own id not counted.
    ///
    /// On the loop only.
    public var rooms: Set<String> {
        self.eventLoop.assertInEventLoop()
        return Set(self.places.keys)
    }

    /// Enters a room; does nothing once the socket is disconnected.
    ///
    /// On the loop only.
    public func join(_ room: String) {
        self.eventLoop.preconditionInEventLoop()
        guard self.isConnected else { return }
        self.shard.add(self, to: room)
    }

    /// Leaves a room.
    ///
    /// On the loop only.
    public func leave(_ room: String) {
        self.eventLoop.preconditionInEventLoop()
        self.shard.remove(self, from: room)
    }

    /// Everybody in these rooms but this socket.
    public func to(_ rooms: String...) -> BroadcastOperator {
        BroadcastOperator(namespace: self.namespace, rooms: rooms, exceptSocket: self)
    }

    /// Everybody in the namespace but this socket.
    public var broadcast: BroadcastOperator {
        BroadcastOperator(namespace: self.namespace, rooms: [], exceptSocket: self)
    }
}

/// A socket seen as a receiver of what may be lost: made by ``Socket/volatile``.
public struct VolatileSocket: Sendable {
    let socket: Socket

    /// Sends an event, unless the connection would have to queue it.
    public func emit(_ event: String, _ args: JSON...) {
        let packet = EncodedPacket(namespace: self.socket.namespace.name, event: event, args: args)
        let socket = self.socket
        socket.connection.run { socket.deliver(packet, isVolatile: true) }
    }
}

// MARK: - What the connection does with its sockets, on the loop

extension Socket {
    var hasOverflowHandler: Bool { self.overflowHandler != nil }

    /// Queues a packet.
    func deliver(_ packet: EncodedPacket, isVolatile: Bool) {
        guard self.isConnected else { return }
        if isVolatile, !self.connection.takesMore { return }
        guard packet.isDroppable else {
            self.connection.enqueue(packet, droppableFor: nil)
            return
        }
        if !self.isLosing { self.connection.enqueue(packet, droppableFor: self) }
    }

    func acknowledge(_ id: UInt64, _ args: [JSON]) {
        self.connection.run {
            guard self.isConnected else { return }
            let name = self.namespace.name
            self.connection.enqueue(
                self.connection.socketIO.acknowledge(namespace: name, id: id, arguments: args),
                namespace: name
            )
        }
    }

    private func ask(_ event: String, _ args: [JSON], timeout: TimeAmount, promise: EventLoopPromise<[JSON]>) {
        let name = self.namespace.name
        guard self.isConnected, let id = self.connection.socketIO.registerAck(namespace: name) else {
            return promise.fail(AckError.disconnected)
        }
        let timer = self.eventLoop.scheduleTask(in: timeout) {
            guard let pending = self.pendingAcks.removeValue(forKey: id) else { return }
            self.connection.socketIO.cancelAck(namespace: name, id: id)
            pending.promise.fail(AckError.timeout)
        }
        self.pendingAcks[id] = PendingAck(promise: promise, timer: timer)
        self.connection.enqueue(
            PacketEncoder.event(namespace: name, name: event, arguments: args, ackID: id),
            namespace: name
        )
    }

    /// The CONNECT reply is queued; now the application may speak.
    func didConnect() {
        self.isConnected = true
        self.shard.add(self)
        self.namespace.socketConnected(self)
    }

    func dispatch(_ event: String, _ args: [JSON], ackID: UInt64?) {
        let ack = Ack(socket: self, id: ackID)
        if let handler = self.handlers[event] {
            handler(args, ack)
        } else {
            self.anyHandler?(event, args, ack)
        }
    }

    func didReceiveAck(_ id: UInt64, _ args: [JSON]) {
        guard let pending = self.pendingAcks.removeValue(forKey: id) else { return }
        pending.timer.cancel()
        pending.promise.succeed(args)
    }

    func didOverflow() {
        self.isLosing = true
        guard !self.isOverflowUntold else { return }
        self.isOverflowUntold = true
        self.eventLoop.execute { self.tellOverflow() }
    }

    private func tellOverflow() {
        guard self.isOverflowUntold, self.isConnected else { return }
        self.isOverflowUntold = false
        self.overflowHandler?()
    }

    func didDrain() {
        self.tellOverflow()
        self.isLosing = false
        self.drainHandler?()
    }

    /// The end.
    ///
    /// Handlers are let go, for they usually hold the socket.
    func didDisconnect(_ reason: DisconnectReason) {
        guard self.isConnected else { return }
        self.isConnected = false
        self.shard.remove(self)
        self.namespace.socketDisconnected()
        let pending = self.pendingAcks.values
        self.pendingAcks.removeAll()
        for ack in pending {
            ack.timer.cancel()
            ack.promise.fail(AckError.disconnected)
        }
        let disconnectHandlers = self.disconnectHandlers
        self.handlers.removeAll()
        self.anyHandler = nil
        self.disconnectHandlers.removeAll()
        self.drainHandler = nil
        self.overflowHandler = nil
        for handler in disconnectHandlers { handler(reason) }
    }
}
