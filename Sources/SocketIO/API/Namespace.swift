import NIOConcurrencyHelpers
public import SocketIOProtocol

/// A channel of communication that clients enter separately: `/`, `/docs`, `/admin`.
///
/// Everything here may be called from any thread. Register middleware and handlers before the server takes connections: a
/// namespace exists for clients from the moment ``SocketIOServer/of(_:)`` was asked for it.
public final class Namespace: EventEmitter, Sendable {
    /// Decides whether a socket may enter: returns to let it in, throws to keep it out.
    ///
    /// Runs off the event loop, one after the other in the order of registration. What the client sends to this namespace
    /// meanwhile waits; its other namespaces are not held up.
    public typealias Middleware = @Sendable (Socket, Handshake) async throws(ConnectError) -> Void

    private struct State {
        var middleware: [Middleware] = []
        var connectionHandlers: [@Sendable (Socket) -> Void] = []
        var serverSideHandlers: [WireName: @Sendable ([JSON]) async -> JSON?] = [:]
        var rates: [WireName: RateLimit] = [:]
        var socketCount = 0
    }

    /// The namespace's name, beginning with a slash.
    public let name: String

    let loops: LoopTable
    let cluster: ClusterLink
    let recovery: RecoveryTable?
    /// What made this namespace when a client asked for it; nil for one that the application asked for.
    let parent: DynamicNamespace?
    let traffic = Traffic()
    private let state: NIOLockedValueBox<State>

    init(
        name: String,
        loops: LoopTable,
        cluster: ClusterLink,
        recovery: RecoveryTable?,
        parent: DynamicNamespace? = nil
    ) {
        self.name = name
        self.loops = loops
        self.cluster = cluster
        self.recovery = recovery
        self.parent = parent
        self.state = NIOLockedValueBox(State())
    }

    /// Adds a middleware.
    ///
    /// ```swift
    /// namespace.use { socket, handshake async throws(ConnectError) in
    ///     guard let user = await users.find(token: handshake.auth["token"]?.stringValue) else {
    ///         throw ConnectError(message: "not authorized", data: ["code": "UNAUTHENTICATED"])
    ///     }
    ///     socket[UserKey.self] = user
    /// }
    /// ```
    public func use(_ middleware: @escaping Middleware) {
        self.state.withLockedValue { $0.middleware.append(middleware) }
    }

    /// Is told of each new socket, on the socket's loop, right after the reply to its CONNECT was queued.
    ///
    /// Of one that recovered its state too: ``Socket/isRecovered`` is true, and what it missed is queued as well.
    public func onConnection(_ handler: @escaping @Sendable (Socket) -> Void) {
        self.state.withLockedValue { $0.connectionHandlers.append(handler) }
    }

    /// Bounds how often each socket may send an event; see ``Socket/limit(_:to:)``.
    public func limit(_ event: String, to rate: RateLimit) {
        self.state.withLockedValue { $0.rates[WireName(event)] = rate }
    }

    /// Sends an event with a list of arguments to every socket.
    public func emit(_ event: String, with args: [JSON]) {
        self.everybody.emit(event, with: args)
    }

    /// Sends an event that was encoded once to every socket of this server.
    public func emit(preencoded packet: EncodedPacket) {
        self.everybody.emit(preencoded: packet)
    }

    /// Everybody in any of these rooms.
    ///
    /// A socket's id is a room with that socket in it.
    public func to(_ rooms: String...) -> BroadcastOperator {
        BroadcastOperator(namespace: self, rooms: rooms, exceptSocket: nil)
    }

    /// Everybody but who is in any of these rooms.
    public func except(_ rooms: String...) -> BroadcastOperator {
        self.everybody.except(rooms)
    }

    /// Everybody on this server, whatever servers there are besides.
    public var local: BroadcastOperator { self.everybody.local }

    /// Everybody whose connection takes it at once.
    public var volatile: BroadcastOperator { self.everybody.volatile }

    /// Asks everybody with a time limit; see ``BroadcastOperator/timeout(_:)``.
    public func timeout(_ limit: Duration) -> AskingBroadcast { self.everybody.timeout(limit) }

    /// Everybody.
    public var everybody: BroadcastOperator {
        BroadcastOperator(namespace: self, rooms: [], exceptSocket: nil)
    }

    /// Describes every socket, those on other servers included.
    public func fetchSockets() async -> [RemoteSocket] {
        await self.everybody.fetchSockets()
    }

    /// The rooms with somebody in them, those on other servers included; a socket's own id is not one.
    ///
    /// Other servers that do not answer within ``SocketIOConfiguration/clusterTimeout`` are left out.
    public func allRooms() async -> RoomSet {
        var rooms = RoomSet(await self.localRooms())
        for case .rooms(let others) in await self.cluster.ask(.allRooms, in: self) { rooms.formUnion(RoomSet(others)) }
        return rooms
    }

    /// Puts every socket out of the namespace, or with `close` ends their connections.
    public func disconnectSockets(close: Bool = false) {
        self.everybody.disconnectSockets(close: close)
    }

    /// The number of sockets in the namespace, on this server.
    public var socketCount: Int { self.state.withLockedValue { $0.socketCount } }

    // MARK: Between servers

    /// Handles an event of another server's ``serverSideEmit(_:_:)``; what it returns is the answer.
    public func onServerSide(_ event: String, _ handler: @escaping @Sendable ([JSON]) async -> JSON?) {
        self.state.withLockedValue { $0.serverSideHandlers[WireName(event)] = handler }
    }

    /// Sends an event to the other servers of the cluster, not to clients; with one server to nobody.
    public func serverSideEmit(_ event: String, _ args: JSON...) {
        self.cluster.publish(.serverSideEmit(event: [.string(event)] + args), in: self)
    }

    /// The same, and waits for the others' answers.
    ///
    /// - Returns: one answer for each server that gave one within ``SocketIOConfiguration/clusterTimeout``.
    public func serverSideEmitWithAck(_ event: String, _ args: JSON...) async -> [JSON] {
        await self.serverSideEmitWithAck(event, args, timeout: nil)
    }

    /// The same with a time limit of its own; nil for ``SocketIOConfiguration/clusterTimeout``.
    public func serverSideEmitWithAck(_ event: String, _ args: [JSON], timeout: Duration?) async -> [JSON] {
        let request = ClusterRequest.serverSideEmit(event: [.string(event)] + args)
        let responses = await self.cluster.ask(request, in: self, timeout: timeout)
        return responses.compactMap { if case .serverSide(let answer) = $0 { answer } else { nil } }
    }

    /// How many servers take part in this namespace, this one included; 1 without a cluster, or when it cannot be known.
    public func serverCount() async -> Int { await self.cluster.serverCount(self) }

    /// Whether there may be other servers.
    public var isClustered: Bool { self.cluster.isClustered }

    func handleServerSide(_ event: String, _ args: [JSON]) async -> JSON? {
        await self.state.withLockedValue { $0.serverSideHandlers[WireName(event)] }?(args)
    }

    // MARK: What connections need

    var middleware: [Middleware] { self.state.withLockedValue { $0.middleware } }

    /// An event for this namespace, with an offset where state can be recovered.
    func packet(_ event: String, _ args: [JSON]) -> EncodedPacket {
        guard let recovery = self.recovery else {
            return EncodedPacket(namespace: self.name, event: event, args: args)
        }
        let offset = recovery.makeOffset()
        let messages = PacketEncoder.event(namespace: self.name, name: event, arguments: args + [.string(offset)])
        return EncodedPacket(namespace: self.name, messages: messages, offset: offset, budget: recovery.budget)
    }

    /// The packet with an offset of this sending, where state can be recovered.
    func stamped(_ packet: EncodedPacket) -> EncodedPacket {
        guard let recovery = self.recovery else { return packet }
        return packet.stamped(with: recovery.makeOffset(), budget: recovery.budget)
    }

    func socketConnected(_ socket: Socket) {
        let (handlers, rates) = self.state.withLockedValue { state in
            state.socketCount += 1
            return (state.connectionHandlers, state.rates)
        }
        for (event, rate) in rates { socket.limit(event.text, to: rate) }
        // The handlers behind one that turns the socket away have missed it.
        for handler in handlers where socket.isConnected { handler(socket) }
    }

    func socketDisconnected() {
        self.state.withLockedValue { $0.socketCount -= 1 }
    }
}
