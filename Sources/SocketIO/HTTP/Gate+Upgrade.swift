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
        let compression = configuration.perMessageDeflate
        let agreement = compression?.negotiate(exchange.head.headers["sec-websocket-extensions"])
        var headers = exchange.corsHeaders
        if let agreement { headers.append(("sec-websocket-extensions", agreement.header)) }
        do {
            try WebSocketPipeline.install(
                handler,
                request: exchange.head,
                response: WebSocketHandshake.response(key: key, headers: headers),
                context
            )
            if let agreement, let compression {
                handler.startCompression(agreement, threshold: compression.threshold)
            }
        } catch {
            self.server.logger.error("WebSocket upgrade failed", metadata: ["error": "\(error)"])
            context.close(promise: nil)
            return
        }

        let id = self.server.makeTransportID()
        let link = WebSocketLink(
            channel: context.channel,
            handler: handler,
            compression: agreement.flatMap { StatelessCompression($0, threshold: compression?.threshold ?? 0) }
        )
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
}
