import NIOCore
import NIOHTTP1
import SocketIOProtocol

/// Takes the requests for the Socket.IO path out of an HTTP/1 pipeline and lets everything else through untouched.
///
/// Confined to its channel's event loop. One exchange of its own at a time, and none while responses of the handlers behind
/// it are due: pipelined requests are answered in the order they came, whoever answers them. What has to wait for that
/// waits here, and reading stops meanwhile.
final class Gate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Our own request that is under way.
    struct Exchange {
        enum Phase {
            /// The body is arriving; `body` holds what is of use.
            case receiving(Intent)
            /// The request is whole; the answer is awaited.
            case waiting
            /// Answered before it was whole: the rest is thrown away, then the connection is closed.
            case discarding
            /// The pipeline is being turned into a WebSocket's.
            case upgrading
        }

        /// What happens once the request is whole.
        enum Intent {
            /// The session's loop is still being asked.
            case undecided
            /// The answer is known already. It waits for the end of the request, so that the connection can live on, unless
            /// there is a body: nobody has to send that in vain.
            case answer(EngineResponse, [(String, String)])
            /// A GET, of a session or to open one: its body, if any, means nothing.
            case get(EngineConnection?)
            /// A POST for a session.
            case post(EngineConnection, TransportID, contentLength: Int?)
            /// A WebSocket.
            case upgrade(EngineConnection?, key: String)
        }

        let number: UInt64
        let head: HTTPRequestHead
        let corsHeaders: [(String, String)]
        var phase: Phase
        /// Breaks a rule of HTTP, so that the connection ends with it.
        var isMalformed = false
        /// The client sends the body once it was told to go on.
        var awaitsContinue = false
        var body: [UInt8] = []
        /// The body is too large, and whoever answers was told so.
        var isOverflowing = false
        /// The session that will answer, so that it can be told when this channel goes away.
        var owner: (connection: EngineConnection, id: TransportID)?
    }

    let server: SocketIOServer
    let isSecure: Bool
    var exchange: Exchange?
    private var exchangeCount: UInt64 = 0

    /// Responses that handlers behind us still owe.
    private var responsesDue = 0
    /// A part of a request, and for its head what HTTP's own rules say to it.
    private struct Incoming {
        let part: HTTPServerRequestPart
        var verdict = RequestRules.Verdict.proceed(expectsContinue: false)

        init(_ part: HTTPServerRequestPart) {
            guard case .head(var head) = part else {
                self.part = part
                return
            }
            self.verdict = RequestRules.judge(&head)
            self.part = .head(head)
        }
    }

    /// Parts that wait for the exchange, or the responses due, to end.
    private var waiting = CircularBuffer<Incoming>.small
    private var isReadWithheld = false
    private var isDraining = false
    /// Between `channelRead` and `channelReadComplete`.
    private var isInReadCycle = false
    /// Parts went to the handlers behind us since they were last told that a read was complete.
    private var hasPassedOn = false
    /// The server stops: the answer under way is the connection's last.
    private var isQuiescing = false

    private var idleTimer: Scheduled<Void>?
    private var idleSince = NIODeadline.now()
    private var exchangeTimer: Scheduled<Void>?

    init(server: SocketIOServer, isSecure: Bool) {
        self.server = server
        self.isSecure = isSecure
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .upgrading? = self.exchange?.phase { return }
        self.isInReadCycle = true
        self.waiting.append(Incoming(Self.unwrapInboundIn(data)))
        self.drain(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isInReadCycle = false
        self.hasPassedOn = false
        context.fireChannelReadComplete()
    }

    /// Handles waiting parts as far as the order of responses allows.
    func drain(_ context: ChannelHandlerContext) {
        guard !self.isDraining else { return }
        self.isDraining = true
        while let part = self.waiting.first, self.canHandle(part, context: context) {
            self.waiting.removeFirst()
            self.handle(part, context: context)
        }
        self.isDraining = false
        if self.hasPassedOn, !self.isInReadCycle {
            // Parts that had waited: some handlers look at them only when they are told that there are no more.
            self.hasPassedOn = false
            context.fireChannelReadComplete()
        }
        if self.waiting.isEmpty, self.isReadWithheld {
            self.isReadWithheld = false
            context.read()
        }
    }

    private func canHandle(_ incoming: Incoming, context: ChannelHandlerContext) -> Bool {
        switch (self.exchange?.phase, incoming.part) {
        case (.receiving, _), (.discarding, _):
            true
        case (.waiting, _), (.upgrading, _):
            false
        case (nil, .head(let head)):
            // A client that asks and asks without reading the answers gets no more of them into our memory.
            !self.isOurs(head, incoming.verdict) || (self.responsesDue == 0 && context.channel.isWritable)
        case (nil, .body), (nil, .end):
            true
        }
    }

    /// Whether we have something to write for a request: an answer, or that its body may come.
    private func isOurs(_ head: HTTPRequestHead, _ verdict: RequestRules.Verdict) -> Bool {
        if case .proceed(expectsContinue: false) = verdict {
            return RequestTarget.isMatch(head.uri, path: self.server.configuration.path)
        }
        return true
    }

    private func handle(_ incoming: Incoming, context: ChannelHandlerContext) {
        let part = incoming.part
        switch (self.exchange?.phase, part) {
        case (nil, .head(let head)):
            self.handle(head, incoming.verdict, context: context)
        case (nil, .body), (nil, .end):
            self.hasPassedOn = true
            context.fireChannelRead(Self.wrapInboundOut(part))
        case (.receiving(let intent), .body(let bytes)):
            self.receive(bytes, intent: intent, context: context)
        case (.receiving(let intent), .end):
            self.exchangeTimer?.cancel()
            self.exchange?.phase = .waiting
            self.requestIsWhole(intent, context: context)
        case (.discarding, .end):
            context.close(promise: nil)
        case (.discarding, _), (.receiving, .head), (.waiting, _), (.upgrading, _):
            break
        }
    }

    private func handle(_ head: HTTPRequestHead, _ verdict: RequestRules.Verdict, context: ChannelHandlerContext) {
        switch verdict {
        case .refuse(let refusal):
            self.exchangeCount += 1
            self.startExchangeTimer(context)
            self.refuse(head, refusal, number: self.exchangeCount)
        case .proceed(let expectsContinue):
            if RequestTarget.isMatch(head.uri, path: self.server.configuration.path) {
                self.exchangeCount += 1
                self.startExchangeTimer(context)
                self.begin(head, number: self.exchangeCount, awaitsContinue: expectsContinue, context: context)
            } else {
                if expectsContinue { Self.writeContinue(context) }
                self.responsesDue += 1
                self.hasPassedOn = true
                context.fireChannelRead(Self.wrapInboundOut(.head(head)))
            }
        }
    }

    func read(context: ChannelHandlerContext) {
        if self.waiting.isEmpty {
            context.read()
        } else {
            self.isReadWithheld = true
        }
    }

    // MARK: Outbound

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = Self.unwrapOutboundIn(data) else {
            context.write(data, promise: promise)
            return
        }
        context.write(data, promise: promise)
        self.responsesDue -= 1
        self.idleSince = .now()
        self.drain(context)
    }

    private static func writeContinue(_ context: ChannelHandlerContext) {
        context.writeAndFlush(self.wrapOutboundOut(.head(RequestRules.invitation)), promise: nil)
    }

    /// Asks for the body of our exchange, if the client waits for that.
    func inviteBody(_ context: ChannelHandlerContext) {
        guard self.exchange?.awaitsContinue ?? false else { return }
        self.exchange?.awaitsContinue = false
        Self.writeContinue(context)
    }

    /// Answers our exchange as soon as that does not cost the connection: at the end of the request, or at its body.
    ///
    /// A client that waits to be told to send the body gets the answer in place of that.
    func answerAtEnd(_ number: UInt64, _ response: EngineResponse, headers: [(String, String)] = []) {
        guard self.exchange?.number == number else { return }
        if case .receiving? = self.exchange?.phase, self.exchange?.awaitsContinue == false {
            self.exchange?.phase = .receiving(.answer(response, headers))
        } else {
            self.respond(number, response, headers: headers)
        }
    }

    /// Answers our exchange, if `number` is still the one under way.
    ///
    /// - Parameters:
    ///   - number: the exchange.
    ///   - response: the answer.
    ///   - headers: headers besides those of the answer.
    ///   - taken: kept once the system has taken the answer; broken when it never will.
    func respond(
        _ number: UInt64,
        _ response: EngineResponse,
        headers: [(String, String)] = [],
        taken: EventLoopPromise<Void>? = nil
    ) {
        guard let exchange = self.exchange, exchange.number == number, let context = self.context else {
            taken?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let isWhole: Bool
        switch exchange.phase {
        case .waiting:
            isWhole = true
        case .receiving:
            isWhole = false
        case .discarding, .upgrading:
            taken?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let isUpgrade = WebSocketHandshake.isUpgrade(exchange.head)
        // llhttp stops parsing behind a request with `Connection: upgrade`, so a refused one ends the connection.
        let keepsAlive =
            exchange.head.isKeepAlive && isWhole && !isUpgrade && !exchange.isMalformed && !self.isQuiescing
            && !self.server.isShuttingDown

        var head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: response.status))
        head.headers.reserveCapacity(8)
        for (name, value) in exchange.corsHeaders + headers { head.headers.add(name: name, value: value) }
        if response.status != 204 {
            head.headers.add(name: "content-type", value: response.contentType.rawValue)
            head.headers.add(name: "content-length", value: String(response.body.count))
        }
        head.headers.add(name: "cache-control", value: "no-store")
        if !keepsAlive {
            head.headers.add(name: "connection", value: "close")
        } else if exchange.head.version == .http1_0 {
            head.headers.add(name: "connection", value: "keep-alive")
        }

        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        if !response.body.isEmpty, exchange.head.method != .HEAD {
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        let end = Self.wrapOutboundOut(.end(nil))
        self.idleSince = .now()
        guard isWhole else {
            // Closing with unread bytes would reset the connection and may take the answer with it.
            context.writeAndFlush(end, promise: taken)
            self.exchange?.phase = .discarding
            self.exchange?.owner = nil
            self.startExchangeTimer(context)
            return
        }
        self.endExchange()
        if keepsAlive {
            context.writeAndFlush(end, promise: taken)
            self.drain(context)
        } else {
            self.waiting.removeAll()
            let promise = taken ?? context.eventLoop.makePromise(of: Void.self)
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            promise.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
            context.writeAndFlush(end, promise: promise)
        }
    }

    /// The exchange is over; the next request may begin.
    func endExchange() {
        self.exchange = nil
        self.exchangeTimer?.cancel()
        self.exchangeTimer = nil
    }

    // MARK: Life

    /// Our context, while we are in the pipeline.
    private(set) var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.idleSince = .now()
        self.startIdleTimer(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.abort()
        self.context = nil
        self.idleTimer?.cancel()
        self.idleTimer = nil
        self.exchangeTimer?.cancel()
        self.exchangeTimer = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.abort()
        context.fireChannelInactive()
    }

    /// Tells the session that its answer has nowhere to go.
    private func abort() {
        self.waiting.removeAll()
        guard let exchange = self.exchange else { return }
        // Also without an owner: its loop, if it is still being asked, must not take up a request that is gone.
        self.endExchange()
        guard let (connection, id) = exchange.owner else { return }
        connection.run { connection.requestAborted(id) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.drain(context) }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            // A client that waits in a long poll and has closed its half has gone away.
            if self.exchange != nil {
                self.abort()
                context.close(promise: nil)
                return
            }
        case is HTTPServerUpgradeEvents:
            // Another gate's: it keeps its own time, and no request will come.
            self.idleTimer?.cancel()
            self.idleTimer = nil
        case is ChannelShouldQuiesceEvent where self.exchange != nil:
            // The handlers behind us know nothing of this request and would close under it. The answer, which a shutdown
            // of the server brings at once, closes the connection; the timer does so if it stays away.
            self.isQuiescing = true
            self.startExchangeTimer(context)
            return
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Closes the connection when no whole request came for a while, which bounds half-sent heads as well.
    private func startIdleTimer(_ context: ChannelHandlerContext) {
        guard let timeout = self.server.configuration.idleTimeout.map(TimeAmount.init) else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.idleTimer = context.eventLoop.scheduleTask(deadline: self.idleSince + timeout) {
            bound.value.idleTimerFired(timeout)
        }
    }

    private func idleTimerFired(_ timeout: TimeAmount) {
        guard let context = self.context else { return }
        if self.exchange != nil || self.responsesDue > 0 {
            self.idleSince = .now()
        } else if NIODeadline.now() >= self.idleSince + timeout {
            context.close(promise: nil)
            return
        }
        self.startIdleTimer(context)
    }

    /// Closes the connection when the body of a request, or the end of a refused one, takes too long.
    private func startExchangeTimer(_ context: ChannelHandlerContext) {
        self.exchangeTimer?.cancel()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let number = self.exchangeCount
        self.exchangeTimer = context.eventLoop.scheduleTask(in: TimeAmount(self.server.configuration.requestTimeout)) {
            guard bound.value.exchangeCount == number, let context = bound.value.context else { return }
            context.close(promise: nil)
        }
    }
}

@available(*, unavailable)
extension Gate: Sendable {}
