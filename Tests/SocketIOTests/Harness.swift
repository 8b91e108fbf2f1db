import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import SocketIO
import SocketIOProtocol
import Testing

/// A server on a free port, with the clients of one test.
final class Harness: Sendable {
    let server: SocketIOServer
    let port: Int
    private let clients = NIOLockedValueBox<[RawClient]>([])

    init(server: SocketIOServer, port: Int) {
        self.server = server
        self.port = port
    }

    /// A new TCP connection.
    func connect(receiveBuffer: Int? = nil) async throws -> RawClient {
        let client = try await RawClient.connect(to: self.port, receiveBuffer: receiveBuffer)
        self.clients.withLockedValue { $0.append(client) }
        return client
    }

    /// A new WebSocket that has got its Engine.IO handshake.
    func webSocket(receiveBuffer: Int? = nil) async throws -> RawClient {
        let client = try await self.connect(receiveBuffer: receiveBuffer)
        let response = try await client.upgrade("/socket.io/?EIO=4&transport=websocket")
        try #require(response.status == 101)
        let open = try await client.receiveText()
        try #require(open.hasPrefix("0{"))
        return client
    }

    /// A new WebSocket that is in the namespace.
    func socket(_ namespace: String = "/", auth: String = "", receiveBuffer: Int? = nil) async throws -> RawClient {
        let client = try await self.webSocket(receiveBuffer: receiveBuffer)
        let prefix = namespace == "/" ? "" : namespace + ","
        try await client.sendText("40" + prefix + auth)
        let reply = try await client.receiveText()
        try #require(reply.hasPrefix("40\(prefix){\"sid\":"), "\(reply)")
        return client
    }

    /// A new polling session: its sid.
    func pollingSession(_ client: RawClient) async throws -> String {
        let response = try await client.request("GET", "/socket.io/?EIO=4&transport=polling")
        try #require(response.status == 200 && response.body.hasPrefix("0"), "\(response)")
        let handshake = try JSON.parse(Array(response.body.utf8.dropFirst()))
        return try #require(handshake["sid"]?.stringValue)
    }

    fileprivate func closeClients() async {
        for client in self.clients.withLockedValue({ $0 }) { try? await client.close() }
    }

    static func target(_ sid: String) -> String { "/socket.io/?EIO=4&transport=polling&sid=\(sid)" }
}

/// Runs a test against a server of its own.
///
/// - Parameters:
///   - loops: the event loops of the server.
///   - configure: changes the configuration; the limit of connections an address is off.
///   - setUp: makes the namespaces.
///   - adapter: joins it with other servers.
///   - isSecond: whether it is one of several of a test, which has its place at the turnstile already.
///   - test: the test.
/// - Throws: what the test throws.
func withServer(
    loops: Int = 1,
    configure: (inout SocketIOConfiguration) -> Void = { _ in },
    setUp: (SocketIOServer) -> Void = { _ in },
    adapter: (any ClusterAdapter)? = nil,
    isSecond: Bool = false,
    _ test: (Harness) async throws -> Void
) async throws {
    var configuration = SocketIOConfiguration()
    configuration.connectionRatePerAddress = nil
    configuration.closeTimeout = .milliseconds(500)
    configure(&configuration)
    if !isSecond { await Turnstile.shared.enter() }
    defer { if !isSecond { Turnstile.shared.leave() } }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
    var logger = Logger(label: "test")
    logger.logLevel = .warning
    let server = SocketIOServer(configuration: configuration, eventLoopGroup: group, logger: logger, adapter: adapter)
    setUp(server)
    let listener = try await server.serve(host: "127.0.0.1", port: 0)
    let harness = Harness(server: server, port: listener.port)
    let result: Result<Void, any Error>
    do {
        try await test(harness)
        result = .success(())
    } catch {
        result = .failure(error)
    }
    await harness.closeClients()
    try await listener.close()
    await server.shutdown()
    #expect(server.connectionCount == 0, "connections are left after the shutdown")
    try await group.shutdownGracefully()
    try result.get()
}

/// Lets a few tests at a time run their servers: with all at once a busy machine misses the heartbeats' times.
final class Turnstile: Sendable {
    private struct State {
        var places = 4
        var queue: [CheckedContinuation<Void, Never>] = []
    }

    static let shared = Turnstile()

    private let state = NIOLockedValueBox(State())

    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = self.state.withLockedValue { state in
                if state.places > 0 {
                    state.places -= 1
                    return true
                }
                state.queue.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func leave() {
        let next = self.state.withLockedValue { state in
            if state.queue.isEmpty {
                state.places += 1
                return nil as CheckedContinuation<Void, Never>?
            }
            return state.queue.removeFirst()
        }
        next?.resume()
    }
}

/// Waits until something becomes true.
func eventually(_ what: String, timeout: Duration = .seconds(10), _ isTrue: () -> Bool) async throws {
    let end = ContinuousClock.now + timeout
    while !isTrue() {
        try #require(ContinuousClock.now < end, "never happened: \(what)")
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// The app most tests use: echoes `message`, acknowledges `ask` with its arguments.
func echo(_ server: SocketIOServer) {
    server.of("/").onConnection { socket in
        socket.on("message") { args, _ in
            socket.emit(preencoded: EncodedPacket(namespace: "/", event: "message-back", args: args))
        }
        socket.on("ask") { args, ack in ack.send(args) }
    }
}
