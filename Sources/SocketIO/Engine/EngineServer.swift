public import Logging
public import NIOCore

/// An Engine.IO 4 server without Socket.IO: sessions over long polling and WebSocket that carry whole messages.
///
/// ```swift
/// let engine = EngineServer(configuration: configuration, eventLoopGroup: group, logger: logger)
/// engine.onConnection { socket in
///     socket.onMessage { message in socket.send(message) }
/// }
/// let listener = try await SocketIOListener.listen(host: "127.0.0.1", port: 3000, on: group, for: [engine])
/// ```
///
/// The bounds and timings are those of ``SocketIOConfiguration``; what it says about namespaces, attachments and recovery
/// has no meaning here. A session that goes on beyond its message rate is closed; nothing else can be refused, for a
/// message has no ack.
public final class EngineServer: HTTPGateway, Sendable {
    private let server: SocketIOServer

    /// Makes a server.
    ///
    /// - Parameters:
    ///   - configuration: timings, bounds and who may connect; mind that its path begins as `/socket.io/`.
    ///   - eventLoopGroup: kept for listeners; sessions live on the loops their channels come from.
    ///   - logger: gets sessions' ends at `debug`.
    public init(configuration: SocketIOConfiguration, eventLoopGroup: any EventLoopGroup, logger: Logger) {
        self.server = SocketIOServer(
            configuration: configuration,
            eventLoopGroup: eventLoopGroup,
            logger: logger,
            adapter: LocalAdapter(),
            engineApplication: EngineApplication()
        )
    }

    /// Is told of each new session, on the session's loop, right after the handshake was queued.
    ///
    /// Register before the server takes connections.
    public func onConnection(_ handler: @escaping @Sendable (EngineSocket) -> Void) {
        self.server.engineApplication?.add(handler)
    }

    /// A handler for one HTTP/1 connection that takes the requests for the configured path; see
    /// ``SocketIOServer/makeGate(isSecure:)``.
    public func makeGate(isSecure: Bool) -> any ChannelHandler & RemovableChannelHandler {
        self.server.makeGate(isSecure: isSecure)
    }

    /// Closes every session and refuses new ones.
    public func shutdown() async {
        await self.server.shutdown()
    }

    /// The number of sessions, those that are about to close included.
    public var connectionCount: Int { self.server.connectionCount }
}
