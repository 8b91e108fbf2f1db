import NIOCore
import NIOHTTP1
import SocketIOProtocol

/// Takes the upgrade requests for a ``WebSocketEndpoint`` out of an HTTP/1 pipeline; what is no upgrade passes on.
final class EndpointGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    let endpoint: WebSocketEndpoint
    /// The request of ours that is arriving.
    private var head: HTTPRequestHead?
    /// It is there as a whole; nothing follows one, llhttp stops behind an upgrade.
    private var isWhole = false
    /// Requests before it that the handlers behind us have still to answer.
    private var responsesDue = 0
    private var idleTimer: Scheduled<Void>?
    private var idleSince = NIODeadline.uptimeNanoseconds(0)

    init(endpoint: WebSocketEndpoint) {
        self.endpoint = endpoint
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isWhole else { return }
        let part = Self.unwrapInboundIn(data)
        if case .head(let head) = part {
            if WebSocketHandshake.isUpgrade(head), RequestTarget.isMatch(head.uri, path: self.endpoint.path) {
                self.head = head
                // What announces a body is refused, and may take for ever to send it.
                if WebSocketHandshake.announcesBody(head) {
                    self.isWhole = true
                    self.answerInTurn(context)
                }
                return
            }
            self.responsesDue += 1
        }
        guard self.head != nil else { return context.fireChannelRead(data) }
        if case .end = part {
            self.isWhole = true
            self.answerInTurn(context)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = Self.unwrapOutboundIn(data)
        context.write(data, promise: promise)
        guard case .end = part else { return }
        self.responsesDue -= 1
        self.idleSince = context.eventLoop.now
        guard self.isWhole, self.responsesDue == 0 else { return }
        // Whoever writes this flushes it next, and must find an HTTP pipeline when it does.
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let boundContext = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.execute { bound.value.answerInTurn(boundContext.value) }
    }

    /// Answers once every request before has its response: behind the upgrade no HTTP handler may write any more.
    private func answerInTurn(_ context: ChannelHandlerContext) {
        guard self.responsesDue == 0, context.channel.isActive, let head = self.head.take() else { return }
        self.answer(head, context)
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.idleSince = context.eventLoop.now
        self.startIdleTimer(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.stopIdleTimer()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Another gate's upgrade: it keeps its own time, and no request will come.
        if event is HTTPServerUpgradeEvents { self.stopIdleTimer() }
        context.fireUserInboundEventTriggered(event)
    }

    private func stopIdleTimer() {
        self.idleTimer?.cancel()
        self.idleTimer = nil
    }

    /// Closes the connection when no whole request came for a while, which bounds half-sent heads as well.
    private func startIdleTimer(_ context: ChannelHandlerContext) {
        guard let timeout = self.endpoint.configuration.idleTimeout.map(TimeAmount.init) else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let boundContext = NIOLoopBound(context, eventLoop: context.eventLoop)
        self.idleTimer = context.eventLoop.scheduleTask(deadline: self.idleSince + timeout) {
            bound.value.idleTimerFired(timeout, boundContext.value)
        }
    }

    private func idleTimerFired(_ timeout: TimeAmount, _ context: ChannelHandlerContext) {
        // The requests of a Socket.IO gate before us never come here; such a gate keeps the time of all.
        if (try? context.pipeline.syncOperations.handler(type: Gate.self)) != nil { return }
        if self.isWhole || self.responsesDue > 0 {
            self.idleSince = context.eventLoop.now
        } else if context.eventLoop.now >= self.idleSince + timeout {
            context.close(promise: nil)
            return
        }
        self.startIdleTimer(context)
    }
}

@available(*, unavailable)
extension EndpointGate: Sendable {}
