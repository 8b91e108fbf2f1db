import NIOCore
import NIOHTTP1
import SocketIOProtocol

/// What becomes of a whole upgrade request.
extension EndpointGate {
    /// Turns the pipeline into a WebSocket's, or refuses.
    func answer(_ head: HTTPRequestHead, refusal: RequestRules.Refusal?, _ context: ChannelHandlerContext) {
        if let refusal { return self.refuse(refusal.status, context) }
        let origin = head.headers.first(name: "origin")
        guard self.endpoint.origins.admits(origin: origin, host: head.headers.first(name: "host")) else {
            return self.refuse(.forbidden, context)
        }
        guard !WebSocketHandshake.announcesBody(head), let key = WebSocketHandshake.key(of: head) else {
            return self.refuse(WebSocketHandshake.hasKnownVersion(head) ? .badRequest : .upgradeRequired, context)
        }
        let configuration = self.endpoint.configuration
        do {
            try self.endpoint.enter(context.channel, from: self.address(head, context))
        } catch {
            switch error {
            case .full: return self.refuse(.serviceUnavailable, context)
            case .addressFull, .tooMany: return self.refuse(.tooManyRequests, context)
            }
        }
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
                request: head,
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

    private func address(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) -> String {
        let forwarded = self.endpoint.configuration.forwardedAddressHeader
            .flatMap { head.headers[canonicalForm: $0].last.map(String.init) }
        return forwarded ?? context.remoteAddress?.ipAddress ?? ""
    }

    /// llhttp stops parsing behind an upgrade request, so a refused one ends the connection.
    private func refuse(_ status: HTTPResponseStatus, _ context: ChannelHandlerContext) {
        var head = HTTPResponseHead(version: .http1_1, status: status)
        head.headers.add(name: "connection", value: "close")
        head.headers.add(name: "content-length", value: "0")
        head.headers.add(name: "sec-websocket-version", value: "13")
        if status == .serviceUnavailable || status == .tooManyRequests {
            head.headers.add(name: "retry-after", value: "1")
        }
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        let end = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        end.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: end)
    }
}
