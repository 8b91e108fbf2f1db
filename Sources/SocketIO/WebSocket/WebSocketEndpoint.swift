import NIOConcurrencyHelpers
public import NIOCore

/// A path that speaks plain WebSocket (RFC 6455): no Engine.IO, no subprotocol, no pings of its own.
///
/// ```swift
/// let echo = WebSocketEndpoint(path: "/echo") { connection in
///     connection.onMessage { message in connection.send(message) }
/// }
/// let listener = try await SocketIOListener.listen(host: "127.0.0.1", port: 3000, on: group, for: [server, echo])
/// ```
public final class WebSocketEndpoint: HTTPGateway, Sendable {
    /// The bounds of an endpoint and who may connect.
    public struct Configuration: Sendable {
        /// The largest message in bytes, after inflating.
        ///
        /// Default 1 MiB.
        public var maxMessageBytes = 1 << 20
        /// The most frames of one message.
        ///
        /// Default 4,096.
        public var maxFragments = 4096
        /// The most bytes that wait for a client that does not read; past it the connection is cut.
        ///
        /// Default 4 MiB.
        public var maxBufferedBytes = 4 << 20
        /// How long a peer may take to answer a close frame.
        ///
        /// Default 5 s.
        public var closeTimeout: Duration = .seconds(5)
        /// How long an HTTP connection may stay without a whole request, which bounds half-sent heads too.
        ///
        /// Default 75 s; nil is no limit. Beside a ``SocketIOServer`` that server's setting counts.
        public var idleTimeout: Duration? = .seconds(75)
        /// The most connections of the endpoint; more get HTTP 503.
        ///
        /// nil (the default) is no limit.
        public var maxConnections: Int?
        /// The most connections of one address at a time; more get HTTP 429.
        ///
        /// IPv6 addresses count by their first 64 bits. nil (the default) is no limit.
        public var maxConnectionsPerAddress: Int?
        /// New connections of one address; more get HTTP 429.
        ///
        /// Default 20 a second, 40 at once, as for ``SocketIOConfiguration/connectionRatePerAddress``. nil is no limit: load
        /// generators and tests come from one address.
        public var connectionRatePerAddress: RateLimit? = RateLimit(perSecond: 20, burst: 40)
        /// A header whose last element a trusted proxy wrote; see ``SocketIOConfiguration/forwardedAddressHeader``.
        public var forwardedAddressHeader: String?
        /// Which browser origins may connect; see ``SocketIOConfiguration/allowedOrigins``.
        public var allowedOrigins: [String]?
        /// Whether and how messages are compressed; nil (the default): they are not.
        public var perMessageDeflate: PerMessageDeflate?

        /// The configuration as described.
        public init() {}
    }

    let path: String
    let configuration: Configuration
    let origins: OriginPolicy
    let onConnection: @Sendable (WebSocketConnection) -> Void
    private let census: NIOLockedValueBox<EndpointCensus>

    /// Makes an endpoint.
    ///
    /// - Parameters:
    ///   - path: the path of its requests; a trailing slash is optional in them.
    ///   - configuration: its bounds.
    ///   - onConnection: is told of each connection, on its event loop, before any message.
    public init(
        path: String,
        configuration: Configuration = Configuration(),
        onConnection: @escaping @Sendable (WebSocketConnection) -> Void
    ) {
        self.path = path.hasSuffix("/") ? path : path + "/"
        self.configuration = configuration
        self.origins = OriginPolicy(allowedOrigins: configuration.allowedOrigins, allowsCredentials: false)
        self.onConnection = onConnection
        self.census = NIOLockedValueBox(
            EndpointCensus(
                maxConnections: configuration.maxConnections,
                maxConnectionsPerAddress: configuration.maxConnectionsPerAddress,
                rate: configuration.connectionRatePerAddress
            )
        )
    }

    /// The connections there are, those in their closing handshake included.
    public var connectionCount: Int { self.census.withLockedValue { $0.count } }

    /// Counts a connection until its channel is closed.
    func enter(_ channel: any Channel, from address: String) throws(EndpointCensus.Refusal) {
        let key = AddressKey(address)
        let result = self.census.withLockedValue { census in
            Result { () throws(EndpointCensus.Refusal) in try census.enter(key) }
        }
        try result.get()
        channel.closeFuture.whenComplete { _ in self.census.withLockedValue { $0.leave(key) } }
    }

    /// A handler for one HTTP/1 connection, to be added behind NIO's HTTP/1 handlers.
    public func makeGate(isSecure: Bool) -> any ChannelHandler & RemovableChannelHandler {
        EndpointGate(endpoint: self)
    }
}
