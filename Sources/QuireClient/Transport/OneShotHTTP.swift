internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// One HTTP/1.1 request on a connection of its own.
///
/// Enough to fetch a document's text and for long polling.
enum OneShotHTTP {
    /// What the server answered.
    struct Response: Sendable {
        let status: Int
        let body: [UInt8]
    }

    /// Sends the request; the future fails when no whole answer came in time.
    static func send(
        _ head: HTTPRequestHead,
        body: [UInt8]? = nil,
        to address: ServerAddress,
        on eventLoop: any EventLoop,
        options: TransportOptions,
        timeout: TimeAmount,
        traffic: Traffic? = nil
    ) -> EventLoopFuture<Response> {
        var head = head
        head.headers.replaceOrAdd(name: "Host", value: address.authority)
        head.headers.replaceOrAdd(name: "Connection", value: "close")
        if let body { head.headers.replaceOrAdd(name: "Content-Length", value: "\(body.count)") }
        let request = head
        let promise = eventLoop.makePromise(of: Response.self)
        let counted = NIOLoopBoundBox(traffic, eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(options.connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if address.isSecure {
                        guard let secure = options.secure else { throw TransportOptions.noTLS(address) }
                        try secure(channel, address.host)
                    }
                    let pipeline = channel.pipeline.syncOperations
                    if let traffic = counted.value { try pipeline.addHandler(TrafficHandler(traffic)) }
                    try pipeline.addHTTPClientHandlers()
                    let limit = options.maxFrameSize
                    try pipeline.addHandler(OneShotHandler(request, body, limit: limit, promise: promise))
                }
            }
            .connect(host: address.host, port: address.port)
            .whenComplete { result in
                switch result {
                case .failure(let error):
                    promise.fail(error)
                case .success(let channel):
                    let timer = channel.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
                    promise.futureResult.whenComplete { _ in
                        timer.cancel()
                        channel.close(promise: nil)
                    }
                }
            }
        return promise.futureResult
    }
}

/// Sends one request, collects one answer.
private final class OneShotHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: HTTPRequestHead
    private let body: [UInt8]?
    private let limit: Int
    private let promise: EventLoopPromise<OneShotHTTP.Response>
    private var status = 0
    private var collected: [UInt8] = []
    private var isDone = false

    init(_ request: HTTPRequestHead, _ body: [UInt8]?, limit: Int, promise: EventLoopPromise<OneShotHTTP.Response>) {
        self.request = request
        self.body = body
        self.limit = limit
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(Self.wrapOutboundOut(.head(self.request)), promise: nil)
        if let body = self.body {
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        }
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            self.status = Int(head.status.code)
        case .body(let part):
            guard self.collected.count + part.readableBytes <= self.limit else {
                context.close(promise: nil)
                return
            }
            self.collected.append(contentsOf: part.readableBytesView)
        case .end:
            self.isDone = true
            self.promise.succeed(.init(status: self.status, body: self.collected))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !self.isDone { self.promise.fail(QuireError(code: .disconnected, message: "no answer", retryable: true)) }
        context.fireChannelInactive()
    }
}
