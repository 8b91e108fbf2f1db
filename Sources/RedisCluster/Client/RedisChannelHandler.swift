import NIOCore
import RedisWire

/// Turns what a connection brings into values, and commands that are written into one write a turn of the loop.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var parser: RESPParser
    private var unread = ByteBuffer()
    private let onValue: (RESPValue) -> Void
    private let onEnd: ((any Error)?) -> Void
    private var failure: (any Error)?
    private var hasEnded = false

    /// `onValue` is told of each value, `onEnd` once that nothing more will come, and why.
    init(
        limits: RESPParser.Limits,
        onValue: @escaping (RESPValue) -> Void,
        onEnd: @escaping ((any Error)?) -> Void
    ) {
        self.parser = RESPParser(limits: limits)
        self.onValue = onValue
        self.onEnd = onEnd
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.failure == nil else { return }
        var bytes = Self.unwrapInboundIn(data)
        if self.unread.readableBytes == 0 {
            self.unread = bytes
        } else {
            self.unread.writeBuffer(&bytes)
        }
        do {
            while let value = try self.parser.next(from: &self.unread) {
                self.onValue(value)
            }
        } catch {
            self.failure = error
            context.close(promise: nil)
        }
        if self.unread.readableBytes == 0 {
            self.unread = ByteBuffer()
        } else {
            self.unread.discardReadBytes()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.failure = self.failure ?? error
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.end()
    }

    private func end() {
        guard !self.hasEnded else { return }
        self.hasEnded = true
        self.onEnd(self.failure)
    }
}
