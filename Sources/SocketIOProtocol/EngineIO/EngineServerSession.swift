/// The server's half of one Engine.IO v4 session, without sockets.
///
/// One value lives from the handshake until `.finished`. Whoever owns the sockets (the *gateway*) calls one method per
/// event, performs the returned actions **in order**, then looks at ``nextDeadline``.
///
/// ```
///                    ┌── webSocketOpened ──▶ probing ── "5" ──┐
///   polling ─────────┤   (timeout, close, nonsense: back)     ├──▶ webSocket ──▶ closed
///      └── close() ──▶ closing (the last GET is awaited) ─────┴──────────────────▶ closed
/// ```
///
/// How the gateway uses it:
///
/// 1. A request without `sid` that passed ``EngineRequest/check(isWebSocketUpgrade:transports:session:)``: make a session
///    id and call ``init(configuration:sessionID:opening:now:actions:)``.
/// 2. A request with a known `sid`: `GET` → ``pollingGet(_:now:)``; `POST` → ``pollingPostBegan(_:contentLength:isBinary:now:)``
///    when the head is there, then exactly one of ``pollingPostEnded(_:body:now:)``, ``pollingPostOverflowed(_:now:)`` or
///    ``requestAborted(_:now:)``; a WebSocket upgrade → always accept it, then ``webSocketOpened(_:now:)``.
/// 3. Messages of a WebSocket → ``webSocketText(_:_:now:)``, ``webSocketBinary(_:_:now:)``; its end (whoever wanted it) →
///    ``webSocketClosed(_:now:)``.
/// 4. To send: when ``directWebSocket`` is not nil, write the frame of ``WebSocketFraming`` to that socket and leave the
///    session alone; else ``send(_:now:)``. Nothing else may go to a socket or request past the session.
/// 5. When the time of ``nextDeadline`` has come → ``timerFired(now:)``. Calling it early is harmless, so a timer has to
///    be set anew only when the deadline is *earlier* than the one scheduled, or after it fired.
///
/// Every method looks at the deadlines first: a request that comes after the heartbeat ran out finds the session gone even
/// if the timer is late. Ids that the session does not know (a late `webSocketClosed`) are ignored.
///
/// An application that sends or closes while it is handed a `deliver` makes new actions in the midst of a list. Perform them
/// at once; the order stays right. Only: after a `closed` skip every `deliver` that is left in an outer list.
public struct EngineServerSession: ~Copyable {
    /// What opens a session.
    public enum Opening: Hashable, Sendable {
        /// A GET without `sid`; it is answered at once with the handshake.
        case polling(TransportID)
        /// An accepted WebSocket without `sid`; it gets the handshake as its first frame.
        case webSocket(TransportID)
    }

    let configuration: EngineServerConfiguration
    /// The id that the client was given.
    public let sessionID: String

    var state: State
    var requests = PollingRequests()
    var outbox = PollingBuffer()
    var heartbeat: Heartbeat

    /// Opens the session and appends the actions that send the handshake.
    public init(
        configuration: EngineServerConfiguration,
        sessionID: String,
        opening: Opening,
        now: Instant,
        actions: inout [EngineServerAction]
    ) {
        self.configuration = configuration
        self.sessionID = sessionID
        self.heartbeat = .quiet(pingAt: now + configuration.pingInterval)
        var handshake = EngineHandshake(
            sessionID: sessionID,
            upgrades: [],
            pingInterval: configuration.pingInterval,
            pingTimeout: configuration.pingTimeout,
            maxPayload: configuration.maxPayload
        )
        switch opening {
        case .polling(let id):
            self.state = .polling
            if configuration.allowsUpgrades { handshake.upgrades = [EngineTransport.webSocket.rawValue] }
            actions.append(.respond(id, .payload(PollingPayload.encode([.open(handshake)]))))
        case .webSocket(let id):
            self.state = .webSocket(id)
            actions.append(.sendWebSocketText(id, EnginePacketCodec.encodeWebSocket(.open(handshake)).payload))
        }
    }
}

extension EngineServerSession {
    /// The WebSocket on which messages can be written directly; nil while polling, probing or closed.
    public var directWebSocket: TransportID? {
        if case .webSocket(let id) = self.state { id } else { nil }
    }

    /// The transport in use.
    public var transport: EngineTransport {
        if case .webSocket = self.state { .webSocket } else { .polling }
    }

    /// Whether the application can still send and receive.
    public var isOpen: Bool {
        switch self.state {
        case .polling, .probing, .webSocket: true
        case .closing, .closed: false
        }
    }

    /// About how many bytes wait for a GET.
    ///
    /// Always 0 on a WebSocket, where the socket's own buffer holds them.
    public var bufferedBytes: Int { self.outbox.byteCount }

    /// Sends messages, together and in order: on the WebSocket, in the waiting GET, or later.
    ///
    /// The bound on buffered bytes is checked before the messages are added, so that one large message always fits.
    /// Dropped without a word after `closed`.
    public mutating func send(_ messages: [EngineMessage], now: Instant) -> [EngineServerAction] {
        var actions = self.timerFired(now: now)
        switch self.state {
        case .webSocket(let id):
            for message in messages { Self.send(.message(message), on: id, actions: &actions) }
        case .polling, .probing:
            if self.outbox.byteCount >= self.configuration.maxBufferedBytes, !messages.isEmpty {
                self.end(.bufferOverflow, actions: &actions)
                break
            }
            for message in messages { self.outbox.append(.message(message)) }
            self.answerGet(actions: &actions)
        case .closing, .closed:
            break
        }
        return actions
    }

    /// Closes the session for the server's reasons.
    ///
    /// A polling client can still fetch what was sent.
    public mutating func close(now: Instant) -> [EngineServerAction] {
        var actions = self.timerFired(now: now)
        switch self.state {
        case .polling where self.requests.get == nil, .probing where self.requests.get == nil:
            if case .probing(let probe) = self.state {
                actions.append(.closeWebSocket(probe.webSocket, code: CloseCode.normal))
            }
            self.outbox.append(.close)
            self.state = .closing(until: now + self.configuration.closeTimeout)
            actions.append(.closed(.closedByServer))
        case .polling, .probing, .webSocket:
            self.end(.closedByServer, actions: &actions)
        case .closing, .closed:
            break
        }
        return actions
    }
}
