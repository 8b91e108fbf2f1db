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
        fatalError("phase 1")
    }
}

/// What the gateway is to do, in order.
public enum EngineServerAction: Hashable, Sendable {
    /// Answer this HTTP request. Each request given to the session gets exactly one answer, except aborted ones.
    case respond(TransportID, EngineResponse)
    /// Send a text frame with these bytes.
    case sendWebSocketText(TransportID, [UInt8])
    /// Send a binary frame with these bytes.
    case sendWebSocketBinary(TransportID, [UInt8])
    /// Send a close frame with this code after what was sent before, and see the socket closed.
    case closeWebSocket(TransportID, code: UInt16)
    /// Hand a message to the application (`SocketServerSession.receive`).
    case deliver(EngineMessage)
    /// The session now uses the WebSocket; ``EngineServerSession/directWebSocket`` is set.
    case upgraded(TransportID)
    /// The session is over for the application: no `deliver` follows, sends are dropped. Comes exactly once.
    case closed(EngineCloseReason)
    /// The last action: take the session out of the table of sids. Directly after `closed`, except when a polling
    /// client has still to fetch what was sent before the server closed.
    case finished
}

/// Why a session ended.
public enum EngineCloseReason: String, Error, Hashable, Sendable, CaseIterable {
    /// The client sent a close packet.
    case closedByClient
    /// `close` was called.
    case closedByServer
    /// The WebSocket, or the connection under an open request, went away.
    case transportClosed
    /// No pong in time.
    case pingTimeout
    /// A packet that cannot be decoded.
    case malformedPacket
    /// The client sent `2`; in version 4 the server pings.
    case invalidHeartbeatDirection
    /// A well-formed packet that a client may not send here (`open`, `upgrade` outside a probe).
    case unexpectedPacket
    /// Two GETs or two POSTs at the same time.
    case overlappingRequests
    /// A WebSocket message larger than `maxPayload`.
    case payloadTooLarge
    /// More waits for a polling client than `maxBufferedBytes`.
    case bufferOverflow
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

    /// Bytes that wait for a GET. Always 0 on a WebSocket, where the socket's own buffer holds them.
    public var bufferedBytes: Int { self.outbox.byteCount }

    /// When ``timerFired(now:)`` is due; nil after `.finished`.
    public var nextDeadline: Instant? {
        fatalError("phase 1")
    }

    /// A GET with this session's `sid` came.
    public mutating func pollingGet(_ id: TransportID, now: Instant) -> [EngineServerAction] {
        fatalError("phase 1")
    }

    /// The head of a POST came.
    ///
    /// - Parameters:
    ///   - contentLength: As the head says; nil when chunked.
    ///   - isBinary: Whether the content type is `application/octet-stream`, which version 4 refuses.
    /// - Returns: Empty when the body is to be read. A `respond` for `id` means: answered already, discard the body and
    ///   do not report it.
    public mutating func pollingPostBegan(
        _ id: TransportID,
        contentLength: Int?,
        isBinary: Bool,
        now: Instant
    ) -> [EngineServerAction] {
        fatalError("phase 1")
    }

    /// The whole body of a POST is there.
    public mutating func pollingPostEnded(
        _ id: TransportID,
        body: [UInt8],
        now: Instant
    ) -> [EngineServerAction] {
        fatalError("phase 1")
    }

    /// The body of a POST grew past `maxPayload`: 413, and the session lives on.
    public mutating func pollingPostOverflowed(_ id: TransportID, now: Instant) -> [EngineServerAction] {
        fatalError("phase 1")
    }

    /// The connection of a GET or POST that has no answer yet was lost.
    public mutating func requestAborted(_ id: TransportID, now: Instant) -> [EngineServerAction] {
        fatalError("phase 1")
    }

    /// A WebSocket with this session's `sid` was accepted. A second one is told to close.
    public mutating func webSocketOpened(_ id: TransportID, now: Instant) -> [EngineServerAction] {
        fatalError("phase 1")
    }

    /// A whole text message came.
    public mutating func webSocketText(_ id: TransportID, _ bytes: [UInt8], now: Instant) -> [EngineServerAction] {
        fatalError("phase 1")
    }

    /// A whole binary message came.
    public mutating func webSocketBinary(_ id: TransportID, _ bytes: [UInt8], now: Instant) -> [EngineServerAction] {
        fatalError("phase 1")
    }

    /// The WebSocket is gone.
    public mutating func webSocketClosed(_ id: TransportID, now: Instant) -> [EngineServerAction] {
        fatalError("phase 1")
    }

    /// Sends messages, together and in order: on the WebSocket, in the waiting GET, or later.
    ///
    /// The bound on buffered bytes is checked before the messages are added, so that one large message always fits.
    /// Dropped without a word after `closed`.
    public mutating func send(_ messages: [EngineMessage], now: Instant) -> [EngineServerAction] {
        fatalError("phase 1")
    }

    /// Closes the session for the server's reasons. A polling client can still fetch what was sent.
    public mutating func close(now: Instant) -> [EngineServerAction] {
        fatalError("phase 1")
    }

    /// Time has passed: ping, close for want of a pong, end an upgrade that takes too long.
    public mutating func timerFired(now: Instant) -> [EngineServerAction] {
        fatalError("phase 1")
    }
}
