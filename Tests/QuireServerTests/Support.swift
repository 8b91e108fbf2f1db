import Collaboration
import Foundation
import JWTKit
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import SocketIO
import SocketIOProtocol

@testable import QuireServer

/// The secret of the tests' tokens.
let testSecret = Secret("the tests' secret, with 32 bytes or more")

/// A moment for tokens to be judged at.
let testNow = 1_800_000_000.0

/// A logger that says nothing.
var silentLogger: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

/// Puts tokens together by hand, as no library would.
enum RawToken {
    /// A token of this header and these claims; `secret` signs it, nil leaves the signature empty.
    static func make(header: String, claims: String, secret: String? = nil) async throws -> String {
        let unsigned = encode(Array(header.utf8)) + "." + encode(Array(claims.utf8))
        guard let secret else { return unsigned + "." }
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        let signature = try await keys.getKey().sign(Array(unsigned.utf8))
        return unsigned + "." + encode(signature)
    }

    /// Base 64 for URLs, without padding.
    static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

/// A socket without a network.
///
/// `@unchecked Sendable`: touched on its loop only, which the tests keep to.
final class FakeSocket: DocsSocket, @unchecked Sendable {
    let id: String
    let eventLoop: any EventLoop
    var bufferedBytes = 0
    private(set) var packets: [EncodedPacket] = []

    init(id: String, eventLoop: any EventLoop) {
        self.id = id
        self.eventLoop = eventLoop
    }

    func emit(preencoded packet: EncodedPacket) {
        if eventLoop.inEventLoop {
            packets.append(packet)
        } else {
            eventLoop.execute { self.packets.append(packet) }
        }
    }

    /// How many packets came so far.
    func packetCount() async throws -> Int { try await eventLoop.submit { self.packets.count }.get() }
}

/// A client of `/docs` that talks to a `DocsConnection` directly.
struct FakeClient: Sendable {
    let socket: FakeSocket
    let connection: DocsConnection

    init(
        _ id: String,
        loop: any EventLoop,
        hosts: RoomHosts,
        grants: DocumentGrants = DocumentGrants(everything: .write),
        limits: ServerLimits = ServerLimits(),
        tracer: EventTracer? = nil
    ) {
        socket = FakeSocket(id: id, eventLoop: loop)
        connection = DocsConnection(
            socket: socket,
            principal: Principal(user: User(id: "user-\(id)", name: id), grants: grants, expiresAt: nil),
            hosts: hosts,
            limits: limits,
            logger: silentLogger,
            tracer: tracer
        )
    }

    /// Sends an event and waits for its acknowledgement.
    func request(_ event: String, _ arguments: JSON...) async throws -> JSON {
        let promise = socket.eventLoop.makePromise(of: JSON.self)
        socket.eventLoop.execute {
            connection.handle(event: event, arguments: arguments) { promise.succeed($0) }
        }
        return try await promise.futureResult.get()
    }

    /// The code of the refusal that an event meets; nil when it is accepted.
    func refusal(_ event: String, _ arguments: JSON...) async throws -> String? {
        let promise = socket.eventLoop.makePromise(of: JSON.self)
        socket.eventLoop.execute {
            connection.handle(event: event, arguments: arguments) { promise.succeed($0) }
        }
        return try await promise.futureResult.get()["error"]?["code"]?.stringValue
    }

    /// Closes the socket.
    func disconnect() async throws {
        try await socket.eventLoop.submit { connection.disconnected() }.get()
    }
}

/// Rooms on event loops of their own, over a store.
func withRooms<Result>(
    store: any DocumentStore,
    loops: Int = 1,
    limits: ServerLimits = ServerLimits(),
    body: (RoomHosts, any EventLoopGroup) async throws -> Result
) async throws -> Result {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
    let hosts = RoomHosts(group: group, store: store, limits: limits, logger: silentLogger)
    do {
        let result = try await body(hosts, group)
        _ = await hosts.shutDown(within: .seconds(5))
        try await group.shutdownGracefully()
        return result
    } catch {
        try await group.shutdownGracefully()
        throw error
    }
}

/// Runs a whole server on a free port while `body` runs, and waits for its graceful shutdown.
func withServer<Result: Sendable>(
    configure: (inout ServerConfiguration) -> Void = { _ in },
    body: @escaping @Sendable (Int) async throws -> Result
) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "quire-server-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var configuration = ServerConfiguration()
    configuration.port = 0
    configuration.databasePath = folder.appending(path: "test.sqlite").path
    configuration.limits = .unmetered
    configure(&configuration)
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let server = try QuireServer(configuration: configuration, logger: silentLogger) { continuation.yield($0) }
    let group = ServiceGroup(services: [server], logger: silentLogger)
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            defer { continuation.finish() }
            try await group.run()
        }
        guard let port = await ports.first(where: { _ in true }) else {
            try await tasks.waitForAll()
            throw CancellationError()
        }
        do {
            let result = try await body(port)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return result
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
    }
}
