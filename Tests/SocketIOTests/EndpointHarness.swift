import NIOCore
import NIOPosix
import Testing

@testable import SocketIO

/// The port of an echoing endpoint at `/echo`.
struct EndpointHarness: Sendable {
    let endpoint: WebSocketEndpoint
    let port: Int

    /// A WebSocket to it.
    ///
    /// - Parameters:
    ///   - offer: what the client says of extensions.
    ///   - answer: what the server must answer.
    /// - Returns: the client, past the handshake.
    /// - Throws: what the test is to fail with when the server does not answer so.
    func webSocket(offering offer: String? = nil, answer: String? = nil) async throws -> RawClient {
        let client = try await RawClient.connect(to: self.port)
        let response = try await client.upgrade(
            "/echo",
            headers: offer.map { ["Sec-WebSocket-Extensions": $0] } ?? [:]
        )
        try #require(response.status == 101)
        try #require(response.headers["sec-websocket-extensions"] == answer)
        return client
    }
}

/// Runs a test against an endpoint of its own.
///
/// - Parameters:
///   - configure: changes the configuration.
///   - requestTimeout: the listener's.
///   - onConnection: what the endpoint does, the echo unless given.
///   - test: the test.
/// - Throws: what the test throws.
func withEndpoint(
    _ configure: (inout WebSocketEndpoint.Configuration) -> Void = { _ in },
    requestTimeout: Duration = .seconds(30),
    onConnection: @escaping @Sendable (WebSocketConnection) -> Void = { connection in
        connection.onMessage { connection.send($0) }
    },
    _ test: (EndpointHarness) async throws -> Void
) async throws {
    var configuration = WebSocketEndpoint.Configuration()
    configuration.closeTimeout = .milliseconds(500)
    configuration.connectionRatePerAddress = nil
    configure(&configuration)
    let endpoint = WebSocketEndpoint(path: "/echo", configuration: configuration, onConnection: onConnection)
    await Turnstile.shared.enter()
    defer { Turnstile.shared.leave() }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let listener = try await SocketIOListener.listen(
        host: "127.0.0.1",
        port: 0,
        on: group,
        for: [endpoint],
        requestTimeout: requestTimeout
    )
    let result: Result<Void, any Error>
    do {
        try await test(EndpointHarness(endpoint: endpoint, port: listener.port))
        result = .success(())
    } catch {
        result = .failure(error)
    }
    try await listener.close()
    try await group.shutdownGracefully()
    try result.get()
}

/// The client's half of permessage-deflate.
struct ClientCompression {
    let deflator: Deflator
    let inflator: Inflator

    init(clientBits: Int = 15, serverBits: Int = 15, clientKeeps: Bool = true, serverKeeps: Bool = true) {
        self.deflator = Deflator(windowBits: clientBits, keepsContext: clientKeeps)
        self.inflator = Inflator(windowBits: serverBits, keepsContext: serverKeeps)
    }

    func pack(_ bytes: [UInt8]) throws -> [UInt8] {
        try #require(bytes.withUnsafeBytes { self.deflator.deflate($0) })
    }

    func unpack(_ frame: RawFrame) throws -> [UInt8] {
        guard frame.isCompressed else { return frame.payload }
        var output: [UInt8] = []
        var rest = ByteBuffer(bytes: frame.payload)
        repeat {
            // In pieces: zlib looks for a distance in its own window only when that is not in the output of the same call.
            let piece = rest.readSlice(length: min(64, rest.readableBytes)) ?? ByteBuffer()
            try self.inflator.inflate(piece, isLast: rest.readableBytes == 0, into: &output, limit: 1 << 26)
        } while rest.readableBytes > 0
        return output
    }
}
