public import NIOHTTP1
public import SocketIOProtocol

/// What a client said when it connected: the first HTTP request of its connection and the CONNECT of its namespace.
public struct Handshake: Sendable {
    /// The payload of CONNECT; an empty object when there was none.
    public var auth: JSON
    /// The headers of the first request.
    public var headers: HTTPHeaders
    /// The query of the first request; of a repeated name the last value.
    public var query: [String: String]
    /// The peer's IP address, or what the trusted proxy said it is.
    public var address: String
    /// Whether the first request came over TLS, as far as the gate was told.
    public var isSecure: Bool
    /// The transport of the first request.
    public var transport: EngineTransport
    /// Names the connection in logs and nowhere else; no secret, unlike the session's id.
    public var connection: String
}

extension Handshake {
    init(_ info: ConnectionInfo, auth: JSONObject) {
        self.init(
            auth: .object(auth),
            headers: info.headers,
            query: info.query,
            address: info.address,
            isSecure: info.isSecure,
            transport: info.transport,
            connection: String(info.number, radix: 36)
        )
    }
}
