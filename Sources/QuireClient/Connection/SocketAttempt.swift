internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOWebSocket
internal import SocketIOProtocol

/// One attempt to be connected, and the connection when it succeeds: the protocol's sessions over one transport.
///
/// Used once: to reconnect, another is made. Confined to its event loop.
final class SocketAttempt {
    /// What the owner hears, in order.
    ///
    /// After `ended` nothing comes.
    enum Event {
        case connected
        case event(name: String, arguments: [JSON])
        case ended(QuireError, isFinal: Bool)
    }

    private struct Request {
        let deadline: NIODeadline
        let completion: (Result<[JSON], QuireError>) -> Void
    }

    private let address: ServerAddress
    private let auth: JSONObject
    private let configuration: ConnectionConfiguration
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let onEvent: (Event) -> Void
    private var engine: EngineClientSession
    private var socket = SocketClientSession()
    private var transport: WebSocketTransport?
    private var polling: PollingTransport?
    private let traffic: Traffic
    private var requests: [UInt64: Request] = [:]
    private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?
    private var isEnded = false
    private var isFlushScheduled = false
    /// Whether the server answered the upgrade with an HTTP answer: it, or a proxy, does not speak WebSocket here.
    private(set) var wasUpgradeRefused = false

    init(
        address: ServerAddress,
        auth: JSONObject,
        mode: EngineClientSession.Mode,
        configuration: ConnectionConfiguration,
        eventLoop: any EventLoop,
        traffic: Traffic,
        logger: Logger,
        onEvent: @escaping (Event) -> Void
    ) {
        self.address = address
        self.auth = auth
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.traffic = traffic
        self.logger = logger
        self.onEvent = onEvent
        self.engine = EngineClientSession(
            configuration: .init(mode: mode, maxPayload: configuration.maximumMessageSize)
        )
    }

    private var now: Instant { Instant(nanoseconds: NIODeadline.now().uptimeNanoseconds) }

    /// Begins.
    func start() {
        self.perform(self.engine.start(now: self.now))
    }

    /// Ends without an event; the server is told.
    func close() {
        guard !self.isEnded else { return }
        self.isEnded = true
        self.timer?.task.cancel()
        for action in self.engine.close(now: self.now) {
            self.performTransport(action)
        }
        self.flushTransport()
        self.tearDown()
    }

    /// Sends an event; `completion` gets the ack, or why there is none.
    func request(_ event: String, _ arguments: [JSON], completion: @escaping (Result<[JSON], QuireError>) -> Void) {
        let sent = self.socket.emitWithAck(namespace: DocsMessages.namespace, name: event, arguments: arguments)
        guard !self.isEnded, let sent else {
            completion(.failure(.init(code: .disconnected, message: "not connected", retryable: true)))
            return
        }
        let deadline = NIODeadline.now() + TimeAmount(self.configuration.ackTimeout)
        self.requests[sent.id] = Request(deadline: deadline, completion: completion)
        self.send(sent.messages)
    }

    /// Sends an event that nobody answers.
    func emit(_ event: String, _ arguments: [JSON]) {
        guard !self.isEnded else { return }
        self.send(self.socket.emit(namespace: DocsMessages.namespace, name: event, arguments: arguments))
    }

    /// Ends for a reason that the owner found.
    func fail(_ error: QuireError) {
        self.end(error, isFinal: false)
    }

    // MARK: Actions

    private func send(_ messages: [EngineMessage]) {
        guard !messages.isEmpty else { return }
        self.perform(self.engine.send(messages, now: self.now))
    }

    private func perform(_ actions: [EngineClientAction]) {
        for action in actions {
            guard !self.isEnded else { break }
            self.perform(action)
        }
        self.scheduleFlush()
        self.scheduleTimer()
    }

    private func perform(_ action: EngineClientAction) {
        switch action {
        case .openWebSocket(let sessionID):
            self.openWebSocket(sessionID: sessionID)
        case .sendWebSocketText, .sendWebSocketBinary, .closeWebSocket, .get, .post, .cancelRequests:
            self.performTransport(action)
        case .opened:
            self.send(self.socket.connect(namespace: DocsMessages.namespace, auth: self.auth, now: self.now))
        case .upgraded:
            break
        case .deliver(let message):
            self.handle(self.socket.receive(message, now: self.now))
        case .closed(let reason):
            self.end(.init(code: .disconnected, message: reason.rawValue, retryable: true), isFinal: false)
        }
    }

    private func performTransport(_ action: EngineClientAction) {
        switch action {
        case .sendWebSocketText(let bytes): self.transport?.send(.text, bytes)
        case .sendWebSocketBinary(let bytes): self.transport?.send(.binary, bytes)
        case .closeWebSocket(let code): self.transport?.close(code: code)
        case .get(let sessionID):
            self.pollingTransport().get(sessionID: sessionID) { [weak self] status, body in
                guard let self, !self.isEnded else { return }
                self.perform(self.engine.getAnswered(status: status, body: body, now: self.now))
            }
        case .post(let sessionID, let body):
            // Strongly: after a close, what was sent before it and the goodbye itself still go out, one after the other.
            self.pollingTransport().post(sessionID: sessionID, body: body) { status in
                let actions = self.engine.postAnswered(status: status, now: self.now)
                guard self.isEnded else { return self.perform(actions) }
                for action in actions { self.performTransport(action) }
            }
        case .cancelRequests: self.polling?.cancel()
        case .openWebSocket, .opened, .upgraded, .deliver, .closed: break
        }
    }

    private func handle(_ action: SocketClientAction) {
        switch action {
        case .none: break
        case .send(let messages):
            self.send(messages)
        case .connected:
            self.onEvent(.connected)
        case .connectError(_, let message, let data):
            let code = data?["code"]?.stringValue ?? "CONNECT_ERROR"
            let isFinal = ["UNAUTHENTICATED", "TOKEN_EXPIRED", "TOKEN_INVALID", "TOKEN_REVOKED", "FORBIDDEN"].contains(
                code
            )
            self.end(.init(code: .init(code), message: message, retryable: !isFinal), isFinal: isFinal)
        case .event(_, let name, let arguments, _):
            self.onEvent(.event(name: name, arguments: arguments))
        case .ack(_, let id, let arguments):
            self.requests.removeValue(forKey: id)?.completion(.success(arguments))
        case .disconnected:
            self.end(
                .init(code: .disconnected, message: "the server ended the connection", retryable: true),
                isFinal: false
            )
        case .close(let reason):
            self.end(.violation("\(reason)"), isFinal: false)
        }
    }

    private func end(_ error: QuireError, isFinal: Bool) {
        guard !self.isEnded else { return }
        self.close()
        let requests = self.requests
        self.requests.removeAll()
        for request in requests.values { request.completion(.failure(error)) }
        self.onEvent(.ended(error, isFinal: isFinal))
    }

    private func tearDown() {
        self.transport?.close(code: 1000)
        self.transport = nil
    }

    // MARK: Transports

    private func path(_ transport: String, sessionID: String?) -> String {
        // A session id comes from the server: what it may not hold in a query would end up in our request line.
        let safe = (sessionID ?? "").utf8.filter { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
        }
        let suffix = safe.isEmpty ? "" : "&sid=\(String(decoding: safe, as: UTF8.self))"
        return "\(self.address.prefix)/socket.io/?EIO=4&transport=\(transport)\(suffix)"
    }

    private func openWebSocket(sessionID: String?) {
        let transport = WebSocketTransport(eventLoop: self.eventLoop, traffic: self.traffic) { [weak self] event in
            guard let self, !self.isEnded else { return }
            switch event {
            case .opened: self.perform(self.engine.webSocketOpened(now: self.now))
            case .text(let bytes): self.perform(self.engine.webSocketText(bytes, now: self.now))
            case .binary(let bytes): self.perform(self.engine.webSocketBinary(bytes, now: self.now))
            case .closed(let status):
                self.wasUpgradeRefused = status != nil
                self.perform(self.engine.webSocketClosed(now: self.now))
            }
        }
        self.transport = transport
        transport.open(
            self.address,
            path: self.path("websocket", sessionID: sessionID),
            headers: HTTPHeaders(),
            options: self.configuration.transportOptions
        )
    }

    private func pollingTransport() -> PollingTransport {
        if let polling = self.polling { return polling }
        let polling = PollingTransport(
            address: self.address,
            eventLoop: self.eventLoop,
            options: self.configuration.transportOptions,
            traffic: self.traffic
        ) { [weak self] in self?.path("polling", sessionID: $0) ?? "/" }
        self.polling = polling
        return polling
    }

    private func scheduleFlush() {
        guard !self.isFlushScheduled, self.transport != nil else { return }
        self.isFlushScheduled = true
        self.eventLoop.assumeIsolated().execute {
            self.isFlushScheduled = false
            self.flushTransport()
        }
    }

    private func flushTransport() {
        self.transport?.flush()
    }

    // MARK: Time

    private var nextDeadline: NIODeadline? {
        let sessions = [self.engine.nextDeadline, self.socket.nextDeadline].compactMap { $0 }
        let session = sessions.min().map { NIODeadline.uptimeNanoseconds(min($0.nanoseconds, UInt64(Int64.max))) }
        return [session, self.requests.values.map(\.deadline).min()].compactMap { $0 }.min()
    }

    /// One timer for all deadlines.
    ///
    /// It may fire early, when deadlines moved away meanwhile: that is cheaper than moving it with each message.
    private func scheduleTimer() {
        guard !self.isEnded, let deadline = self.nextDeadline else { return }
        if let timer = self.timer {
            if timer.deadline <= deadline { return }
            timer.task.cancel()
        }
        let task = self.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            guard let self, !self.isEnded else { return }
            self.timer = nil
            self.timerFired()
        }
        self.timer = (deadline, task)
    }

    private func timerFired() {
        let now = NIODeadline.now()
        if self.requests.values.contains(where: { $0.deadline <= now }) {
            self.end(
                .init(code: .timedOut, message: "the server did not answer an event", retryable: true),
                isFinal: false
            )
            return
        }
        self.handle(self.socket.timerFired(now: self.now))
        guard !self.isEnded else { return }
        self.perform(self.engine.timerFired(now: self.now))
    }
}

@available(*, unavailable)
extension SocketAttempt: Sendable {}
