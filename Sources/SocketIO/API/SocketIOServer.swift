public import Logging
import NIOConcurrencyHelpers
public import NIOCore
import SocketIOProtocol
import Synchronization

/// A Socket.IO server (protocol 5 over Engine.IO 4): long polling and WebSocket, namespaces, rooms, acknowledgements.
///
/// It has no listener of its own. Put ``makeGate(isSecure:)`` into each HTTP/1 connection's pipeline, of Hummingbird or of
/// plain NIO, or let ``serve(host:port:)`` do that.
///
/// ```swift
/// let server = SocketIOServer(configuration: .init(), eventLoopGroup: group, logger: logger)
/// server.of("/").onConnection { socket in
///     socket.on("hello") { args, ack in ack("world") }
/// }
/// let listener = try await server.serve(host: "127.0.0.1", port: 3000)
/// ```
///
/// A connection stays on the event loop it was opened on, with all its sockets. Nothing blocks, and every queue has a
/// bound: see ``SocketIOConfiguration``.
public final class SocketIOServer: HTTPGateway, Sendable {
    private struct State {
        var namespaces: [WireName: Namespace] = [:]
        var dynamicNamespaces: [DynamicNamespace] = []
        /// How many sockets, let in or not yet, keep a dynamic namespace alive.
        var occupants: [WireName: Int] = [:]
        var connections: [WireName: EngineConnection] = [:]
        var limiter: AddressLimiter
        /// Connections by address, where that is bounded.
        var countByAddress: [AddressKey: Int] = [:]
        var isShuttingDown = false
    }

    let configuration: SocketIOConfiguration
    let logger: Logger
    let eventLoopGroup: any EventLoopGroup
    let loops = LoopTable()
    let cluster: ClusterLink
    let origins: OriginPolicy
    let engineConfiguration: EngineServerConfiguration
    let socketConfiguration: SocketServerSession.Configuration
    /// What takes the messages of connections in place of Socket.IO.
    let engineApplication: EngineApplication?

    private let state: NIOLockedValueBox<State>
    private let transportIDs = Atomic<UInt64>(0)

    /// Makes a server without namespaces.
    ///
    /// - Parameters:
    ///   - configuration: timings, bounds and who may connect.
    ///   - eventLoopGroup: where ``serve(host:port:)`` listens; connections live on the loops their channels come from.
    ///   - logger: gets connections' ends at `debug`.
    ///   - adapter: joins this server with others; nil for one server on its own.
    public convenience init(
        configuration: SocketIOConfiguration,
        eventLoopGroup: any EventLoopGroup,
        logger: Logger,
        adapter: (any ClusterAdapter)? = nil
    ) {
        self.init(
            configuration: configuration,
            eventLoopGroup: eventLoopGroup,
            logger: logger,
            adapter: adapter ?? LocalAdapter(),
            engineApplication: nil
        )
    }

    /// As ``EngineServer`` has it: connections without Socket.IO when there is an `engineApplication`.
    init(
        configuration: SocketIOConfiguration,
        eventLoopGroup: any EventLoopGroup,
        logger: Logger,
        adapter: any ClusterAdapter,
        engineApplication: EngineApplication?
    ) {
        self.cluster = ClusterLink(adapter: adapter, timeout: configuration.clusterTimeout)
        self.engineApplication = engineApplication
        var configuration = configuration
        if !configuration.path.hasSuffix("/") { configuration.path += "/" }
        self.configuration = configuration
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
        self.origins = OriginPolicy(
            allowedOrigins: configuration.allowedOrigins,
            allowsCredentials: configuration.allowsCredentials
        )
        self.engineConfiguration = EngineServerConfiguration(
            pingInterval: configuration.pingInterval,
            pingTimeout: configuration.pingTimeout,
            upgradeTimeout: configuration.upgradeTimeout,
            closeTimeout: configuration.closeTimeout,
            maxPayload: configuration.maxPayload,
            maxPacketsPerPayload: max(1, configuration.maxPacketsPerPayload),
            // Our own queue has the bound that counts; the engine's holds what one GET was too small for.
            maxBufferedBytes: 2 * configuration.maxBufferedBytes,
            allowsUpgrades: configuration.transports.contains(.webSocket)
        )
        self.socketConfiguration = SocketServerSession.Configuration(
            connectTimeout: configuration.connectTimeout,
            attachmentTimeout: configuration.attachmentTimeout,
            maxNamespaces: configuration.maxNamespacesPerConnection,
            decoding: PacketDecoder.Limits(
                maxAttachments: configuration.maxAttachments,
                maxPacketBytes: (configuration.maxAttachments + 1) * configuration.maxPayload,
                json: JSON.Limits(
                    // The parser itself keeps to 256 at most.
                    maxDepth: max(1, configuration.maxJSONDepth),
                    maxValues: max(1, configuration.maxJSONValues)
                )
            )
        )
        self.state = NIOLockedValueBox(State(limiter: AddressLimiter(configuration.connectionRatePerAddress)))
        self.cluster.attach { [weak self] name in self?.existingNamespace(name) }
    }

    /// The namespace of this name, which from now on exists.
    ///
    /// A leading slash is added when it is missing.
    public func of(_ namespace: String) -> Namespace {
        let name = namespace.hasPrefix("/") ? namespace : "/" + namespace
        return self.state.withLockedValue { state in
            if let existing = state.namespaces[WireName(name)] { return existing }
            let new = self.makeNamespace(name)
            state.namespaces[WireName(name)] = new
            // With the lock: so that one made again after its end is opened after it was closed.
            self.cluster.open(name)
            return new
        }
    }

    private func makeNamespace(_ name: String, parent: DynamicNamespace? = nil) -> Namespace {
        let configuration = self.configuration
        let recovery = configuration.connectionStateRecovery.flatMap { limits -> RecoveryTable? in
            guard limits.namespaces.map({ RoomSet($0).contains(name) }) ?? true else { return nil }
            return RecoveryTable(
                limits: limits,
                window: TimeAmount(configuration.pingInterval + configuration.pingTimeout)
            )
        }
        return Namespace(name: name, loops: self.loops, cluster: self.cluster, recovery: recovery, parent: parent)
    }

    func add(_ dynamic: DynamicNamespace) {
        self.state.withLockedValue { $0.dynamicNamespaces.append(dynamic) }
    }

    /// A handler for one HTTP/1 connection that takes the requests for the Socket.IO path.
    ///
    /// Add it behind NIO's HTTP/1 handlers and before whatever answers other requests; behind a framework's own codec
    /// will do too, as Hummingbird's `additionalChannelHandlers` does, for the handler moves to its right place itself. Leave
    /// the framework's idle timeout off: it cannot see the requests this handler takes. ``SocketIOConfiguration/idleTimeout``
    /// covers the whole connection.
    ///
    /// - Parameter isSecure: whether the connection is under TLS, for ``Handshake/isSecure``.
    /// - Returns: a new handler; each pipeline needs one of its own.
    public func makeGate(isSecure: Bool = false) -> any ChannelHandler & RemovableChannelHandler {
        GateInstaller(server: self, isSecure: isSecure)
    }

    /// Closes every connection and refuses new ones.
    ///
    /// Clients come back by themselves, to whoever is there then.
    ///
    /// What is queued still goes out, as far as the clients take it within ``SocketIOConfiguration/closeTimeout``.
    public func shutdown() async {
        self.state.withLockedValue { $0.isShuttingDown = true }
        self.cluster.detach()
        let timeout = TimeAmount(self.configuration.closeTimeout)
        let done = self.loops.all.map { loop in
            loop.eventLoop.flatSubmit { loop.shutDown(timeout: timeout) }
        }
        for future in done {
            // It cannot fail: each loop ends what does not end by itself.
            try? await future.get()
        }
    }

    /// The number of connections, those that are about to close included.
    public var connectionCount: Int { self.state.withLockedValue { $0.connections.count } }
}

// MARK: - What gates and connections need

extension SocketIOServer {
    var isShuttingDown: Bool { self.state.withLockedValue { $0.isShuttingDown } }

    func makeTransportID() -> TransportID {
        TransportID(self.transportIDs.add(1, ordering: .relaxed).newValue)
    }

    var existingNamespaces: [Namespace] { self.state.withLockedValue { Array($0.namespaces.values) } }

    func existingNamespace(_ name: String) -> Namespace? {
        self.state.withLockedValue { $0.namespaces[WireName(name)] }
    }

    /// The namespace a client asks for, made if it is a dynamic one; pair with ``leave(_:)``.
    func enter(_ name: String, auth: JSONObject) -> Namespace? {
        let (known, dynamics) = self.state.withLockedValue { state in
            let known = state.namespaces[WireName(name)]
            if known?.parent != nil { state.occupants[WireName(name), default: 0] += 1 }
            return (known, state.dynamicNamespaces)
        }
        if let known { return known }
        // The application's code runs without our lock.
        guard name.hasPrefix("/"), let parent = dynamics.first(where: { $0.isMatch(name, auth: auth) }) else {
            return nil
        }
        return self.state.withLockedValue { state in
            let namespace: Namespace
            if let existing = state.namespaces[WireName(name)] {
                namespace = existing
            } else {
                namespace = self.makeNamespace(name, parent: parent)
                parent.adopt(namespace)
                state.namespaces[WireName(name)] = namespace
                self.cluster.open(name)
            }
            if namespace.parent != nil { state.occupants[WireName(name), default: 0] += 1 }
            return namespace
        }
    }

    /// A client is done with a namespace; the last one of a dynamic namespace takes it along.
    func leave(_ namespace: Namespace) {
        guard let parent = namespace.parent else { return }
        let name = WireName(namespace.name)
        let isLast = self.state.withLockedValue { state in
            let count = state.occupants[name, default: 1] - 1
            state.occupants[name] = count > 0 ? count : nil
            if count <= 0 {
                state.namespaces[name] = nil
                self.cluster.close(namespace.name)
            }
            return count <= 0
        }
        guard isLast else { return }
        parent.abandon(namespace)
        for loop in self.loops.all {
            // Holds the namespace until then, so that no other can have its address.
            loop.eventLoop.execute { loop.removeShard(of: namespace) }
        }
    }

    func connection(_ id: String) -> EngineConnection? {
        self.state.withLockedValue { $0.connections[WireName(id)] }
    }

    func register(_ connection: EngineConnection) {
        let key = self.addressKey(of: connection)
        self.state.withLockedValue { state in
            state.connections[WireName(connection.id)] = connection
            if let key { state.countByAddress[key, default: 0] += 1 }
        }
    }

    func unregister(_ connection: EngineConnection) {
        let key = self.addressKey(of: connection)
        self.state.withLockedValue { state in
            guard state.connections.removeValue(forKey: WireName(connection.id)) != nil, let key else { return }
            let count = state.countByAddress[key, default: 1] - 1
            state.countByAddress[key] = count > 0 ? count : nil
        }
    }

    /// What the connection is counted under; nil where addresses are not counted.
    private func addressKey(of connection: EngineConnection) -> AddressKey? {
        self.configuration.maxConnectionsPerAddress == nil ? nil : AddressKey(connection.info.address)
    }

    /// An answer to a client that may not open a connection now.
    struct Refusal {
        let response: EngineResponse
        let headers: [(String, String)]

        init(status: Int, code: String, message: String) {
            let body: JSON = ["code": .string(code), "message": .string(message), "retryable": true]
            self.response = EngineResponse(status: status, contentType: .json, body: body.serialize())
            self.headers = [("retry-after", "1")]
        }
    }

    /// Why this address may not open a connection now; nil when it may.
    func refusal(of address: String) -> Refusal? {
        let maxConnections = self.configuration.maxConnections ?? .max
        return self.state.withLockedValue { state in
            if state.isShuttingDown {
                return Refusal(status: 503, code: "SHUTTING_DOWN", message: "The server is shutting down")
            }
            if state.connections.count >= maxConnections {
                return Refusal(status: 503, code: "TOO_MANY_CONNECTIONS", message: "The server is full")
            }
            // Two loops that ask at the same moment may both pass: the bound is kept to the number of loops.
            if let limit = self.configuration.maxConnectionsPerAddress,
                state.countByAddress[AddressKey(address), default: 0] >= limit
            {
                let message = "Too many connections from this address"
                return Refusal(status: 429, code: "TOO_MANY_CONNECTIONS", message: message)
            }
            if !state.limiter.admits(address, now: .now()) {
                return Refusal(status: 429, code: "RATE_LIMITED", message: "Too many new connections from this address")
            }
            return nil
        }
    }
}
