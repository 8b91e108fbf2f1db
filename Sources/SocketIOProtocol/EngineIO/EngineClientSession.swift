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
        /// The largest message or polling body taken from the server.
        public var maxPayload: Int
        /// Bytes that may wait to be sent before the next send closes the session.
        public var maxBufferedBytes: Int

        /// Makes a configuration. The payload bound is the server's largest document (64 MiB) and more: a snapshot
        /// comes in one message.
        public init(
            mode: Mode = .webSocket,
            handshakeTimeout: Duration = .seconds(20),
            upgradeTimeout: Duration = .seconds(10),
            maxPayload: Int = 256 << 20,
            maxBufferedBytes: Int = 64 << 20
        ) {
            self.mode = mode
            self.handshakeTimeout = handshakeTimeout
            self.upgradeTimeout = upgradeTimeout
            self.maxPayload = maxPayload
            self.maxBufferedBytes = maxBufferedBytes
        }
    }

    let configuration: Configuration

    /// Makes a session that has not started.
    public init(configuration: Configuration) {
        fatalError("phase 1")
    }
}

/// What the owner of a client session is to do, in order.
public enum EngineClientAction: Hashable, Sendable {
    /// Open a WebSocket at `?EIO=4&transport=websocket`, with `&sid=` when given.
    case openWebSocket(sessionID: String?)
    /// GET `?EIO=4&transport=polling`, with `&sid=` when given.
    case get(sessionID: String?)
    /// POST this body (content type `text/plain; charset=UTF-8`) to `?EIO=4&transport=polling&sid=`.
    case post(sessionID: String, body: [UInt8])
    /// Send a text frame.
    case sendWebSocketText([UInt8])
    /// Send a binary frame.
    case sendWebSocketBinary([UInt8])
    /// Close the WebSocket, after what was sent before.
    case closeWebSocket(code: UInt16)
    /// Drop the GET and the POST that have no answer; none will be looked at.
    case cancelRequests
    /// The handshake is there.
    case opened(EngineHandshake)
    /// The session moved to the WebSocket.
    case upgraded
    /// A message from the server.
    case deliver(EngineMessage)
    /// The session is over. Comes exactly once and last.
    case closed(EngineClientCloseReason)
}

/// Why a client session ended.
public enum EngineClientCloseReason: String, Error, Hashable, Sendable, CaseIterable {
    /// The server sent a close packet, or answered a request with an error.
    case closedByServer
    /// `close` was called.
    case closedByClient
    /// The server could not be reached, or the transport went away.
    case transportClosed
    /// No handshake in time.
    case handshakeTimeout
    /// No ping within `pingInterval + pingTimeout`.
    case pingTimeout
    /// Something that is no packet, or no handshake.
    case malformedPacket
    /// A packet that a server may not send here.
    case unexpectedPacket
    /// A message larger than `maxPayload`.
    case payloadTooLarge
    /// More waits to be sent than `maxBufferedBytes`.
    case bufferOverflow
}

extension EngineClientSession {
    /// The server's handshake; nil before it came.
    public var handshake: EngineHandshake? { fatalError("phase 1") }

    /// Whether the handshake is done and the session not over.
    public var isOpen: Bool { fatalError("phase 1") }

    /// The transport in use; nil before the handshake and after the end.
    public var transport: EngineTransport? { fatalError("phase 1") }

    /// Bytes that wait for the handshake, a POST or an upgrade.
    public var bufferedBytes: Int { fatalError("phase 1") }

    /// When ``timerFired(now:)`` is due.
    public var nextDeadline: Instant? { fatalError("phase 1") }

    /// Begins.
    public mutating func start(now: Instant) -> [EngineClientAction] { fatalError("phase 1") }

    /// The WebSocket that was asked for is open.
    public mutating func webSocketOpened(now: Instant) -> [EngineClientAction] { fatalError("phase 1") }

    /// A whole text message came.
    public mutating func webSocketText(_ bytes: [UInt8], now: Instant) -> [EngineClientAction] { fatalError("phase 1") }

    /// A whole binary message came.
    public mutating func webSocketBinary(_ bytes: [UInt8], now: Instant) -> [EngineClientAction] {
        fatalError("phase 1")
    }

    /// The WebSocket is gone, or could not be opened.
    public mutating func webSocketClosed(now: Instant) -> [EngineClientAction] { fatalError("phase 1") }

    /// The answer to the GET; status 0 when there was none.
    public mutating func getAnswered(status: Int, body: [UInt8], now: Instant) -> [EngineClientAction] {
        fatalError("phase 1")
    }

    /// The answer to the POST; status 0 when there was none.
    public mutating func postAnswered(status: Int, now: Instant) -> [EngineClientAction] { fatalError("phase 1") }

    /// Sends messages, in order.
    public mutating func send(_ messages: [EngineMessage], now: Instant) -> [EngineClientAction] {
        fatalError("phase 1")
    }

    /// Ends the session; the server is told.
    public mutating func close(now: Instant) -> [EngineClientAction] { fatalError("phase 1") }

    /// Time has passed.
    public mutating func timerFired(now: Instant) -> [EngineClientAction] { fatalError("phase 1") }
}
