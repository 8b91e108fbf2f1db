public import SocketIOProtocol

/// A sustained rate with a burst: a token bucket that holds `burst` tokens and regains `perSecond` of them a second.
public struct RateLimit: Sendable, Hashable {
    /// What is allowed on the long run.
    public var perSecond: Double
    /// What may come at once after a quiet time.
    public var burst: Double

    /// A rate with a burst.
    ///
    /// A bucket that never fills, or holds less than one, would refuse everything: the values are raised to a thousandth
    /// and to one.
    public init(perSecond: Double, burst: Double) {
        self.perSecond = max(0.001, perSecond)
        self.burst = max(1, burst)
    }
}

/// How a ``SocketIOServer`` behaves: protocol timings, who may connect, and every bound.
///
/// The timings are those of the reference implementation, which stock clients expect; the bounds are this project's.
public struct SocketIOConfiguration: Sendable {
    /// The path the gate takes; a trailing slash is optional in requests.
    ///
    /// Default `/socket.io/`.
    public var path = "/socket.io/"

    /// Time between two pings of the server.
    ///
    /// Default 25 s.
    public var pingInterval: Duration = .seconds(25)
    /// How long after a ping the pong may take.
    ///
    /// Default 20 s.
    public var pingTimeout: Duration = .seconds(20)
    /// How long an upgrade from polling to WebSocket may take.
    ///
    /// Default 10 s.
    public var upgradeTimeout: Duration = .seconds(10)
    /// How long a connection may exist without a socket in any namespace.
    ///
    /// Default 45 s.
    public var connectTimeout: Duration = .seconds(45)

    /// How long the attachments of a packet may take to arrive; then the connection is closed.
    ///
    /// Default 30 s.
    public var attachmentTimeout: Duration = .seconds(30)

    /// The largest POST body and the largest WebSocket message, in bytes.
    ///
    /// Default 1 MiB.
    public var maxPayload = 1 << 20
    /// The most binary attachments of one packet.
    ///
    /// Default 10, as the reference since CVE-2026-33151.
    public var maxAttachments = 10
    /// The most packets of one POST's body; more end the session.
    ///
    /// A body of nothing but separators would otherwise become a list many times its size. Default 16,384; less than 1
    /// counts as 1.
    public var maxPacketsPerPayload = 16_384
    /// How deep arrays and objects of one packet may nest; deeper ones close the connection.
    ///
    /// Default 64. Less than 1 counts as 1, more than 256 as 256: the parser recurses, and that is what a thread's stack
    /// bears.
    public var maxJSONDepth = 64
    /// The most values in the JSON of one packet, arrays and objects themselves counted; more close the connection.
    ///
    /// A byte of JSON makes up to twenty bytes of values, which this bounds where ``maxPayload`` cannot. Default 262,144;
    /// less than 1 counts as 1.
    public var maxJSONValues = 262_144
    /// The most frames of one WebSocket message.
    ///
    /// Each costs an allocation however small it is. Default 4,096.
    public var maxFragments = 4096
    /// Whether and how WebSocket messages are compressed (RFC 7692).
    ///
    /// nil (the default): they are not, as in Socket.IO since its version 3.
    public var perMessageDeflate: PerMessageDeflate?
    /// The transports on offer.
    ///
    /// Default both; with only `webSocket` there is no polling to upgrade from.
    public var transports: Set<EngineTransport> = [.polling, .webSocket]

    /// Whether and how clients that lost their connection recover their state.
    ///
    /// nil (the default): they begin anew.
    public var connectionStateRecovery: ConnectionStateRecovery?

    /// Which browser origins may connect, over HTTP and WebSocket alike.
    ///
    /// nil (the default): only pages of the server's own host, and clients that send no `Origin`, which are not
    /// browsers. A list: those besides, each `scheme://host[:port]`, where the host may start with `*.` for any
    /// sub-domain. `["*"]`: anybody.
    public var allowedOrigins: [String]?
    /// Whether browsers may send cookies along (`Access-Control-Allow-Credentials`).
    ///
    /// Ignored when `allowedOrigins` is `["*"]`: everybody's page with the user's cookies is never what was meant.
    public var allowsCredentials = false

    /// The most bytes that wait for one connection before it counts as a slow consumer.
    ///
    /// Default 4 MiB.
    ///
    /// What waits for polling counts with its bytes and about a hundred more a packet, which is what keeping it takes. The
    /// largest piece that waits does not count.
    ///
    /// Past it, packets marked droppable are dropped and ``Socket/onOverflow(_:)`` is told; a connection that has no such
    /// handler, or that is past the bound even so, is closed with ``DisconnectReason/slowConsumer``.
    public var maxBufferedBytes = 4 << 20
    /// The most bytes a connection may send before it is in a namespace; more end the connection.
    ///
    /// Default 64 KiB. A token has 8 KiB at most, and who is not let in yet has nothing else to say.
    public var maxBytesBeforeConnect = 65_536
    /// The most packets behind its first that a connection may send before it is in a namespace, and that wait while a
    /// namespace's middleware runs; more end the connection.
    ///
    /// Default 64.
    public var maxPacketsBeforeConnect = 64
    /// The most events of one socket that wait while one of its `async` handlers runs; more are refused with
    /// ``EventError/busy``.
    ///
    /// Default 256.
    public var maxQueuedEvents = 256
    /// The most namespaces of one connection.
    ///
    /// Default 16.
    public var maxNamespacesPerConnection = 16

    /// Messages a connection may send.
    ///
    /// Default 50 a second with bursts of 500; nil is no limit.
    ///
    /// Events past it are refused with the ack `{ok: false, error: {code: "RATE_LIMITED", …}}`; a connection that goes on
    /// until it owes another whole burst is closed with ``DisconnectReason/rateLimited``.
    public var messageRate: RateLimit? = RateLimit(perSecond: 50, burst: 500)
    /// Bytes a connection may send, as `messageRate`.
    ///
    /// Default 1 MiB a second with bursts of 10 MiB; nil is no limit.
    public var byteRate: RateLimit? = RateLimit(perSecond: 1_048_576, burst: 10_485_760)
    /// New connections of one address.
    ///
    /// Default 20 a second, 40 at once; more get HTTP 429 with the code `RATE_LIMITED`. nil is no limit: load
    /// generators and tests come from one address.
    public var connectionRatePerAddress: RateLimit? = RateLimit(perSecond: 20, burst: 40)
    /// The most connections of one address at a time; more get HTTP 429 with the code `TOO_MANY_CONNECTIONS`.
    ///
    /// IPv6 addresses count by their first 64 bits, here and for the rate. nil (the default) is no limit.
    public var maxConnectionsPerAddress: Int?
    /// A header whose last element a trusted proxy wrote, for the address of clients behind it.
    ///
    /// `X-Forwarded-For`, for example. nil (the default): the peer's own address. Never set it without such a proxy:
    /// anybody can send the header.
    public var forwardedAddressHeader: String?
    /// The most connections of the whole server; more get HTTP 503.
    ///
    /// nil (the default) is no limit.
    public var maxConnections: Int?

    /// How long the other servers of a cluster may take to answer.
    ///
    /// Default 5 s.
    public var clusterTimeout: Duration = .seconds(5)

    /// How long the body of one request may take to arrive.
    ///
    /// Default 30 s.
    public var requestTimeout: Duration = .seconds(30)
    /// How long an HTTP connection may stay without a whole request, which bounds half-sent heads too.
    ///
    /// Default 75 s; nil is no limit.
    public var idleTimeout: Duration? = .seconds(75)
    /// How long a peer may take to answer a WebSocket close frame or to take its last bytes.
    ///
    /// Default 5 s.
    public var closeTimeout: Duration = .seconds(5)

    /// The configuration as described.
    public init() {}
}
