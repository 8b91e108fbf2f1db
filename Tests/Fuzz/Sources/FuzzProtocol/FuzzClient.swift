import FuzzKit
import SocketIOProtocol

private let payloads = utf8([
    #"0{"sid":"a","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":40}"#, "4hello", "2",
    "3probe", "6",
    "1", "4a\u{1E}2\u{1E}bAQID", "abc", "", "5", "3",
    "0{\"sid\":\"a\",\"upgrades\":[\"websocket\"],\"pingInterval\":300,\"pingTimeout\":200}\u{1E}4early",
    #"0{"sid":"a","upgrades":[],"pingInterval":300,"pingTimeout":200}"#,
])

/// A client session, and what its owner has to be able to rely on.
private struct ClientModel: ~Copyable {
    private var session: EngineClientSession
    private var now = Instant(nanoseconds: 0)
    private var isGetting = false
    private var isPosting = false
    private var hasWebSocket = false
    private var isOpened = false
    private var isClosed = false

    init(mode: EngineClientSession.Mode) {
        self.session = EngineClientSession(
            configuration: .init(
                mode: mode,
                handshakeTimeout: .milliseconds(500),
                upgradeTimeout: .milliseconds(300),
                closeTimeout: .milliseconds(300),
                maxPayload: 256,
                maxBufferedBytes: 512
            )
        )
        self.check(self.session.start(now: self.now))
    }

    /// The handshake comes first now and then, or most programs would end before they begin.
    mutating func shakeHands() {
        if self.isGetting {
            self.isGetting = false
            self.check(self.session.getAnswered(status: 200, body: payloads[0], now: self.now))
        } else {
            self.check(self.session.webSocketText(payloads[0], now: self.now))
        }
    }

    mutating func step(_ instruction: UInt8, _ program: inout Program) {
        let actions: [EngineClientAction]
        switch instruction % 10 {
        case 0:
            actions = self.hasWebSocket ? self.session.webSocketOpened(now: self.now) : []
        case 1, 2:
            actions = self.hasWebSocket ? self.session.webSocketText(program.payload(payloads), now: self.now) : []
        case 3:
            actions = self.hasWebSocket ? self.session.webSocketBinary(program.payload(payloads), now: self.now) : []
        case 4:
            guard self.hasWebSocket else { return }
            self.hasWebSocket = false
            actions = self.session.webSocketClosed(now: self.now)
        case 5, 6:
            guard self.isGetting else { return }
            self.isGetting = false
            let status = [200, 200, 200, 200, 200, 0, 400][program.number(below: 7)]
            actions = self.session.getAnswered(status: status, body: program.payload(payloads), now: self.now)
        case 7:
            guard self.isPosting else { return }
            self.isPosting = false
            actions = self.session.postAnswered(
                status: [200, 200, 200, 0, 413][program.number(below: 5)],
                now: self.now
            )
        case 8:
            let count = program.number(below: 4)
            actions = self.session.send(Array(repeating: .text(program.payload(payloads)), count: count), now: self.now)
        case _:
            if instruction > 250 {
                actions = self.session.close(now: self.now)
            } else {
                self.now = self.now + .milliseconds(program.number(below: 256))
                actions = self.session.timerFired(now: self.now)
            }
        }
        self.check(actions)
    }

    private mutating func check(_ actions: [EngineClientAction]) {
        for action in actions {
            precondition(!self.isClosed, "\(action) after the end")
            switch action {
            case .openWebSocket:
                precondition(!self.hasWebSocket, "A second WebSocket")
                self.hasWebSocket = true
            case .get(let sessionID):
                precondition(!self.isGetting && (sessionID != nil) == self.isOpened, "A second GET, or without its sid")
                self.isGetting = true
            case .post(_, let body):
                precondition(!self.isPosting && self.isOpened && !body.isEmpty, "A second POST, or too early, or empty")
                self.isPosting = true
            case .sendWebSocketText, .sendWebSocketBinary:
                precondition(self.hasWebSocket, "A send without a WebSocket")
            case .closeWebSocket:
                precondition(self.hasWebSocket, "No WebSocket to close")
                self.hasWebSocket = false
            case .cancelRequests:
                precondition(self.isGetting || self.isPosting, "Nothing to cancel")
                self.isGetting = false
                self.isPosting = false
            case .opened:
                precondition(!self.isOpened, "Opened twice")
                self.isOpened = true
            case .upgraded:
                precondition(!self.isGetting && !self.isPosting && self.hasWebSocket, "Upgraded with requests out")
            case .deliver:
                precondition(self.isOpened, "A delivery before the handshake")
            case .closed:
                self.isClosed = true
            }
        }
        precondition((self.session.nextDeadline == nil) == self.isClosed, "A deadline after the end, or none before")
        precondition(!self.isClosed || (!self.isGetting && !self.isPosting), "Requests are left at the end")
        precondition(self.session.bufferedBytes <= 512 + 4 * 400, "The buffer grows beyond its bound")
    }
}

extension FuzzProtocol {
    /// Plays events; one GET, one POST and one WebSocket at a time, nothing after the end.
    static let engineClientSession = FuzzTarget(
        name: "engine-client-session",
        run: { generator, input in
            let modes: [EngineClientSession.Mode] = [.webSocket, .polling, .pollingThenUpgrade]
            var model = ClientModel(mode: modes[generator.below(3)])
            if generator.below(4) > 0 { model.shakeHands() }
            var program = Program(input)
            while let instruction = program.next() { model.step(instruction, &program) }
        },
        corpus: { programs }
    )

    /// Plays messages and calls; an ack comes once, nothing follows a close.
    static let socketClientSession = FuzzTarget(
        name: "socket-client-session",
        run: { generator, input in
            var now = Instant(nanoseconds: 0)
            var session = SocketClientSession(configuration: .init(connectTimeout: .seconds(1)))
            var awaited: Set<UInt64> = []
            var isClosed = false
            for message in messages(of: input) {
                for namespace in ["/", "/docs"] where generator.below(2) == 0 {
                    _ = session.connect(namespace: namespace, auth: ["token": "t"], now: now)
                }
                if let (id, messages) = session.emitWithAck(namespace: "/", name: "e", arguments: [1]) {
                    precondition(!messages.isEmpty && awaited.insert(id).inserted, "An id is given twice")
                }
                switch session.receive(message, now: now) {
                case .connected(let namespace, _, _):
                    precondition(session.isConnected(to: namespace), "Connected to \(namespace), but not")
                    if namespace == "/" { awaited = [] }
                case .event(let namespace, _, _, let id):
                    precondition(session.isConnected(to: namespace), "An event outside of \(namespace)")
                    if let id { _ = session.acknowledge(namespace: namespace, id: id, arguments: []) }
                case .ack(let namespace, let id, _):
                    if namespace == "/" { precondition(awaited.remove(id) != nil, "Ack \(id) comes twice or unasked") }
                case .disconnected(let namespace), .connectError(let namespace, _, _):
                    precondition(!session.isConnected(to: namespace), "\(namespace) was left")
                case .close:
                    precondition(!isClosed, "Closed twice")
                    isClosed = true
                case .none, .send:
                    break
                }
                precondition(!isClosed || !session.isConnected(to: "/"), "Life after close")
                if generator.below(8) == 0 { _ = session.disconnect(namespace: "/") }
                now = now + .milliseconds(generator.below(500))
                _ = session.timerFired(now: now)
            }
        },
        corpus: { socketPacketCorpus }
    )
}
