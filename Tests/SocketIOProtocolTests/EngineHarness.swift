import SocketIOProtocol

/// One server session with a clock that stands still until told otherwise.
final class EngineHarness {
    private var session: EngineServerSession
    private(set) var now: Instant
    /// The actions of the handshake.
    let opening: [EngineServerAction]

    static let start = Instant(nanoseconds: 5_000_000_000)
    /// The times of the conformance suite.
    static let configuration = EngineServerConfiguration(
        pingInterval: .milliseconds(300),
        pingTimeout: .milliseconds(200),
        upgradeTimeout: .milliseconds(1000),
        closeTimeout: .milliseconds(2000),
        maxPayload: 1000
    )

    init(
        _ opening: EngineServerSession.Opening = .polling(0),
        configuration: EngineServerConfiguration = EngineHarness.configuration
    ) {
        self.now = Self.start
        var actions: [EngineServerAction] = []
        self.session = EngineServerSession(
            configuration: configuration,
            sessionID: "sid1",
            opening: opening,
            now: self.now,
            actions: &actions
        )
        self.opening = actions
    }

    var isOpen: Bool { self.session.isOpen }
    var transport: EngineTransport { self.session.transport }
    var directWebSocket: TransportID? { self.session.directWebSocket }
    var bufferedBytes: Int { self.session.bufferedBytes }
    /// Milliseconds from the handshake to the next deadline.
    var deadline: Int? {
        self.session.nextDeadline.map { Int(($0.nanoseconds - Self.start.nanoseconds) / 1_000_000) }
    }

    /// Sets the clock to a number of milliseconds after the handshake.
    func passes(to milliseconds: Int) {
        self.now = Self.start + .milliseconds(milliseconds)
    }

    /// Sets the clock and fires the timer.
    func timer(at milliseconds: Int) -> [EngineServerAction] {
        self.passes(to: milliseconds)
        return self.session.timerFired(now: self.now)
    }

    func get(_ id: TransportID) -> [EngineServerAction] { self.session.pollingGet(id, now: self.now) }

    func postBegan(_ id: TransportID, length: Int? = nil, isBinary: Bool = false) -> [EngineServerAction] {
        self.session.pollingPostBegan(id, contentLength: length, isBinary: isBinary, now: self.now)
    }

    func postEnded(_ id: TransportID, _ body: String) -> [EngineServerAction] {
        self.session.pollingPostEnded(id, body: Array(body.utf8), now: self.now)
    }

    func post(_ id: TransportID, _ body: String) -> [EngineServerAction] {
        self.postBegan(id, length: body.utf8.count) + self.postEnded(id, body)
    }

    func overflow(_ id: TransportID) -> [EngineServerAction] { self.session.pollingPostOverflowed(id, now: self.now) }
    func abort(_ id: TransportID) -> [EngineServerAction] { self.session.requestAborted(id, now: self.now) }
    func opened(_ id: TransportID) -> [EngineServerAction] { self.session.webSocketOpened(id, now: self.now) }

    func text(_ id: TransportID, _ text: String) -> [EngineServerAction] {
        self.session.webSocketText(id, Array(text.utf8), now: self.now)
    }

    func binary(_ id: TransportID, _ bytes: [UInt8]) -> [EngineServerAction] {
        self.session.webSocketBinary(id, bytes, now: self.now)
    }

    func lost(_ id: TransportID) -> [EngineServerAction] { self.session.webSocketClosed(id, now: self.now) }
    func send(_ messages: EngineMessage...) -> [EngineServerAction] { self.session.send(messages, now: self.now) }
    func close() -> [EngineServerAction] { self.session.close(now: self.now) }
}

extension EngineMessage {
    static func text(_ text: String) -> EngineMessage { .text(Array(text.utf8)) }
}

extension EngineServerAction {
    static func text(_ id: TransportID, _ text: String) -> EngineServerAction {
        .sendWebSocketText(id, Array(text.utf8))
    }

    static func payload(_ id: TransportID, _ body: String) -> EngineServerAction {
        .respond(id, .payload(Array(body.utf8)))
    }

    static func ok(_ id: TransportID) -> EngineServerAction { .respond(id, .ok) }

    static func refused(_ id: TransportID, _ code: EngineErrorCode) -> EngineServerAction {
        .respond(id, code.response())
    }

    static func message(_ text: String) -> EngineServerAction { .deliver(.text(text)) }
}
