import Logging
import NIOCore
import NIOWebSocket
import SocketIOProtocol

/// One Engine.IO session with its transports and sockets, confined to the event loop it was opened on.
///
/// It glues the two sans-IO machines of `SocketIOProtocol` to channels: events go into `engine`, its actions come out and
/// are performed in order, messages go on into `socketIO`. Outbound, everything passes through one queue that is flushed at
/// the end of the loop's turn.
///
/// `@unchecked Sendable`: every member but `id`, `server`, `loop` and `info`, which never change, is touched only on
/// `loop.eventLoop`; whoever comes from elsewhere uses ``run(_:)``.
final class EngineConnection: @unchecked Sendable {
    /// What opened the connection.
    enum Opening {
        case polling(TransportID, ResponseSink)
        case webSocket(TransportID, WebSocketLink)
    }

    let id: String
    let server: SocketIOServer
    let loop: LoopContext
    let info: ConnectionInfo

    var engine: EngineServerSession
    var socketIO: SocketServerSession
    var sockets: [WireName: Socket] = [:]
    var outbound = OutboundQueue()
    /// Its sockets' places in feeds that have something for them in this turn.
    var awaited: [FeedMember] = []
    /// The application of an ``EngineServer``; nil where Socket.IO is spoken.
    private(set) var engineSocket: EngineSocket?

    /// The transport in use, or last in use when the session is over.
    private(set) var transport: EngineTransport

    /// Requests that await an answer, and WebSockets that are open, by the ids the engine knows them under.
    private var exchanges: [TransportID: ResponseSink] = [:]
    private var webSockets: [TransportID: WebSocketLink] = [:]

    /// The WebSocket that carries the session; stays set while the last frames go out.
    var direct: WebSocketLink?
    /// The GET that waits for something to send, so that what cannot go out yet stays in our queue.
    var waitingGet: TransportID?
    /// Bytes of the last answer to a GET, until the system has taken them; 0 when it has.
    var answerBytes = 0
    /// Another loop writes our last batch.
    var isBatchUnderWay = false
    /// Asked for a flush at the end of this turn.
    var isFlushScheduled = false
    /// The transport took no more at some time, and nobody was told yet that it does again.
    var isBehind = false
    /// The code to close `direct` with once the queue is empty.
    var closeCode: WebSocketErrorCode?

    /// CONNECTs whose middleware runs.
    var pendingConnects: [WireName: PendingConnect] = [:]
    var connectCount: UInt64 = 0
    /// What came for them meanwhile.
    var held = HeldMessages()

    /// What came before the connection was in any namespace; nil once it has been in one.
    var beforeConnect: (packets: Int, bytes: Int)? = (0, 0)

    var messageBucket: TokenBucket?
    var byteBucket: TokenBucket?
    /// A message of the packet that is arriving was over the rate.
    var isPacketRefused = false

    /// Whether the application is done with this connection; why, when the server decided it.
    private(set) var isClosing = false
    private var closeReason: DisconnectReason?
    private var isFinished = false

    private var actions: CircularBuffer<EngineServerAction> = .small
    private var isPerforming = false
    private var timer: Scheduled<Void>?
    private var timerDeadline: Instant?

    /// A CONNECT that is being decided.
    struct PendingConnect {
        let number: UInt64
        var socket: Socket?
        var task: Task<Void, Never>?

        /// Nobody waits for the decision any more.
        func abandon() {
            self.task?.cancel()
            self.socket?.goBackAway()
        }
    }

    /// Makes the connection on the current loop; ``open()`` makes it known and sends the handshake.
    init(server: SocketIOServer, eventLoop: any EventLoop, info: ConnectionInfo, opening: Opening) {
        let now = NIODeadline.now()
        let configuration = server.configuration
        self.id = SessionIDs.make()
        self.server = server
        self.loop = server.loops.context(of: eventLoop)
        self.info = info
        self.messageBucket = configuration.messageRate.map { TokenBucket($0, now: now) }
        self.byteBucket = configuration.byteRate.map { TokenBucket($0, now: now) }

        var first: [EngineServerAction] = []
        let engineOpening: EngineServerSession.Opening
        switch opening {
        case .polling(let id, let sink):
            self.exchanges[id] = sink
            self.transport = .polling
            engineOpening = .polling(id)
        case .webSocket(let id, let link):
            self.webSockets[id] = link
            self.direct = link
            self.transport = .webSocket
            engineOpening = .webSocket(id)
        }
        self.engine = EngineServerSession(
            configuration: server.engineConfiguration,
            sessionID: self.id,
            opening: engineOpening,
            now: Instant(now),
            actions: &first
        )
        self.socketIO = SocketServerSession(configuration: server.socketConfiguration, now: Instant(now))
        self.actions.append(contentsOf: first)
    }

    /// Makes the connection known and sends the handshake.
    func open() {
        self.loop.add(self)
        self.server.register(self)
        if let application = self.server.engineApplication {
            // Before the handshake goes out, so that nothing the client sends can be missed; what is sent goes behind it.
            let socket = EngineSocket(connection: self)
            self.engineSocket = socket
            self.perform([])
            application.connected(socket)
        } else {
            self.perform([])
        }
    }

    /// Runs `body` on the connection's loop: now if we are there.
    func run(_ body: @escaping @Sendable () -> Void) {
        if self.loop.eventLoop.inEventLoop {
            body()
        } else {
            self.loop.eventLoop.execute(body)
        }
    }

    // MARK: Events of the transports

    /// A GET for this session.
    func pollingGet(_ id: TransportID, sink: ResponseSink) {
        self.exchanges[id] = sink
        // First what waits, or an engine that is being probed would release the request with a noop.
        let waiting = self.takeForGet()
        if let waiting { self.perform(waiting) }
        self.waitingGet = id
        self.perform(self.engine.pollingGet(id, now: .now))
        if waiting != nil { self.noteTaken() }
        self.flush()
    }

    /// The head of a POST for this session.
    func postBegan(_ id: TransportID, contentLength: Int?, isBinary: Bool, sink: ResponseSink) {
        self.exchanges[id] = sink
        self.perform(
            self.engine.pollingPostBegan(id, contentLength: contentLength, isBinary: isBinary, now: .now)
        )
    }

    /// The body of a POST, unless that was answered already.
    func postEnded(_ id: TransportID, body: [UInt8]) {
        guard self.exchanges[id] != nil else { return }
        if self.chargeControlPackets(in: body) == .farBeyond { return self.close(.rateLimited) }
        self.perform(self.engine.pollingPostEnded(id, body: body, now: .now))
    }

    /// The body of a POST is too large.
    func postOverflowed(_ id: TransportID) {
        guard self.exchanges[id] != nil else { return }
        self.perform(self.engine.pollingPostOverflowed(id, now: .now))
    }

    /// The channel of a request went away before the answer.
    func requestAborted(_ id: TransportID) {
        self.loop.eventLoop.assertInEventLoop()
        guard self.exchanges.removeValue(forKey: id) != nil else { return }
        if self.waitingGet == id { self.waitingGet = nil }
        self.perform(self.engine.requestAborted(id, now: .now))
    }

    /// A WebSocket with this session's id was accepted.
    func webSocketOpened(_ id: TransportID, _ link: WebSocketLink) {
        guard !self.isFinished else { return link.close(.normalClosure) }
        self.webSockets[id] = link
        self.perform(self.engine.webSocketOpened(id, now: .now))
    }

    /// Something happened on a WebSocket.
    func webSocketEvent(_ id: TransportID, _ event: WebSocketHandler.Event) {
        switch event {
        case .text(let bytes):
            // Messages are charged when the engine delivers them; see `chargeControlPackets`.
            if bytes.first != UInt8(ascii: "4"), self.charge(.text(bytes)) == .farBeyond {
                return self.close(.rateLimited)
            }
            self.perform(self.engine.webSocketText(id, bytes, now: .now))
        case .binary(let bytes):
            self.perform(self.engine.webSocketBinary(id, bytes, now: .now))
        case .writable:
            self.flush()
        case .shouldQuiesce:
            self.close(.serverShuttingDown)
        case .closed:
            let link = self.webSockets.removeValue(forKey: id)
            if let link, link === self.direct {
                self.direct = nil
                self.outbound.removeAll()
            }
            self.perform(self.engine.webSocketClosed(id, now: .now))
        }
    }

    // MARK: Actions of the engine

    /// Performs actions in order, also those that performing brings about.
    func perform(_ new: [EngineServerAction]) {
        self.actions.append(contentsOf: new)
        guard !self.isPerforming else { return }
        self.isPerforming = true
        while let action = self.actions.popFirst() {
            self.perform(action)
        }
        self.isPerforming = false
        if self.outbound.hasPackets, self.engine.directWebSocket != nil {
            self.outbound.convertPacketsToFrames()
        }
        self.schedule()
    }

    private func perform(_ action: EngineServerAction) {
        switch action {
        case .respond(let id, let response):
            guard let sink = self.exchanges.removeValue(forKey: id) else { break }
            if self.waitingGet == id {
                self.waitingGet = nil
                self.answerBytes = response.body.count
                sink.respond(response) { self.run { self.answerTaken() } }
            } else {
                sink.respond(response)
            }
        case .sendWebSocketText(let id, let bytes):
            self.send(ServerFrames.frame(.text, bytes), to: id)
        case .sendWebSocketBinary(let id, let bytes):
            self.send(ServerFrames.frame(.binary, bytes), to: id)
        case .closeWebSocket(let id, let code):
            self.closeWebSocket(id, WebSocketErrorCode(codeNumber: Int(code)))
        case .deliver(let message):
            if !self.isClosing { self.receive(message) }
        case .upgraded(let id):
            self.direct = self.webSockets[id]
            self.transport = .webSocket
            self.scheduleFlush()
        case .closed(let reason):
            self.sessionClosed(self.closeReason ?? DisconnectReason(reason))
        case .finished:
            self.finish()
        }
    }

    private func send(_ frames: ByteBuffer, to id: TransportID) {
        guard let link = self.webSockets[id] else { return }
        if link === self.direct || self.engine.directWebSocket == id {
            self.outbound.append(frames: frames, droppableFor: nil)
            self.scheduleFlush()
        } else {
            link.send(frames)
        }
    }

    private func closeWebSocket(_ id: TransportID, _ code: WebSocketErrorCode) {
        guard let link = self.webSockets[id] else { return }
        guard link === self.direct else { return link.close(code) }
        self.closeCode = self.closeReason?.webSocketCode ?? code
        self.flush()
        guard self.closeCode != nil else { return }
        // A peer that does not read must not keep what is queued for it.
        self.loop.eventLoop.scheduleTask(in: TimeAmount(self.server.configuration.closeTimeout)) {
            guard let direct = self.direct, let code = self.closeCode else { return }
            self.outbound.removeAll()
            self.closeCode = nil
            self.direct = nil
            direct.close(code)
        }
    }

    // MARK: The end

    /// Closes the connection for the server's reasons; what is queued still goes out.
    func close(_ reason: DisconnectReason) {
        guard !self.isClosing else { return }
        self.takeFeeds()
        self.isClosing = true
        self.closeReason = reason
        if self.direct == nil, self.outbound.hasPackets {
            self.perform(self.engine.send(self.outbound.popMessages(count: .max), now: .now))
        }
        self.perform(self.engine.close(now: .now))
    }

    /// Gives up on a connection that does not end by itself.
    func abandon() {
        self.outbound.removeAll()
        for link in self.webSockets.values { link.close(.goingAway) }
        for (id, sink) in self.exchanges {
            self.exchanges[id] = nil
            sink.respond(EngineErrorCode.sessionIDUnknown.response())
        }
        if !self.isFinished { self.finish() }
    }

    /// The session is over for the application.
    private func sessionClosed(_ reason: DisconnectReason) {
        self.isClosing = true
        self.held = HeldMessages()
        let pending = self.pendingConnects.values
        self.pendingConnects.removeAll()
        for connect in pending { connect.abandon() }
        let sockets = self.sockets.values.sorted { $0.id < $1.id }
        self.sockets.removeAll()
        for socket in sockets { socket.didDisconnect(reason) }
        self.engineSocket?.didClose(reason)
        self.engineSocket = nil
        self.server.logger.debug(
            "connection closed",
            metadata: ["connection": "\(String(self.info.number, radix: 36))", "reason": "\(reason)"]
        )
    }

    private func finish() {
        if !self.isClosing { self.sessionClosed(self.closeReason ?? .transportClose) }
        self.isFinished = true
        self.timer?.cancel()
        self.timer = nil
        self.server.unregister(self)
        self.loop.remove(self)
    }

    // MARK: Time

    /// Whether the Socket.IO machine has a say.
    private var speaksSocketIO: Bool { !self.isClosing && self.engineSocket == nil }

    /// One timer for both machines, set anew only for an earlier deadline.
    private func schedule() {
        guard !self.isFinished else { return }
        let deadlines = [self.engine.nextDeadline, self.speaksSocketIO ? self.socketIO.nextDeadline : nil]
        guard let next = deadlines.compactMap({ $0 }).min() else { return }
        if let current = self.timerDeadline, self.timer != nil, current <= next { return }
        self.timer?.cancel()
        self.timerDeadline = next
        self.timer = self.loop.eventLoop.scheduleTask(deadline: .uptimeNanoseconds(next.nanoseconds)) {
            self.timer = nil
            self.timerFired()
        }
    }

    private func timerFired() {
        let now = Instant.now
        self.perform(self.engine.timerFired(now: now))
        if self.speaksSocketIO { self.perform(self.socketIO.timerFired(now: now)) }
        if !self.isClosing { self.schedule() }
    }
}

extension Instant {
    /// Now, on NIO's clock.
    static var now: Instant { Instant(.now()) }

    /// A deadline of NIO as the state machines know time.
    init(_ deadline: NIODeadline) {
        self.init(nanoseconds: deadline.uptimeNanoseconds)
    }
}

extension DisconnectReason {
    /// The engine's reason in the words that handlers know.
    fileprivate init(_ reason: EngineCloseReason) {
        self =
            switch reason {
            case .closedByClient, .transportClosed: .transportClose
            case .closedByServer: .forcedServerClose
            case .pingTimeout: .pingTimeout
            case .bufferOverflow: .slowConsumer
            case .overlappingRequests: .transportError
            case .malformedPacket, .invalidHeartbeatDirection, .unexpectedPacket, .payloadTooLarge: .parseError
            }
    }

    /// The close code that says this reason best; nil to leave the choice to the engine.
    fileprivate var webSocketCode: WebSocketErrorCode? {
        switch self {
        case .serverShuttingDown: .goingAway
        case .rateLimited, .slowConsumer: .policyViolation
        default: nil
        }
    }
}
