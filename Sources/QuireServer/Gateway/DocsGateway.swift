import Collaboration
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import SocketIO
import SocketIOProtocol

/// The `/docs` namespace: lets clients in, and tells them when the server goes.
struct DocsGateway: Service, CustomStringConvertible {
    /// After a shutdown clients wait so long, in milliseconds, before they try again.
    ///
    /// They add their own jitter.
    static let retryAfter = 1000

    let sockets: SocketIOServer
    let hosts: RoomHosts
    let authenticator: Authenticator
    let limits: ServerLimits
    let readiness: Readiness
    let logger: Logger
    var tracer: EventTracer?

    /// The name in the logs of the lifecycle.
    var description: String { "the /docs gateway" }

    /// Makes the namespace known.
    ///
    /// Call once, before anybody can connect.
    func install() {
        let namespace = sockets.of(RoomPacket.namespace)
        SocketAuthentication(authenticator: authenticator, logger: logger).install(on: namespace)
        namespace.onConnection { [hosts, limits, logger, tracer] socket in
            guard let principal = socket[PrincipalKey.self] else { return socket.disconnect() }
            Self.welcome(socket, principal, hosts: hosts, limits: limits, logger: logger, tracer: tracer)
        }
    }

    private static func welcome(
        _ socket: Socket,
        _ principal: Principal,
        hosts: RoomHosts,
        limits: ServerLimits,
        logger: Logger,
        tracer: EventTracer?
    ) {
        var logger = logger
        logger[metadataKey: "connection"] = "\(socket.handshake.connection)"
        logger[metadataKey: "session"] = "\(socket.id)"
        let connection = DocsConnection(
            socket: socket,
            principal: principal,
            hosts: hosts,
            limits: limits,
            logger: logger,
            tracer: tracer
        )
        for event in DocsRequest.events {
            socket.on(event) { arguments, ack in
                connection.handle(event: event, arguments: arguments) { ack($0) }
            }
        }
        socket.onUnhandled { event, _, ack in
            let name = String(event.prefix(64))
            ack(RequestError(.unknownEvent, "there is no event \(name)").acknowledgement)
        }
        socket.onDrain { connection.drained() }
        socket.onBacklog(above: limits.maximumBufferedBytes) { connection.noticeIfBehind() }
        socket.onDisconnect { [logger] reason in
            connection.disconnected()
            logger.info("participant disconnected", metadata: ["reason": "\(reason)"])
        }
        socket.emit("authenticated", ["user": WireValue.user(principal.user)])
        logger.info(
            "participant connected",
            metadata: ["user": "\(principal.user.id)", "address": "\(socket.handshake.address)"]
        )
    }

    /// Waits for the shutdown, then tells the clients and stores everything.
    func run() async throws {
        try await gracefulShutdown()
        readiness.shutDown()
        logger.notice("shutting down", metadata: ["connections": "\(sockets.connectionCount)"])
        let own = sockets.of(RoomPacket.namespace).local
        own.emit("closing", ["reason": "SHUTDOWN", "retryAfter": .int(Self.retryAfter)])
        // What is left of the time is for the connections to close (`closeTimeout`) and for HTTP.
        let limit = TimeAmount.seconds(Int64(max(1, limits.shutdownSeconds - 4)))
        if !(await hosts.shutDown(within: limit)) {
            logger.error("not every document could be closed in time; what was acknowledged is stored all the same")
        }
        await sockets.shutdown()
    }
}

extension Socket: DocsSocket {}
