import NIOCore
import NIOHTTP1
import SocketIOProtocol

/// Takes the upgrade requests for a ``WebSocketEndpoint`` out of an HTTP/1 pipeline; what is no upgrade passes on.
final class EndpointGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let endpoint: WebSocketEndpoint
    /// The request of ours that is arriving.
    private var head: HTTPRequestHead?
    /// It is there as a whole; nothing follows one, llhttp stops behind an upgrade.
    private var isWhole = false
    /// Requests before it that the handlers behind us have still to answer.
    private var responsesDue = 0

    init(endpoint: WebSocketEndpoint) {
        self.endpoint = endpoint
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isWhole else { return }
        let part = Self.unwrapInboundIn(data)
        if case .head(let head) = part {
            if WebSocketHandshake.isUpgrade(head), RequestTarget.isMatch(head.uri, path: self.endpoint.path) {
                self.head = head
                return
            }
            self.responsesDue += 1
        }
        guard self.head != nil else { return context.fireChannelRead(data) }
        if case .end = part {
            self.isWhole = true
            self.answerInTurn(context)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = Self.unwrapOutboundIn(data)
        context.write(data, promise: promise)
        guard case .end = part else { return }
        self.responsesDue -= 1
        guard self.isWhole, self.responsesDue == 0 else { return }
        // Whoever writes this flushes it next, and must find an HTTP pipeline when it does.
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let boundContext = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.execute { bound.value.answerInTurn(boundContext.value) }
    }

    /// Answers once every request before has its response: behind the upgrade no HTTP handler may write any more.
    private func answerInTurn(_ context: ChannelHandlerContext) {
        guard self.responsesDue == 0, context.channel.isActive, let head = self.head.take() else { return }
        self.answer(head, context)
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let origin = head.headers.first(name: "origin")
        guard self.endpoint.origins.admits(origin: origin, host: head.headers.first(name: "host")) else {
            return self.refuse(.forbidden, context)
        }
        guard let key = WebSocketHandshake.key(of: head) else {
            return self.refuse(WebSocketHandshake.hasKnownVersion(head) ? .badRequest : .upgradeRequired, context)
        }
        let configuration = self.endpoint.configuration
        let handler = WebSocketHandler(
            maxMessageBytes: configuration.maxMessageBytes,
            maxFragments: configuration.maxFragments,
            closeTimeout: TimeAmount(configuration.closeTimeout)
        )
        let agreement = configuration.perMessageDeflate?.negotiate(head.headers["sec-websocket-extensions"])
        let headers = agreement.map { [("sec-websocket-extensions", $0.header)] } ?? []
        let channel = context.channel
        do {
            try WebSocketPipeline.install(
                handler,
                response: WebSocketHandshake.response(key: key, headers: headers),
                context
            )
        } catch {
            // Our caller's mistake: no HTTP/1 request decoder in the pipeline.
            return context.close(promise: nil)
        }
        if let agreement {
            handler.startCompression(agreement, threshold: configuration.perMessageDeflate?.threshold ?? 0)
        }
        let connection = WebSocketConnection(
            channel: channel,
            handler: handler,
            maxBufferedBytes: configuration.maxBufferedBytes
        )
        handler.start { connection.receive($0) }
        self.endpoint.onConnection(connection)
    }

    /// llhttp stops parsing behind an upgrade request, so a refused one ends the connection.
    private func refuse(_ status: HTTPResponseStatus, _ context: ChannelHandlerContext) {
        var head = HTTPResponseHead(version: .http1_1, status: status)
        head.headers.add(name: "connection", value: "close")
        head.headers.add(name: "content-length", value: "0")
        head.headers.add(name: "sec-websocket-version", value: "13")
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        let end = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        end.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: end)
    }
}

@available(*, unavailable)
extension EndpointGate: Sendable {}
