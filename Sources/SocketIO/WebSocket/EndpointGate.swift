import NIOCore
import NIOHTTP1
import SocketIOProtocol

/// Takes the upgrade requests for a ``WebSocketEndpoint`` out of an HTTP/1 pipeline; what is no upgrade passes on.
final class EndpointGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let endpoint: WebSocketEndpoint
    /// The request of ours that is arriving.
    private var head: HTTPRequestHead?
    private var isDone = false

    init(endpoint: WebSocketEndpoint) {
        self.endpoint = endpoint
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isDone else { return }
        let part = Self.unwrapInboundIn(data)
        if case .head(let head) = part, WebSocketHandshake.isUpgrade(head),
            RequestTarget.isMatch(head.uri, path: self.endpoint.path)
        {
            self.head = head
            return
        }
        guard let head = self.head else { return context.fireChannelRead(data) }
        if case .end = part {
            self.isDone = true
            self.answer(head, context)
        }
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
                maxFrameBytes: configuration.maxMessageBytes,
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
