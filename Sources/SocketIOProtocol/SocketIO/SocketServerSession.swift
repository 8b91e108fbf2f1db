/// The server's half of Socket.IO v5 on one Engine.IO session: which namespaces the client is in, acks both ways.
///
/// The gateway makes one beside each ``EngineServerSession``, gives it every `deliver`ed message and performs the one
/// action that comes back. Messages that the methods return go to the client (``EngineServerSession/send(_:now:)``, or
/// framed to ``EngineServerSession/directWebSocket``). Plain events to a connected namespace need not pass through it:
/// `PacketEncoder.event` will do.
///
/// ```
/// namespace:  absent ── CONNECT ──▶ pending ── accept ──▶ connected ── DISCONNECT ──▶ absent
///                                     └── refuse ──▶ absent      └── disconnect() ──▶ left (late packets ignored)
/// ```
public struct SocketServerSession: ~Copyable {
    /// The times and bounds of one connection.
    public struct Configuration: Hashable, Sendable {
        /// How long a client may take to its first accepted CONNECT.
        public var connectTimeout: Duration
        /// How long the attachments of a packet may take.
        public var attachmentTimeout: Duration
        /// Namespaces a connection can be in at once; one more is refused with CONNECT_ERROR.
        public var maxNamespaces: Int
        /// Bounds on packets.
        public var decoding: PacketDecoder.Limits

        /// Makes a configuration; 45 s is the reference implementation's `connectTimeout`.
        public init(
            connectTimeout: Duration = .seconds(45),
            attachmentTimeout: Duration = .seconds(30),
            maxNamespaces: Int = 16,
            decoding: PacketDecoder.Limits = .init()
        ) {
            self.connectTimeout = connectTimeout
            self.attachmentTimeout = attachmentTimeout
            self.maxNamespaces = maxNamespaces
            self.decoding = decoding
        }
    }

    let configuration: Configuration
    var decoder: PacketDecoder

    /// Begins with no namespace; the time to CONNECT runs.
    public init(configuration: Configuration, now: Instant) {
        fatalError("phase 1")
    }
}

/// What a message from the client asks the gateway to do.
public enum SocketServerAction: Hashable, Sendable {
    /// Nothing (yet).
    case none
    /// The client wants into a namespace. Run the middleware, then call `accept` or `refuse`, now or later. For a
    /// namespace that does not exist: `refuse(namespace, message: "Invalid namespace")`. `auth` is `{}` when none was sent.
    case connect(namespace: String, auth: JSONObject)
    /// An event; with an `ackID` the answer goes out through `acknowledge`.
    case event(namespace: String, name: String, arguments: [JSON], ackID: UInt64?)
    /// The answer to an event that was sent with an id of `registerAck`.
    case ack(namespace: String, id: UInt64, arguments: [JSON])
    /// The client left a namespace; the connection stays open. Also when it gives up a `connect` that is not decided.
    case disconnect(namespace: String)
    /// Send these and carry on.
    case send([EngineMessage])
    /// Close the Engine.IO session.
    case close(SocketCloseReason)
}

/// Why Socket.IO closes a whole connection.
public enum SocketCloseReason: Error, Hashable, Sendable {
    /// A message that is no packet.
    case malformedPacket(PacketError)
    /// A packet for a namespace that the client is not in; so also when the first packet is no CONNECT.
    case notConnected
    /// A second CONNECT to a namespace that the client is in or about to enter.
    case alreadyConnected
    /// A packet that only the other side sends: a client's CONNECT_ERROR, a server's CONNECT before it was asked.
    case unexpectedPacket
    /// No accepted CONNECT within `connectTimeout`.
    case connectTimeout
    /// Attachments did not come within `attachmentTimeout`.
    case attachmentTimeout
}

extension SocketServerSession {
    /// When ``timerFired(now:)`` is due; nil when nothing is awaited.
    public var nextDeadline: Instant? { fatalError("phase 1") }

    /// The namespaces the client is in, in the order it entered them.
    public var namespaces: [String] { fatalError("phase 1") }

    /// Whether the client is in this namespace.
    public func isConnected(to namespace: String) -> Bool { fatalError("phase 1") }

    /// Takes a message from the client.
    public mutating func receive(_ message: EngineMessage, now: Instant) -> SocketServerAction {
        fatalError("phase 1")
    }

    /// Lets the client in. Send the returned messages before anything else to that namespace.
    ///
    /// - Parameters:
    ///   - socketID: The id of the new socket, another than the Engine.IO session's.
    ///   - recoveryID: The `pid` of connection-state recovery, when the server offers it.
    /// - Returns: The CONNECT reply; empty when the client has given up meanwhile (then there is no socket).
    public mutating func accept(
        namespace: String,
        socketID: String,
        recoveryID: String? = nil
    ) -> [EngineMessage] {
        fatalError("phase 1")
    }

    /// Keeps the client out of a namespace: CONNECT_ERROR with a message and, when given, data.
    public mutating func refuse(namespace: String, message: String, data: JSON? = nil) -> [EngineMessage] {
        fatalError("phase 1")
    }

    /// Puts the client out of a namespace; packets that were under way are ignored. Empty when it was not in it.
    public mutating func disconnect(namespace: String) -> [EngineMessage] {
        fatalError("phase 1")
    }

    /// An id for an event that wants an answer; nil when the client is not in the namespace.
    public mutating func registerAck(namespace: String) -> UInt64? {
        fatalError("phase 1")
    }

    /// Stops waiting for an answer; a late one is ignored.
    public mutating func cancelAck(namespace: String, id: UInt64) {
        fatalError("phase 1")
    }

    /// The answer to an event of the client; empty when it has left the namespace.
    public func acknowledge(namespace: String, id: UInt64, arguments: [JSON]) -> [EngineMessage] {
        fatalError("phase 1")
    }

    /// Time has passed.
    public mutating func timerFired(now: Instant) -> SocketServerAction {
        fatalError("phase 1")
    }
}
