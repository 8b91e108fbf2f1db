import SocketIOProtocol
import Testing

/// One client session with a clock that stands still until told otherwise.
private final class ClientHarness {
    private var session: EngineClientSession
    private var now = EngineHarness.start

    static let handshake = EngineHandshake(
        sessionID: "sid1",
        upgrades: ["websocket"],
        pingInterval: .milliseconds(300),
        pingTimeout: .milliseconds(200),
        maxPayload: 20
    )
    static let handshakeText =
        #"0{"sid":"sid1","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":20}"#

    init(_ mode: EngineClientSession.Mode) {
        self.session = EngineClientSession(
            configuration: .init(
                mode: mode,
                handshakeTimeout: .seconds(2),
                upgradeTimeout: .seconds(1),
                closeTimeout: .seconds(3),
                maxPayload: 1000,
                maxBufferedBytes: 500
            )
        )
    }

    /// A session past its handshake: on a WebSocket, or polling with a GET out.
    static func open(_ mode: EngineClientSession.Mode) -> ClientHarness {
        let harness = ClientHarness(mode)
        _ = harness.start()
        _ = mode == .webSocket ? harness.text(Self.handshakeText) : harness.got(Self.handshakeText)
        return harness
    }

    var isOpen: Bool { self.session.isOpen }
    var transport: EngineTransport? { self.session.transport }
    var handshake: EngineHandshake? { self.session.handshake }
    var bufferedBytes: Int { self.session.bufferedBytes }
    var deadline: Int? {
        self.session.nextDeadline.map { Int(($0.nanoseconds - EngineHarness.start.nanoseconds) / 1_000_000) }
    }

    func timer(at milliseconds: Int) -> [EngineClientAction] {
        self.now = EngineHarness.start + .milliseconds(milliseconds)
        return self.session.timerFired(now: self.now)
    }

    func start() -> [EngineClientAction] { self.session.start(now: self.now) }
    func opened() -> [EngineClientAction] { self.session.webSocketOpened(now: self.now) }
    func text(_ text: String) -> [EngineClientAction] { self.session.webSocketText(Array(text.utf8), now: self.now) }
    func binary(_ bytes: [UInt8]) -> [EngineClientAction] { self.session.webSocketBinary(bytes, now: self.now) }
    func lost() -> [EngineClientAction] { self.session.webSocketClosed(now: self.now) }

    func got(_ body: String, status: Int = 200) -> [EngineClientAction] {
        self.session.getAnswered(status: status, body: Array(body.utf8), now: self.now)
    }

    func posted(_ status: Int = 200) -> [EngineClientAction] {
        self.session.postAnswered(status: status, now: self.now)
    }
    func send(_ messages: EngineMessage...) -> [EngineClientAction] { self.session.send(messages, now: self.now) }
    func close() -> [EngineClientAction] { self.session.close(now: self.now) }
}

extension EngineClientAction {
    fileprivate static func text(_ text: String) -> EngineClientAction { .sendWebSocketText(Array(text.utf8)) }
    fileprivate static func post(_ body: String) -> EngineClientAction {
        .post(sessionID: "sid1", body: Array(body.utf8))
    }
    fileprivate static let poll = EngineClientAction.get(sessionID: "sid1")
    fileprivate static func message(_ text: String) -> EngineClientAction { .deliver(.text(text)) }
}

@Suite("The client's Engine.IO session")
struct EngineClientTests {
    @Test("Over a WebSocket: handshake, then what waited, then messages both ways")
    func webSocket() {
        let harness = ClientHarness(.webSocket)
        #expect(harness.start() == [.openWebSocket(sessionID: nil)])
        #expect(harness.start() == [])
        #expect(harness.send(.text("early"), .binary([1])) == [])
        #expect(harness.bufferedBytes > 0)
        #expect(harness.opened() == [])
        #expect(!harness.isOpen)
        #expect(
            harness.text(ClientHarness.handshakeText) == [
                .opened(ClientHarness.handshake), .text("4early"), .sendWebSocketBinary([1]),
            ]
        )
        #expect(harness.bufferedBytes == 0)
        #expect(harness.transport == .webSocket)
        #expect(harness.handshake == ClientHarness.handshake)
        #expect(harness.send(.text("a")) == [.text("4a")])
        #expect(harness.text("4b") == [.message("b")])
        #expect(harness.binary([2]) == [.deliver(.binary([2]))])
        #expect(harness.text("6") == [])
    }

    @Test("A ping is answered with a pong and starts the wait anew; the wait is interval plus time-out")
    func heartbeat() {
        let harness = ClientHarness.open(.webSocket)
        #expect(harness.deadline == 500)
        #expect(harness.timer(at: 400) == [])
        #expect(harness.text("2") == [.text("3")])
        #expect(harness.deadline == 900)
        #expect(harness.text("4message") == [.message("message")])
        #expect(harness.deadline == 900)
        #expect(harness.timer(at: 899) == [])
        #expect(harness.timer(at: 900) == [.closeWebSocket(code: 1000), .closed(.pingTimeout)])
        #expect(harness.deadline == nil)
    }

    @Test("By polling: GET after GET, one POST at a time, bodies within maxPayload")
    func polling() {
        let harness = ClientHarness(.polling)
        #expect(harness.start() == [.get(sessionID: nil)])
        #expect(harness.got(ClientHarness.handshakeText) == [.opened(ClientHarness.handshake), .poll])
        #expect(harness.transport == .polling)
        #expect(harness.send(.text("one")) == [.post("4one")])
        #expect(harness.send(.text("two"), .binary([1, 2, 3])) == [])
        #expect(harness.send(.text("twelve bytes")) == [])
        #expect(harness.got("4a\u{1E}2\u{1E}4b") == [.message("a"), .message("b"), .poll])
        // 4two + bAQID are 10 bytes, the next message would make it 24 of 20.
        #expect(harness.posted() == [.post("4two\u{1E}bAQID")])
        #expect(harness.posted() == [.post("4twelve bytes\u{1E}3")])
        #expect(harness.posted() == [])
        #expect(harness.got("6") == [.poll])
    }

    @Test("A handshake body may bring messages along")
    func handshakeWithMessages() {
        let harness = ClientHarness(.polling)
        _ = harness.start()
        #expect(
            harness.got(ClientHarness.handshakeText + "\u{1E}4hello") == [
                .opened(ClientHarness.handshake), .message("hello"), .poll,
            ]
        )
    }

    @Test("The upgrade: probe, drain, 5, then what waited")
    func upgrade() {
        let harness = ClientHarness(.pollingThenUpgrade)
        #expect(harness.start() == [.get(sessionID: nil)])
        #expect(
            harness.got(ClientHarness.handshakeText) == [
                .opened(ClientHarness.handshake), .openWebSocket(sessionID: "sid1"), .poll,
            ]
        )
        #expect(harness.send(.text("a")) == [.post("4a")])
        #expect(harness.opened() == [.text("2probe")])
        #expect(harness.got("4b") == [.message("b"), .poll])
        #expect(harness.text("3probe") == [])
        #expect(harness.send(.text("waits")) == [])
        #expect(harness.got("6") == [])
        #expect(harness.transport == .polling)
        #expect(harness.posted() == [.text("5"), .text("4waits"), .upgraded])
        #expect(harness.transport == .webSocket)
        #expect(harness.text("4c") == [.message("c")])
        #expect(harness.deadline == 500)
    }

    @Test("With nothing but the GET out, its answer completes the upgrade")
    func upgradeAfterGet() {
        let harness = ClientHarness.open(.pollingThenUpgrade)
        _ = harness.opened()
        #expect(harness.text("3probe") == [])
        #expect(harness.got("4last\u{1E}2") == [.message("last"), .text("5"), .text("3"), .upgraded])
    }

    @Test("A server that offers no upgrade is polled")
    func noUpgrade() {
        let harness = ClientHarness(.pollingThenUpgrade)
        _ = harness.start()
        let actions = harness.got(#"0{"sid":"sid1","upgrades":[],"pingInterval":300,"pingTimeout":200}"#)
        #expect(actions.count == 2)
        #expect(actions.last == .poll)
        #expect(harness.handshake?.maxPayload == 1_000_000)
    }

    @Test("An upgrade that fails leaves the session on polling", arguments: ["lost", "text", "binary", "time"])
    func failedUpgrade(how: String) {
        let harness = ClientHarness.open(.pollingThenUpgrade)
        _ = harness.opened()
        switch how {
        case "lost": #expect(harness.lost() == [])
        case "text": #expect(harness.text("3nonsense") == [.closeWebSocket(code: 1000)])
        case "binary": #expect(harness.binary([1]) == [.closeWebSocket(code: 1000)])
        case _:
            #expect(harness.deadline == 500)
            _ = harness.timer(at: 499)
            _ = harness.got("2")
            #expect(harness.deadline == 999)
            _ = harness.posted()
            _ = harness.timer(at: 998)
            _ = harness.got("2")
            #expect(harness.timer(at: 1000) == [.closeWebSocket(code: 1000)])
        }
        #expect(harness.transport == .polling)
        #expect(harness.got("6") == [.poll])
    }

    @Test("An upgrade that fails while it drains takes polling up again")
    func failureWhileDraining() {
        let harness = ClientHarness.open(.pollingThenUpgrade)
        _ = harness.opened()
        _ = harness.send(.text("a"))
        _ = harness.text("3probe")
        _ = harness.send(.text("b"))
        #expect(harness.got("6") == [])
        #expect(harness.lost() == [.poll])
        #expect(harness.posted() == [.post("4b")])
    }

    @Test("Without a handshake in time the session ends", arguments: [EngineClientSession.Mode.webSocket, .polling])
    func handshakeTimeout(mode: EngineClientSession.Mode) {
        let harness = ClientHarness(mode)
        #expect(harness.deadline == nil)
        _ = harness.start()
        #expect(harness.deadline == 2000)
        #expect(harness.timer(at: 1999) == [])
        let last: EngineClientAction = mode == .webSocket ? .closeWebSocket(code: 1000) : .cancelRequests
        #expect(harness.timer(at: 2000) == [last, .closed(.handshakeTimeout)])
        #expect(harness.got(ClientHarness.handshakeText) == [])
        #expect(harness.text(ClientHarness.handshakeText) == [])
    }

    @Test(
        "What is no handshake ends the session",
        arguments: [
            ("abc", .malformedPacket), ("0{}", .malformedPacket), ("", .malformedPacket), ("4hello", .unexpectedPacket),
            ("2", .unexpectedPacket),
        ] as [(String, EngineClientCloseReason)]
    )
    func badHandshake(text: String, reason: EngineClientCloseReason) {
        let polling = ClientHarness(.polling)
        _ = polling.start()
        #expect(polling.got(text) == [.closed(reason)])
        let webSocket = ClientHarness(.webSocket)
        _ = webSocket.start()
        #expect(webSocket.text(text) == [.closeWebSocket(code: 1002), .closed(reason)])
        let binary = ClientHarness(.webSocket)
        _ = binary.start()
        #expect(binary.binary([1]) == [.closeWebSocket(code: 1002), .closed(.unexpectedPacket)])
    }

    @Test(
        "A packet that servers do not send ends an open session",
        arguments: [
            ("5", .unexpectedPacket), ("3", .unexpectedPacket), (ClientHarness.handshakeText, .unexpectedPacket),
            ("abc", .malformedPacket), ("1", .closedByServer),
        ] as [(String, EngineClientCloseReason)]
    )
    func offences(text: String, reason: EngineClientCloseReason) {
        let webSocket = ClientHarness.open(.webSocket)
        #expect(webSocket.text(text).last == .closed(reason))
        #expect(webSocket.send(.text("x")) == [])
        let polling = ClientHarness.open(.polling)
        #expect(polling.got(text) == [.closed(reason)])
        #expect(polling.got("4late") == [])
    }

    @Test(
        "A refused or lost request ends the session",
        arguments: [(0, .transportClosed), (400, .closedByServer)] as [(Int, EngineClientCloseReason)]
    )
    func failedRequests(status: Int, reason: EngineClientCloseReason) {
        let get = ClientHarness.open(.polling)
        #expect(get.got("", status: status) == [.closed(reason)])
        let post = ClientHarness.open(.polling)
        _ = post.send(.text("a"))
        #expect(post.posted(status) == [.cancelRequests, .closed(reason)])
        #expect(post.posted(200) == [])
        let handshake = ClientHarness(.polling)
        _ = handshake.start()
        #expect(handshake.got("", status: status) == [.closed(reason)])
    }

    @Test("The bounds on what comes in and what waits")
    func bounds() {
        let text = ClientHarness.open(.webSocket)
        #expect(
            text.text("4" + String(repeating: "x", count: 1000)) == [
                .closeWebSocket(code: 1009), .closed(.payloadTooLarge),
            ]
        )
        let binary = ClientHarness.open(.webSocket)
        #expect(binary.binary(Array(repeating: 0, count: 1001)).last == .closed(.payloadTooLarge))
        let body = ClientHarness.open(.polling)
        #expect(body.got("4" + String(repeating: "x", count: 1000)) == [.closed(.payloadTooLarge)])
        let buffer = ClientHarness(.webSocket)
        _ = buffer.start()
        #expect(buffer.send(.text(String(repeating: "x", count: 600))) == [])
        #expect(buffer.send(.text("x")) == [.closeWebSocket(code: 1000), .closed(.bufferOverflow)])
    }

    @Test("A lost WebSocket ends the session, open or not yet")
    func lostWebSocket() {
        let open = ClientHarness.open(.webSocket)
        #expect(open.lost() == [.closed(.transportClosed)])
        #expect(open.lost() == [])
        let connecting = ClientHarness(.webSocket)
        _ = connecting.start()
        #expect(connecting.lost() == [.closed(.transportClosed)])
    }

    @Test("close in every state")
    func close() {
        #expect(ClientHarness(.webSocket).close() == [.closed(.closedByClient)])
        let connecting = ClientHarness(.polling)
        _ = connecting.start()
        #expect(connecting.close() == [.cancelRequests, .closed(.closedByClient)])
        let webSocket = ClientHarness.open(.webSocket)
        #expect(webSocket.close() == [.closeWebSocket(code: 1000), .closed(.closedByClient)])
        #expect(webSocket.close() == [])
        let polling = ClientHarness.open(.polling)
        #expect(polling.close() == [.post("1")])
        #expect(!polling.isOpen)
        #expect(polling.send(.text("x")) == [])
        #expect(polling.posted() == [.cancelRequests, .closed(.closedByClient)])
        let probing = ClientHarness.open(.pollingThenUpgrade)
        #expect(probing.close() == [.closeWebSocket(code: 1000), .post("1")])
        #expect(probing.got("6") == [])
        #expect(probing.posted() == [.closed(.closedByClient)])
    }

    @Test("By polling, close lets what was sent go out first, for so long")
    func closeWithRest() {
        let harness = ClientHarness.open(.polling)
        _ = harness.send(.text("a"))
        _ = harness.send(.text("b"))
        #expect(harness.close() == [])
        #expect(harness.posted() == [.post("4b\u{1E}1")])
        #expect(harness.deadline == 3000)
        #expect(harness.timer(at: 3000) == [.cancelRequests, .closed(.closedByClient)])
    }
}
