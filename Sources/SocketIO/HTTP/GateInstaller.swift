import Logging
import NIOCore
import NIOHTTP1

/// What ``SocketIOServer/makeGate(isSecure:)`` hands out: puts the real gate where NIO's own HTTP types flow, and leaves.
///
/// A server framework adds its extra handlers behind its own codec, where the parts have other types. The gate belongs
/// directly behind NIOHTTP1's handlers, which every HTTP/1 server on NIO has; so it finds its place itself and works in a
/// plain pipeline and in Hummingbird's alike.
final class GateInstaller: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let server: SocketIOServer
    private let isSecure: Bool

    init(server: SocketIOServer, isSecure: Bool) {
        self.server = server
        self.isSecure = isSecure
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            try ReceiveBuffers.use(in: context.channel)
            let gate = Gate(server: self.server, isSecure: self.isSecure)
            try pipeline.addHandler(gate, position: .after(Self.lastHTTPHandler(in: pipeline)))
        } catch {
            // Our caller's mistake, not a peer's: the pipeline has no HTTP/1 request decoder.
            self.server.logger.critical(
                "the Socket.IO gate needs an HTTP/1 server pipeline",
                metadata: ["error": "\(error)"]
            )
            context.close(promise: nil)
        }
        pipeline.removeHandler(context: context, promise: nil)
    }

    /// The last of NIOHTTP1's handlers, in the order `configureHTTPServerPipeline` adds them.
    private static func lastHTTPHandler(in pipeline: ChannelPipeline.SynchronousOperations) throws -> any ChannelHandler
    {
        if let handler = try? pipeline.handler(type: HTTPServerProtocolErrorHandler.self) { return handler }
        if let handler = try? pipeline.handler(type: NIOHTTPResponseHeadersValidator.self) { return handler }
        if let handler = try? pipeline.handler(type: HTTPServerPipelineHandler.self) { return handler }
        return try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
    }
}

@available(*, unavailable)
extension GateInstaller: Sendable {}
