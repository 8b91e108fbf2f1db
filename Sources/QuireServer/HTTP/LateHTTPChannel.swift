import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import SocketIO

/// HTTP/1 connections as `HTTP1Channel` has them, except that what answers requests is built when the first one comes that
/// the Socket.IO gate does not take.
///
/// ```
/// (TLS ─▶) decoder, encoder ─▶ gate ─▶ threshold ┄┄ first request ┄┄▶ codec ─▶ state ─▶ async channel
///                               └── a WebSocket: threshold and gate go, and the task ends
/// ```
///
/// A task over an async channel takes 6 KiB, for as long as the connection lives. Most connections become WebSockets with
/// their first request, and never ask for anything else.
struct LateHTTPChannel: HTTPChannelHandler {
    typealias AsyncChannel = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    /// A connection, and what answers its requests, once it is known that there are any.
    struct Value: ServerChildChannelValue {
        let channel: any Channel

        /// Nil when there will be none: it became a WebSocket, or was closed.
        let http: EventLoopFuture<AsyncChannel?>
    }

    let responder: Responder
    let sockets: SocketIOServer
    let channels: OpenChannels
    /// Nil where connections are not encrypted.
    let tls: TLSIdentityKeeper?

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            // As `HTTP1Channel` does it, with its limits.
            var limits = NIOHTTPDecoderLimitConfiguration()
            let defaults = HTTP1Channel.Configuration.DecoderConfiguration()
            limits.maxHeaderFieldSize = defaults.maxHeaderFieldSize
            limits.maxHeaderListSize = defaults.maxHeaderListSize
            limits.maxHeaderFieldCount = defaults.maxHeaderFieldCount
            let pipeline = channel.pipeline.syncOperations
            try tls?.secure(channel)
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false,
                withErrorHandling: false,
                withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: limits
            )
            // The gate times the connection out: what is behind it does not see the requests that it takes.
            try pipeline.addHandler(sockets.makeGate(isSecure: tls != nil))
            let threshold = HTTPThreshold(
                isSecure: tls != nil,
                promise: channel.eventLoop.makePromise(),
                logger: logger
            )
            try pipeline.addHandler(threshold)
            channels.add(channel)
            return Value(channel: channel, http: threshold.promise.futureResult)
        }
    }

    func handle(value: Value, logger: Logger) async {
        let http = await withTaskCancellationHandler {
            try? await value.http.get()
        } onCancel: {
            value.channel.close(promise: nil)
        }
        guard let http else { return }
        await handleHTTP(asyncChannel: http, logger: logger)
    }
}

/// Stands behind the gate until the first request passes it, and builds what answers requests.
///
/// Confined to its channel's event loop.
final class HTTPThreshold: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    let promise: EventLoopPromise<LateHTTPChannel.AsyncChannel?>
    private let isSecure: Bool
    private let logger: Logger
    private var isDecided = false

    init(isSecure: Bool, promise: EventLoopPromise<LateHTTPChannel.AsyncChannel?>, logger: Logger) {
        self.isSecure = isSecure
        self.promise = promise
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        open(context)
        context.fireChannelRead(data)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What is no HTTP is answered by the same code as after a request.
        open(context)
        context.fireErrorCaught(error)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case _ where isDecided:
            context.fireUserInboundEventTriggered(event)
        case is HTTPServerUpgradeEvents:
            decide(nil)
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        case is ChannelShouldQuiesceEvent, ChannelEvent.inputClosed:
            // Nobody has asked anything, so nobody waits for an answer.
            context.close(promise: nil)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        decide(nil)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { decide(nil) }

    private func decide(_ http: LateHTTPChannel.AsyncChannel?) {
        guard !isDecided else { return }
        isDecided = true
        promise.succeed(http)
    }

    private func open(_ context: ChannelHandlerContext) {
        guard !isDecided else { return }
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: isSecure))
            try pipeline.addHandler(HTTPConnectionStateHandler(logger: logger))
            let configuration = LateHTTPChannel.AsyncChannel.Configuration(isOutboundHalfClosureEnabled: true)
            decide(try .init(wrappingChannelSynchronously: context.channel, configuration: configuration))
        } catch {
            logger.error("a connection cannot answer requests", metadata: ["error": "\(error)"])
            decide(nil)
            context.close(promise: nil)
        }
    }
}

@available(*, unavailable)
extension HTTPThreshold: Sendable {}
