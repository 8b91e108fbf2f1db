public import NIOCore
import NIOHTTP1
import NIOPosix

/// A listener made by ``SocketIOServer/serve(host:port:)`` or ``listen(host:port:on:for:)``.
public struct SocketIOListener: Sendable {
    private let channel: any Channel

    init(channel: any Channel) {
        self.channel = channel
    }

    /// The port, of use when 0 was asked for.
    public var port: Int { self.channel.localAddress?.port ?? 0 }

    /// Waits until the listener is closed.
    public func wait() async throws {
        try await self.channel.closeFuture.get()
    }

    /// Takes no more connections; those there are stay.
    ///
    /// ``SocketIOServer/shutdown()`` closes them.
    public func close() async throws {
        try await self.channel.close()
    }
}

extension SocketIOServer {
    /// Listens for HTTP/1 and serves nothing but Socket.IO; any other request gets 404.
    ///
    /// - Parameters:
    ///   - host: the address to listen on.
    ///   - port: the port; 0 lets the system choose one.
    /// - Returns: the listener, which knows its port.
    /// - Throws: what the system says when it cannot listen there.
    public func serve(host: String, port: Int) async throws -> SocketIOListener {
        try await .listen(host: host, port: port, on: self.eventLoopGroup, for: [self])
    }
}

extension SocketIOListener {
    /// Listens for HTTP/1 on behalf of several servers, each with a path of its own; any other request gets 404.
    ///
    /// - Parameters:
    ///   - host: the address to listen on.
    ///   - port: the port; 0 lets the system choose one.
    ///   - group: where the connections live.
    ///   - gateways: who is asked for each request, in this order.
    ///   - requestTimeout: how long the body of a request that nobody wants may take.
    /// - Returns: the listener, which knows its port.
    /// - Throws: what the system says when it cannot listen there.
    public static func listen(
        host: String,
        port: Int,
        on group: any EventLoopGroup,
        for gateways: [any HTTPGateway],
        requestTimeout: Duration = .seconds(30)
    ) async throws -> SocketIOListener {
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    // Each finds its place before those added earlier.
                    for gateway in gateways.reversed() { try pipeline.addHandler(gateway.makeGate(isSecure: false)) }
                    try pipeline.addHandler(NotFoundHandler(requestTimeout: TimeAmount(requestTimeout)))
                }
            }
            .bind(host: host, port: port)
            .get()
        return SocketIOListener(channel: channel)
    }
}

/// Answers whatever the gate lets through with 404.
private final class NotFoundHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let requestTimeout: TimeAmount
    private var isKeepAlive = false
    /// Runs while a body is under way, which no gate sees the end of.
    private var timer: Scheduled<Void>?

    init(requestTimeout: TimeAmount) {
        self.requestTimeout = requestTimeout
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            self.isKeepAlive = head.isKeepAlive
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            self.timer = context.eventLoop.scheduleTask(in: self.requestTimeout) { bound.value.close(promise: nil) }
        case .body:
            break
        case .end:
            self.stopTimer()
            var head = HTTPResponseHead(version: .http1_1, status: .notFound)
            head.headers.add(name: "content-length", value: "0")
            if !self.isKeepAlive { head.headers.add(name: "connection", value: "close") }
            context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
            let isKeepAlive = self.isKeepAlive
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            let end = context.eventLoop.makePromise(of: Void.self)
            end.futureResult.whenComplete { _ in
                if !isKeepAlive { bound.value.close(promise: nil) }
            }
            context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: end)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.stopTimer()
    }

    private func stopTimer() {
        self.timer?.cancel()
        self.timer = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
