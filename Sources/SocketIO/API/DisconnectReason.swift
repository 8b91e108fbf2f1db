public import SocketIOProtocol

/// Why a socket was disconnected, in the words of the reference implementation where it has them.
public struct DisconnectReason: Sendable, Hashable, CustomStringConvertible {
    /// The words.
    public let description: String

    /// A reason in other words.
    public init(_ description: String) {
        self.description = description
    }

    /// The transport closed: the client left without a word.
    public static let transportClose = DisconnectReason("transport close")
    /// The transport failed.
    public static let transportError = DisconnectReason("transport error")
    /// No pong came in time.
    public static let pingTimeout = DisconnectReason("ping timeout")
    /// The client left the namespace.
    public static let clientNamespaceDisconnect = DisconnectReason("client namespace disconnect")
    /// The server disconnected the socket from its namespace.
    public static let serverNamespaceDisconnect = DisconnectReason("server namespace disconnect")
    /// The server closed the whole connection.
    public static let forcedServerClose = DisconnectReason("forced server close")
    /// The server shuts down.
    public static let serverShuttingDown = DisconnectReason("server shutting down")
    /// The client broke the protocol.
    public static let parseError = DisconnectReason("parse error")
    /// The client sent far more than its rate allows.
    public static let rateLimited = DisconnectReason("rate limited")
    /// The client did not take what was sent to it.
    public static let slowConsumer = DisconnectReason("slow consumer")
    /// The client connected to no namespace in time.
    public static let connectTimeout = DisconnectReason("connect timeout")

    /// Whether the client was lost rather than sent away or leaving, so that it may recover its state.
    ///
    /// The original's list: transport error and close, ping time-out, and the end of the server or of the whole
    /// connection by the server.
    public var isRecoverable: Bool {
        switch self {
        case .transportClose, .transportError, .pingTimeout, .serverShuttingDown, .forcedServerClose: true
        default: false
        }
    }
}

/// Refuses a connection to a namespace: thrown by a middleware, sent to the client as CONNECT_ERROR.
public struct ConnectError: Error, Sendable, Hashable {
    /// What the client's `connect_error` event shows.
    public var message: String
    /// What it finds under `data`.
    public var data: JSON?

    /// Makes a refusal.
    public init(message: String, data: JSON? = nil) {
        self.message = message
        self.data = data
    }
}

/// Why an acknowledgement that the server asked for did not come.
public enum AckError: Error, Sendable, Hashable {
    /// It did not come in time.
    case timeout
    /// The socket was disconnected first.
    case disconnected
}
