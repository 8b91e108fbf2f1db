import Logging
import NIOCore
import NIOHTTP1
import NIOWebSocket
import SocketIOProtocol

/// Turning the pipeline into a WebSocket's.
///
/// NIO's own upgrader looks only at the first request of a connection, and proxies with keep-alive upgrade later ones.
extension Gate {
    /// The whole upgrade request is there and passed.
    func upgrade(
        _ exchange: Exchange,
        connection: EngineConnection?,
        key: String,
        context: ChannelHandlerContext
    ) {
        var info: ConnectionInfo?
        if connection == nil {
            let new = self.connectionInfo(exchange.head, transport: .webSocket, context: context)
            if let refusal = self.server.refusal(of: new.address) {
                return self.respond(exchange.number, refusal.response, headers: refusal.headers)
            }
            info = new
        }

        self.exchange?.phase = .upgrading
        let configuration = self.server.configuration
        let handler = WebSocketHandler(
            maxMessageBytes: configuration.maxPayload,
            maxFragments: configuration.maxFragments,
            closeTimeout: TimeAmount(configuration.closeTimeout)
        )
        do {
            try self.install(
                handler,
                request: exchange.head,
                response: WebSocketHandshake.response(key: key, headers: exchange.corsHeaders),
                context
            )
        } catch {
            self.server.logger.error("WebSocket upgrade failed", metadata: ["error": "\(error)"])
            context.close(promise: nil)
            return
        }

        let id = self.server.makeTransportID()
        let link = WebSocketLink(channel: context.channel, handler: handler)
        let owner: EngineConnection
        if let connection {
            owner = connection
        } else if let info {
            owner = EngineConnection(
                server: self.server,
                eventLoop: context.eventLoop,
                info: info,
                opening: .webSocket(id, link)
            )
        } else {
            return
        }
        handler.start { event in
            owner.run { owner.webSocketEvent(id, event) }
        }
        if connection == nil {
            owner.open()
        } else {
            owner.run { owner.webSocketOpened(id, link) }
        }
    }

    /// Puts the WebSocket's handlers before HTTP's, answers 101 and takes HTTP's away.
    ///
    /// Before, so that not one byte can reach HTTP handlers (ours, another gate, a framework's) once the client speaks
    /// WebSocket, even though the request decoder leaves the pipeline only in the loop's next turn.
    private func install(
        _ handler: WebSocketHandler,
        request head: HTTPRequestHead,
        response: ByteBuffer,
        _ context: ChannelHandlerContext
    ) throws {
        let pipeline = context.pipeline.syncOperations
        let decoder = try pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
        let frameDecoder = ByteToMessageHandler(
            WebSocketFrameDecoder(maxFrameSize: min(self.server.configuration.maxPayload, Int(UInt32.max)))
        )
        try pipeline.addHandler(frameDecoder, position: .before(decoder.handler))
        try pipeline.addHandler(handler, position: .after(frameDecoder))

        if let encoder = try? pipeline.context(handlerType: HTTPResponseEncoder.self) {
            pipeline.removeHandler(context: encoder, promise: nil)
        }
        handler.write(response)
        handler.flush()

        pipeline.removeHandler(context: decoder, promise: nil)
        if let pipelining = try? pipeline.context(handlerType: HTTPServerPipelineHandler.self) {
            pipeline.removeHandler(context: pipelining, promise: nil)
        }
        if let validator = try? pipeline.context(handlerType: NIOHTTPResponseHeadersValidator.self) {
            pipeline.removeHandler(context: validator, promise: nil)
        }
        if let errors = try? pipeline.context(handlerType: HTTPServerProtocolErrorHandler.self) {
            pipeline.removeHandler(context: errors, promise: nil)
        }
        // Whoever is behind us learns that there will be no more requests, as from NIO's own upgrader.
        context.fireUserInboundEventTriggered(
            HTTPServerUpgradeEvents.upgradeComplete(toProtocol: "websocket", upgradeRequest: head)
        )
        // Whoever withheld a read before (this gate, the pipelining handler) no longer owes one.
        context.read()
        pipeline.removeHandler(context: context, promise: nil)
    }
}
