/// The query of an Engine.IO request, and the rules by which it is let in.
public struct EngineRequest: Hashable, Sendable {
    /// One query parameter, decoded.
    public struct Parameter: Hashable, Sendable {
        /// The name.
        public let name: String
        /// The value; empty when there was no `=`.
        public let value: String
    }

    /// Whether the method is GET. (`OPTIONS` is for the gateway's CORS rules; all else but GET and POST is refused.)
    public let method: Method
    /// All parameters in order, decoded; at most 64.
    public let parameters: [Parameter]

    /// The methods that matter to the protocol.
    public enum Method: Hashable, Sendable {
        /// GET.
        case get
        /// POST.
        case post
        /// Anything else.
        case other
    }

    /// What a request is for, once it passed.
    public enum Purpose: Hashable, Sendable {
        /// Open a session on this transport.
        case handshake(EngineTransport)
        /// Give it to the session with this id, which exists: as a GET or POST, or as a second WebSocket.
        case session(String, EngineTransport)
    }

    /// Reads the part of a request target behind the `?`, still percent-encoded.
    public init(method: Method, query: some Collection<UInt8>) {
        fatalError("phase 1")
    }

    /// The first parameter of this name.
    public subscript(name: String) -> String? {
        self.parameters.first { $0.name == name }?.value
    }

    /// The `sid`, if there is one.
    public var sessionID: String? { self["sid"] }

    /// Decides what a request is for, in the reference implementation's order of checks.
    ///
    /// - Parameters:
    ///   - isWebSocketUpgrade: Whether the request asks for an upgrade to `websocket`.
    ///   - transports: What the server offers.
    ///   - session: The transport that the session with the request's `sid` uses now; nil when there is none.
    /// - Throws: The code to answer with. For a WebSocket upgrade the reference answers 400 with the message as text.
    public func check(
        isWebSocketUpgrade: Bool,
        transports: Set<EngineTransport>,
        session: EngineTransport?
    ) throws(EngineErrorCode) -> Purpose {
        fatalError("phase 1")
    }
}
