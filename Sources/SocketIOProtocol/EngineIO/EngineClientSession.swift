/// The client's half of one Engine.IO v4 session, without sockets.
///
/// The owner calls one method per event, performs the actions in order and calls ``timerFired(now:)`` at
/// ``nextDeadline`` (early calls are harmless). At most one GET, one POST and one WebSocket are out at any time, so they
/// need no ids. A session is used once: to reconnect, make another.
///
/// 1. ``start(now:)`` asks for a WebSocket or for the handshake GET.
/// 2. The WebSocket: ``webSocketOpened(now:)``, then ``webSocketText(_:now:)`` / ``webSocketBinary(_:now:)``, and in the
///    end, or when it cannot be opened, ``webSocketClosed(now:)``.
/// 3. Polling: each `get` is answered by ``getAnswered(status:body:now:)``, each `post` by ``postAnswered(status:now:)``;
///    a request without an answer is status 0.
/// 4. ``send(_:now:)`` any time; before the handshake messages wait.
public struct EngineClientSession: ~Copyable {
    /// How to reach the server.
    public enum Mode: Hashable, Sendable {
        /// A WebSocket from the start.
        case webSocket
        /// Long polling only.
        case polling
        /// Long polling, then a WebSocket when the server offers one.
        case pollingThenUpgrade
    }

    /// The times and bounds of a session.
    public struct Configuration: Hashable, Sendable {
        /// How to reach the server.
        public var mode: Mode
        /// How long the handshake may take.
        public var handshakeTimeout: Duration
        /// How long an upgrade may take before the session stays with polling.
        public var upgradeTimeout: Duration
        /// How long a close by polling may take.
        public var closeTimeout: Duration
        /// The largest message or polling body taken from the server.
        public var maxPayload: Int
        /// Bytes that may wait to be sent before the next send closes the session.
        public var maxBufferedBytes: Int

        /// Makes a configuration.
        ///
        /// The payload bound is the server's largest document (64 MiB) and more: a snapshot comes in one message.
        public init(
            mode: Mode = .webSocket,
            handshakeTimeout: Duration = .seconds(20),
            upgradeTimeout: Duration = .seconds(10),
            closeTimeout: Duration = .seconds(5),
            maxPayload: Int = 256 << 20,
            maxBufferedBytes: Int = 64 << 20
        ) {
            self.mode = mode
            self.handshakeTimeout = handshakeTimeout
            self.upgradeTimeout = upgradeTimeout
            self.closeTimeout = closeTimeout
            self.maxPayload = maxPayload
            self.maxBufferedBytes = maxBufferedBytes
        }
    }

    /// Where the session stands.
    ///
    /// What is long lies beside it, so that copying a state costs nothing.
    enum State: Hashable {
        case new
        case handshaking(EngineTransport, deadline: Instant)
        case polling
        case probing(Probe)
        case webSocket
        /// By polling: the close packet is on its way.
        case closing(deadline: Instant)
        case closed
    }

    /// A WebSocket that is to take the session over.
    struct Probe: Hashable {
        enum Phase: Hashable {
            case opening
            case awaitingPong
            /// The server agreed; `5` follows when no request is out.
            case draining
        }
        var phase: Phase
        let deadline: Instant
    }

    let configuration: Configuration
    var state: State = .new
    var outbox = PollingBuffer()
    var isGetting = false
    var isPosting = false
    var heartbeatDeadline: Instant?
    /// The server's handshake; nil before it came.
    public internal(set) var handshake: EngineHandshake?

    /// Makes a session that has not started.
    public init(configuration: Configuration) {
        self.configuration = configuration
    }
}

extension EngineClientSession {
    /// Whether the handshake is done and the session not over.
    public var isOpen: Bool { self.transport != nil }

    /// The transport in use; nil before the handshake and after the end.
    public var transport: EngineTransport? {
        switch self.state {
        case .polling, .probing: .polling
        case .webSocket: .webSocket
        case .new, .handshaking, .closing, .closed: nil
        }
    }

    /// About how many bytes wait for the handshake, a POST or an upgrade.
    public var bufferedBytes: Int { self.outbox.byteCount }

    /// Begins.
    ///
    /// A second call does nothing.
    public mutating func start(now: Instant) -> [EngineClientAction] {
        guard case .new = self.state else { return [] }
        let deadline = now + self.configuration.handshakeTimeout
        switch self.configuration.mode {
        case .webSocket:
            self.state = .handshaking(.webSocket, deadline: deadline)
            return [.openWebSocket(sessionID: nil)]
        case .polling, .pollingThenUpgrade:
            self.state = .handshaking(.polling, deadline: deadline)
            self.isGetting = true
            return [.get(sessionID: nil)]
        }
    }

    /// Sends messages, in order.
    ///
    /// Before the handshake they wait; after the end they are dropped.
    public mutating func send(_ messages: [EngineMessage], now: Instant) -> [EngineClientAction] {
        var actions = self.timerFired(now: now)
        switch self.state {
        case .webSocket:
            for message in messages { Self.send(.message(message), actions: &actions) }
        case .new, .handshaking, .polling, .probing:
            if self.outbox.byteCount >= self.configuration.maxBufferedBytes, !messages.isEmpty {
                self.end(.bufferOverflow, actions: &actions)
                break
            }
            for message in messages { self.outbox.append(.message(message)) }
            self.post(actions: &actions)
        case .closing, .closed:
            break
        }
        return actions
    }

    /// Ends the session and tells the server; by polling what was sent before goes out first.
    public mutating func close(now: Instant) -> [EngineClientAction] {
        var actions = self.timerFired(now: now)
        switch self.state {
        case .polling, .probing:
            if case .probing = self.state { actions.append(.closeWebSocket(code: 1000)) }
            self.state = .closing(deadline: now + self.configuration.closeTimeout)
            self.outbox.append(.close)
            self.post(actions: &actions)
        case .new, .handshaking, .webSocket:
            self.end(.closedByClient, actions: &actions)
        case .closing, .closed:
            break
        }
        return actions
    }

    /// When ``timerFired(now:)`` is due.
    public var nextDeadline: Instant? {
        switch self.state {
        case .new, .closed: nil
        case .handshaking(_, let deadline), .closing(let deadline): deadline
        case .polling, .webSocket: self.heartbeatDeadline
        case .probing(let probe): min(probe.deadline, self.heartbeatDeadline ?? probe.deadline)
        }
    }

    /// Time has passed.
    public mutating func timerFired(now: Instant) -> [EngineClientAction] {
        var actions: [EngineClientAction] = []
        guard let deadline = self.nextDeadline, now >= deadline else { return actions }
        switch self.state {
        case .new, .closed:
            break
        case .handshaking:
            self.end(.handshakeTimeout, actions: &actions)
        case .closing:
            self.end(.closedByClient, actions: &actions)
        case .polling, .probing, .webSocket:
            if let heartbeatDeadline, now >= heartbeatDeadline {
                self.end(.pingTimeout, actions: &actions)
            } else if case .probing = self.state {
                self.abandonUpgrade(closing: true, actions: &actions)
            }
        }
        return actions
    }

    /// Ends the session here and now.
    mutating func end(_ reason: EngineClientCloseReason, actions: inout [EngineClientAction]) {
        switch self.state {
        case .handshaking(.webSocket, _) where reason != .transportClosed, .webSocket where reason != .transportClosed:
            actions.append(.closeWebSocket(code: Self.closeCode(for: reason)))
        case .probing:
            actions.append(.closeWebSocket(code: 1000))
        case .new, .handshaking, .polling, .webSocket, .closing, .closed:
            break
        }
        if self.isGetting || self.isPosting { actions.append(.cancelRequests) }
        self.isGetting = false
        self.isPosting = false
        self.outbox.removeAll()
        self.state = .closed
        actions.append(.closed(reason))
    }

    private static func closeCode(for reason: EngineClientCloseReason) -> UInt16 {
        switch reason {
        case .malformedPacket, .unexpectedPacket: 1002
        case .payloadTooLarge: 1009
        case .closedByServer, .closedByClient, .transportClosed, .handshakeTimeout, .pingTimeout, .bufferOverflow: 1000
        }
    }

    /// Sends a packet on the WebSocket.
    static func send(_ packet: EnginePacket, actions: inout [EngineClientAction]) {
        let (payload, isBinary) = EnginePacketCodec.encodeWebSocket(packet)
        actions.append(isBinary ? .sendWebSocketBinary(payload) : .sendWebSocketText(payload))
    }

    /// Takes the server's handshake, from whichever transport.
    mutating func open(_ handshake: EngineHandshake, now: Instant, actions: inout [EngineClientAction]) {
        self.handshake = handshake
        self.restartHeartbeat(now: now)
        actions.append(.opened(handshake))
    }

    private mutating func restartHeartbeat(now: Instant) {
        guard let handshake = self.handshake else { return }
        self.heartbeatDeadline = now + handshake.pingInterval + handshake.pingTimeout
    }

    /// Takes a packet of an open session.
    mutating func receive(_ packet: EnginePacket, now: Instant, actions: inout [EngineClientAction]) {
        switch packet {
        case .message(let message):
            actions.append(.deliver(message))
        case .ping(let data):
            self.restartHeartbeat(now: now)
            if case .webSocket = self.state {
                Self.send(.pong(data), actions: &actions)
            } else {
                self.outbox.append(.pong(data))
                self.post(actions: &actions)
            }
        case .close:
            self.end(.closedByServer, actions: &actions)
        case .noop:
            break
        case .open, .pong, .upgrade:
            self.end(.unexpectedPacket, actions: &actions)
        }
    }
}
