import NIOCore
import NIOWebSocket

/// A connection's hold on one of its WebSockets, whose channel may live on another event loop.
///
/// That happens when a polling session is upgraded and the listener gave the new channel to another loop: the session stays
/// where it is and everything hops.
final class WebSocketLink: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<WebSocketHandler>

    /// How frames for it are compressed, where that is the same for all connections of its kind.
    let compression: StatelessCompression?

    init(channel: any Channel, handler: WebSocketHandler, compression: StatelessCompression? = nil) {
        self.channel = channel
        self.compression = compression
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    /// Whether the channel takes more without growing its own queue; callable from any loop.
    var isWritable: Bool { self.channel.isWritable }

    /// Bytes in the channel's own queue, where they can be known (on the channel's loop) and matter.
    ///
    /// A channel that is writable holds less than its watermark of 64 KiB; asking it costs too much for every packet.
    var bufferedBytes: Int {
        guard !self.channel.isWritable, self.channel.eventLoop.inEventLoop, let options = self.channel.syncOptions
        else { return 0 }
        return (try? options.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// Whether the channel is on the current loop, so that a write takes effect at once.
    var isLocal: Bool { self.channel.eventLoop.inEventLoop }

    /// Writes without sending.
    ///
    /// Only when ``isLocal``.
    func write(_ frames: ByteBuffer) {
        self.handler.value.write(frames)
    }

    /// Writes and sends.
    ///
    /// Only when ``isLocal``.
    func writeAndFlush(_ frames: ByteBuffer) {
        self.handler.value.writeAndFlush(frames)
    }

    /// Sends what was written.
    ///
    /// Only when ``isLocal``.
    func flush() {
        self.handler.value.flush()
    }

    /// Writes and sends, hopping if need be.
    func send(_ frames: ByteBuffer) {
        self.run { handler in
            handler.write(frames)
            handler.flush()
        }
    }

    /// Writes and sends on the channel's loop, then calls back there.
    func send(_ batch: [ByteBuffer], completion: @escaping @Sendable () -> Void) {
        self.run { handler in
            for frames in batch { handler.write(frames) }
            handler.flush()
            completion()
        }
    }

    /// Sends a close frame behind everything written, and sees the channel closed.
    func close(_ code: WebSocketErrorCode?) {
        self.run { $0.close(code) }
    }

    private func run(_ body: @escaping @Sendable (WebSocketHandler) -> Void) {
        if self.channel.eventLoop.inEventLoop {
            body(self.handler.value)
        } else {
            let handler = self.handler
            self.channel.eventLoop.execute { body(handler.value) }
        }
    }
}
