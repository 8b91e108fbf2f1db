import Logging
import NIOCore
import NIOWebSocket

/// The only handler of a WebSocket that anything reaches: a client's frames in, our frames out, both as bytes.
///
/// Confined to its channel's event loop. Inside a foreign pipeline (Hummingbird's) other handlers lie behind it; they get
/// nothing any more, and keep the connection in the server's accounts until it closes.
final class WebSocketHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the owner of the socket is told, on the channel's event loop.
    enum Event: Sendable {
        case text([UInt8])
        case binary([UInt8])
        /// There is room for writes again.
        case writable
        /// The server stops; close with 1001.
        case shouldQuiesce
        /// The client wants to close, has closed or broke the protocol. Comes once and last.
        case closed
    }

    private enum State {
        case open
        /// A close frame was sent; the peer's, or the end, is awaited.
        case closing
        case closed
    }

    private var state = State.open
    private var parser = ClientFrameParser()
    private var assembler: WebSocketMessageAssembler
    private var compressor: FrameCompressor?
    /// The latest pong that found no room; the ones before it are left out (section 5.5.3).
    private var pongDue: ByteBuffer?
    private var context: ChannelHandlerContext?
    private let closeTimeout: TimeAmount
    private var onEvent: ((Event) -> Void)?
    private var closeTimer: Scheduled<Void>?

    init(maxMessageBytes: Int, maxFragments: Int, closeTimeout: TimeAmount) {
        self.assembler = WebSocketMessageAssembler(maxMessageBytes: maxMessageBytes, maxFragments: maxFragments)
        self.closeTimeout = closeTimeout
    }

    /// Begins to report.
    ///
    /// Set right after the handler was added, before any frame can have come.
    func start(_ onEvent: @escaping (Event) -> Void) {
        self.onEvent = onEvent
    }

    /// Compresses in both directions from here on; right behind the response that agrees to it.
    func startCompression(_ agreement: PerMessageDeflate.Agreement, threshold: Int) {
        self.compressor = FrameCompressor(agreement, threshold: threshold)
        self.assembler.inflator = Inflator(
            windowBits: agreement.clientMaxWindowBits,
            keepsContext: !agreement.clientNoContextTakeover
        )
    }

    /// Writes frame bytes; ``flush()`` sends them.
    func write(_ frames: ByteBuffer) {
        guard case .open = self.state else { return }
        let frames = self.compressor?.compress(frames) ?? frames
        self.context?.write(Self.wrapOutboundOut(frames), promise: nil)
    }

    /// Writes frame bytes and sends them.
    func writeAndFlush(_ frames: ByteBuffer) {
        guard case .open = self.state else { return }
        let frames = self.compressor?.compress(frames) ?? frames
        self.context?.writeAndFlush(Self.wrapOutboundOut(frames), promise: nil)
    }

    /// Sends what was written.
    func flush() {
        self.context?.flush()
    }

    /// Sends a close frame behind what was written, waits a while for the peer's, and closes.
    func close(_ code: WebSocketErrorCode?) {
        guard case .open = self.state, let context = self.context else { return }
        self.state = .closing
        context.writeAndFlush(Self.wrapOutboundOut(ServerFrames.close(code)), promise: nil)
        self.closeAfterTimeout(context)
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.parser.feed(Self.unwrapInboundIn(data))
        while let part = self.parser.next() {
            switch self.state {
            case .open:
                self.handle(self.assembler.receive(part), context: context)
            case .closing:
                // Only the peer's close frame still matters; it may stand anywhere among what was under way.
                if part.header.opcode == .connectionClose { self.finish(context) }
            case .closed:
                return
            }
        }
    }

    private func handle(_ event: WebSocketMessageAssembler.Event, context: ChannelHandlerContext) {
        switch event {
        case .none:
            break
        case .text(let bytes):
            self.onEvent?(.text(bytes))
        case .binary(let bytes):
            self.onEvent?(.binary(bytes))
        case .ping(let payload):
            let pong = ServerFrames.frame(.pong, payload.readableBytesView)
            // A peer that pings without reading must not fill our memory with pongs.
            guard context.channel.isWritable else {
                self.pongDue = pong
                break
            }
            context.writeAndFlush(Self.wrapOutboundOut(pong), promise: nil)
        case .close(let code):
            self.answerAndClose(code, context: context)
        case .violation(let code, _):
            self.answerAndClose(code, context: context)
        }
    }

    /// Answers the peer's close frame or breach with a close frame, then closes once that frame is out.
    private func answerAndClose(_ code: WebSocketErrorCode?, context: ChannelHandlerContext) {
        self.state = .closing
        self.report(.closed)
        let promise = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let boundContext = NIOLoopBound(context, eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { _ in bound.value.finish(boundContext.value) }
        context.writeAndFlush(Self.wrapOutboundOut(ServerFrames.close(code)), promise: promise)
        // A peer that does not read keeps that promise open for ever.
        self.closeAfterTimeout(context)
    }

    private func closeAfterTimeout(_ context: ChannelHandlerContext) {
        guard self.closeTimer == nil else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let boundContext = NIOLoopBound(context, eventLoop: context.eventLoop)
        self.closeTimer = context.eventLoop.scheduleTask(in: self.closeTimeout) {
            bound.value.finish(boundContext.value)
        }
    }

    private func finish(_ context: ChannelHandlerContext) {
        self.report(.closed)
        if case .closed = self.state { return }
        self.state = .closed
        self.closeTimer?.cancel()
        self.closeTimer = nil
        context.close(promise: nil)
    }

    private func report(_ event: Event) {
        guard let onEvent = self.onEvent else { return }
        if case .closed = event { self.onEvent = nil }
        onEvent(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.finish(context)
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        if let pong = self.pongDue, case .open = self.state {
            self.pongDue = nil
            context.writeAndFlush(Self.wrapOutboundOut(pong), promise: nil)
        }
        self.report(.writable)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            // With half-closure allowed (Hummingbird does) this comes in place of `channelInactive`. A WebSocket whose
            // client sends no more is over.
            self.finish(context)
        case is ChannelShouldQuiesceEvent:
            self.report(.shouldQuiesce)
            self.close(.goingAway)
        default:
            // Handlers behind this one are HTTP's; their timers and events no longer concern this connection.
            break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.finish(context)
    }

    // MARK: Pipeline

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.report(.closed)
        self.state = .closed
        self.context = nil
        self.closeTimer?.cancel()
        self.closeTimer = nil
    }
}

@available(*, unavailable)
extension WebSocketHandler: Sendable {}
