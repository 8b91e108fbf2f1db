internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOWebSocket

/// One WebSocket to a server, opened by an HTTP upgrade.
///
/// Confined to its event loop.
final class WebSocketTransport {
    /// What happens on the socket, in order.
    ///
    /// After `closed` nothing comes.
    enum Event {
        case opened
        case text([UInt8])
        case binary([UInt8])
        /// `status` is that of an HTTP answer that was no upgrade.
        case closed(status: Int?)
    }

    private enum State {
        case connecting
        case open(any Channel)
        case closed
    }

    let eventLoop: any EventLoop
    let traffic: Traffic
    private let onEvent: (Event) -> Void
    private var state = State.connecting
    private var channel: (any Channel)?

    init(eventLoop: any EventLoop, traffic: Traffic, onEvent: @escaping (Event) -> Void) {
        self.eventLoop = eventLoop
        self.traffic = traffic
        self.onEvent = onEvent
    }

    /// Connects and upgrades at `path` (with its query).
    func open(_ address: ServerAddress, path: String, headers: HTTPHeaders, options: TransportOptions) {
        let bound = NIOLoopBound(self, eventLoop: self.eventLoop)
        ClientBootstrap(group: self.eventLoop)
            .connectTimeout(options.connectTimeout)
            .channelOption(.socketOption(.so_reuseaddr), value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try bound.value.configure(channel, address, path: path, headers: headers, options: options)
                }
            }
            .connect(host: address.host, port: address.port)
            .hop(to: self.eventLoop)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    self.channel = channel
                    // Closed before the connection was there.
                    if case .closed = self.state { channel.close(promise: nil) }
                case .failure: self.finish(status: nil)
                }
            }
    }

    /// Sends a whole message.
    func send(_ opcode: WebSocketOpcode, _ bytes: [UInt8]) {
        guard case .open(let channel) = self.state else { return }
        let frame = WebSocketFrame(
            fin: true,
            opcode: opcode,
            maskKey: .random(),
            data: channel.allocator.buffer(bytes: bytes)
        )
        channel.write(frame, promise: nil)
    }

    /// Hands what was sent to the socket.
    func flush() {
        guard case .open(let channel) = self.state else { return }
        channel.flush()
    }

    /// Closes after what was sent.
    ///
    /// No event follows.
    func close(code: UInt16) {
        if case .open(let channel) = self.state {
            var data = channel.allocator.buffer(capacity: 2)
            data.write(webSocketErrorCode: .init(codeNumber: Int(code)))
            let frame = WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: .random(), data: data)
            channel.writeAndFlush(frame, promise: nil)
        }
        self.state = .closed
        self.channel?.close(promise: nil)
        self.channel = nil
    }

    private func configure(
        _ channel: any Channel,
        _ address: ServerAddress,
        path: String,
        headers: HTTPHeaders,
        options: TransportOptions
    ) throws {
        let bound = NIOLoopBound(self, eventLoop: self.eventLoop)
        if address.isSecure {
            guard let secure = options.secure else { throw TransportOptions.noTLS(address) }
            try secure(channel, address.host)
        }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(TrafficHandler(self.traffic))
        let upgrader = NIOWebSocketClientUpgrader(
            requestKey: NIOWebSocketClientUpgrader.randomRequestKey(),
            maxFrameSize: options.maxFrameSize,
            automaticErrorHandling: true
        ) { channel, _ in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                let aggregator = NIOWebSocketFrameAggregator(
                    minNonFinalFragmentSize: 0,
                    maxAccumulatedFrameCount: 65_536,
                    maxAccumulatedFrameSize: options.maxFrameSize
                )
                try pipeline.addHandlers([aggregator, WebSocketMessageHandler(bound.value)])
            }
        }
        var request = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)
        request.headers.replaceOrAdd(name: "Host", value: address.authority)
        let handler = UpgradeRequestHandler(request, self)
        let boundHandler = NIOLoopBound(handler, eventLoop: self.eventLoop)
        try pipeline.addHTTPClientHandlers(
            // The server's first message may come in one segment with its answer to the upgrade.
            leftOverBytesStrategy: .forwardBytes,
            withClientUpgrade: (
                upgraders: [upgrader],
                completionHandler: { context in
                    context.pipeline.syncOperations.removeHandler(boundHandler.value, promise: nil)
                }
            )
        )
        try pipeline.addHandler(handler)
    }

    fileprivate func opened(_ channel: any Channel) {
        guard case .connecting = self.state else { return }
        self.state = .open(channel)
        self.onEvent(.opened)
    }

    fileprivate func received(_ event: Event) {
        guard case .open = self.state else { return }
        self.onEvent(event)
    }

    fileprivate func finish(status: Int?) {
        if case .closed = self.state { return }
        self.state = .closed
        self.channel?.close(promise: nil)
        self.channel = nil
        self.onEvent(.closed(status: status))
    }
}

@available(*, unavailable)
extension WebSocketTransport: Sendable {}

/// Sends the upgrade request, and reports an answer that is no upgrade.
private final class UpgradeRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: HTTPRequestHead
    private let transport: WebSocketTransport
    private var status: Int?
    private var isUpgraded = false

    init(_ request: HTTPRequestHead, _ transport: WebSocketTransport) {
        self.request = request
        self.transport = transport
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(Self.wrapOutboundOut(.head(self.request)), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = Self.unwrapInboundIn(data) {
            self.status = Int(head.status.code)
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.transport.finish(status: self.status)
        context.fireChannelInactive()
    }
}

/// Messages of an open WebSocket, and its control frames.
private final class WebSocketMessageHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let transport: WebSocketTransport

    init(_ transport: WebSocketTransport) {
        self.transport = transport
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.transport.opened(context.channel)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = Self.unwrapInboundIn(data)
        switch frame.opcode {
        case .text:
            self.transport.received(.text(Array(frame.unmaskedData.readableBytesView)))
        case .binary:
            self.transport.received(.binary(Array(frame.unmaskedData.readableBytesView)))
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: frame.unmaskedData)
            context.writeAndFlush(Self.wrapOutboundOut(pong), promise: nil)
        case .connectionClose:
            let close = WebSocketFrame(
                fin: true,
                opcode: .connectionClose,
                maskKey: .random(),
                data: frame.unmaskedData
            )
            let bound = context.loopBound
            context.writeAndFlush(Self.wrapOutboundOut(close)).whenComplete { _ in bound.value.close(promise: nil) }
        default:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.transport.flush()
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.transport.finish(status: nil)
        context.fireChannelInactive()
    }
}
