import ArgumentParser
import Foundation
import Logging
import NIOCore
import NIOPosix
import RedisCluster
import SocketIO

/// What foreign conformance suites and clients are run against; see the README for the suites.
///
/// | path | app |
/// | --- | --- |
/// | `/engine.io/` (`--path`) | ``EngineEcho``: every Engine.IO message comes back |
/// | `/echo` | ``WebSocketEcho``: every message of a plain WebSocket comes back |
/// | `/socket.io/` | ``SuiteApp`` and, with the same handlers and more, ``ClientFixture`` |
struct ConformanceServer: AsyncParsableCommand {
    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 lets the system choose one, which is printed.")
    var port = 3000

    @Option(help: "The path of the Engine.IO echo.")
    var path = "/engine.io/"

    @Option(help: "Milliseconds between two pings of the server.")
    var pingInterval = 300

    @Option(help: "Milliseconds a client may take to answer a ping.")
    var pingTimeout = 200

    @Option(help: "Milliseconds a client may take to connect to a namespace; by default 2000, or six ping intervals.")
    var connectTimeout: Int?

    @Flag(help: "Lets Socket.IO clients recover their state after a loss of the connection.")
    var recovery = false

    @Option(help: "Milliseconds a client may stay away before its state is forgotten (with --recovery).")
    var recoveryDuration = 120_000

    @Option(help: "The token that /secure asks for.")
    var token = "letmein"

    @Option(help: "The Redis that joins this server with others.")
    var redis: String?

    @Flag(help: "Answers other servers on channels of their own (with --redis).")
    var specificResponses = false

    func run() async throws {
        // One loop: with several, a GET on another connection could be seen before the frame that was sent before it.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let apps = try self.apps(on: group)
        let listener = try await SocketIOListener.listen(host: self.host, port: self.port, on: group, for: apps)
        // Not `print`, which a pipe would keep in its buffer.
        FileHandle.standardOutput.write(Data("listening on \(self.host):\(listener.port)\n".utf8))
        try await listener.wait()
    }

    /// Everything that is served on the port.
    private func apps(on group: any EventLoopGroup) throws -> [any HTTPGateway] {
        [
            EngineEcho.make(self.configuration(path: self.path), on: group, logger: Self.logger),
            try self.socketIO(on: group),
            WebSocketEcho.make(path: "/echo"),
        ]
    }

    private func socketIO(on group: any EventLoopGroup) throws -> SocketIOServer {
        let server = SocketIOServer(
            configuration: self.configuration(path: "/socket.io/"),
            eventLoopGroup: group,
            logger: Self.logger,
            adapter: try self.redis.map { try self.adapter($0, on: group) }
        )
        for name in ["/", "/custom", "/secure"] {
            let namespace = server.of(name)
            SuiteApp.install(on: namespace)
            ClientFixture.install(on: namespace)
            if self.redis != nil { ClusterFixture.install(on: namespace) }
        }
        ClientFixture.secure(server.of("/secure"), token: self.token)
        return server
    }

    private func adapter(_ url: String, on group: any EventLoopGroup) throws -> RedisAdapter {
        let client = RedisClient(
            configuration: try RedisConfiguration(url: url),
            eventLoop: group.next(),
            logger: Self.logger
        )
        client.start()
        var configuration = RedisAdapter.Configuration()
        configuration.usesSpecificResponseChannels = self.specificResponses
        return RedisAdapter(client: client, configuration: configuration, logger: Self.logger)
    }

    /// The suites' settings, open to every origin and without limits of rate: one machine asks everything.
    private func configuration(path: String) -> SocketIOConfiguration {
        var configuration = SocketIOConfiguration()
        configuration.path = path
        configuration.pingInterval = .milliseconds(self.pingInterval)
        configuration.pingTimeout = .milliseconds(self.pingTimeout)
        configuration.connectTimeout = .milliseconds(self.connectTimeout ?? max(2000, 6 * self.pingInterval))
        configuration.maxPayload = 1_000_000
        // Far more than a payload can hold in packets or values: foreign tests have no bound but its bytes.
        configuration.maxPacketsPerPayload = 1_000_000
        configuration.maxJSONValues = 1_000_000
        configuration.maxJSONDepth = 256
        configuration.allowedOrigins = ["*"]
        configuration.messageRate = nil
        configuration.byteRate = nil
        configuration.connectionRatePerAddress = nil
        if self.recovery {
            var recovery = ConnectionStateRecovery()
            recovery.maxDisconnectionDuration = .milliseconds(self.recoveryDuration)
            configuration.connectionStateRecovery = recovery
        }
        // `flood` queues as much as its client asks for.
        configuration.maxBufferedBytes = 256 << 20
        return configuration
    }

    private static let logger = Logger(label: "conformance")
}
