internal import NIOCore

/// Bytes that went over a client's sockets, with everything that HTTP and WebSocket add, without TLS's and TCP's own.
final class Traffic {
    var sent: UInt64 = 0
    var received: UInt64 = 0
}

@available(*, unavailable)
extension Traffic: Sendable {}

/// Counts the bytes that pass.
final class TrafficHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let traffic: Traffic

    init(_ traffic: Traffic) {
        self.traffic = traffic
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.traffic.received += UInt64(Self.unwrapInboundIn(data).readableBytes)
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.traffic.sent += UInt64(Self.unwrapOutboundIn(data).readableBytes)
        context.write(data, promise: promise)
    }
}
