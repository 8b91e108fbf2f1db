internal import NIOCore

/// How sockets are opened.
struct TransportOptions: Sendable {
    var connectTimeout: TimeAmount
    /// The largest message taken from the server.
    var maxFrameSize: Int
    /// Adds what encrypts the channel; nil when the client has no TLS.
    var secure: (@Sendable (any Channel, _ host: String) throws -> Void)?

    static func noTLS(_ address: ServerAddress) -> QuireError {
        QuireError(
            code: .invalidURL,
            message: "TLS is asked for by the URL: set `secureTransport` in the configuration (NIOSSLClientHandler)"
        )
    }
}
