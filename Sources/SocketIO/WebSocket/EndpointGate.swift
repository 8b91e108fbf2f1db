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
    /// HTTP's own reason to refuse the request that is arriving.
    private var refusal: RequestRules.Refusal?
    /// The body of the last request that was passed on comes when the client is told so.
    private var owesContinue = false
    private var idleTimer: Scheduled<Void>?
    private var idleSince = NIODeadline.uptimeNanoseconds(0)

    init(endpoint: WebSocketEndpoint) {
        self.endpoint = endpoint
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isWhole else { return }
        var part = Self.unwrapInboundIn(data)
        if case .head(var head) = part {
            switch RequestRules.judge(&head) {
            case .refuse(let refusal):
                self.refusal = refusal
                self.head = head
                // What follows is nobody's any more.
                self.isWhole = true
                return self.answerInTurn(context)
            case .proceed(let expectsContinue):
                self.owesContinue = expectsContinue
                part = .head(head)
            }
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
            self.inviteBody(context)
        }
        guard self.head != nil else { return context.fireChannelRead(Self.wrapInboundOut(part)) }
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
        self.inviteBody(context)
        guard self.isWhole, self.responsesDue == 0 else { return }
        // Whoever writes this flushes it next, and must find an HTTP pipeline when it does.
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let boundContext = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.execute { bound.value.answerInTurn(boundContext.value) }
    }

    /// Answers once every request before has its response: behind the upgrade no HTTP handler may write any more.
    private func answerInTurn(_ context: ChannelHandlerContext) {
        guard self.responsesDue == 0, context.channel.isActive, let head = self.head.take() else { return }
        self.answer(head, refusal: self.refusal, context)
    }

    /// Asks for the body of the last request, once every request before has its response.
    private func inviteBody(_ context: ChannelHandlerContext) {
        guard self.owesContinue, self.responsesDue == 1 else { return }
        self.owesContinue = false
        context.writeAndFlush(Self.wrapOutboundOut(.head(RequestRules.invitation)), promise: nil)
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
