import Logging
import NIOCore
import NIOSSL

/// Closes a connection whose encryption failed, and keeps that from the handlers behind it, who would answer in HTTP.
///
/// Confined to its channel's event loop.
final class TLSFailureHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOSSLError.uncleanShutdown:
            // The peer went without a word, as most do; HTTP and WebSocket say by themselves where a message ends.
            context.close(promise: nil)
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            logger.debug("TLS failed", metadata: ["error": "\(error)"])
            context.close(promise: nil)
        default:
            context.fireErrorCaught(error)
        }
    }
}

@available(*, unavailable)
extension TLSFailureHandler: Sendable {}
