import NIOCore
import NIOHTTP1

/// Turns an HTTP/1 pipeline into a WebSocket's.
enum WebSocketPipeline {
    /// Puts the WebSocket's handler before HTTP's, answers 101 and takes HTTP's away.
    ///
    /// Before, so that not one byte can reach HTTP handlers (ours, another gate, a framework's) once the client speaks
    /// WebSocket, even though the request decoder leaves the pipeline only in the loop's next turn.
    static func install(
        _ handler: WebSocketHandler,
        request head: HTTPRequestHead,
        response: ByteBuffer,
        _ context: ChannelHandlerContext
    ) throws {
        let pipeline = context.pipeline.syncOperations
        let decoder = try pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
        try pipeline.addHandler(handler, position: .before(decoder.handler))

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
        // Whoever withheld a read before (the gate, the pipelining handler) no longer owes one.
        context.read()
        pipeline.removeHandler(context: context, promise: nil)
    }
}
