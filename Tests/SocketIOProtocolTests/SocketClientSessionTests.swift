import SocketIOProtocol
import Testing

/// A client's Socket.IO state with a clock that stands still until told otherwise.
private final class ClientSocketHarness {
    private var session = SocketClientSession(configuration: .init(connectTimeout: .seconds(1)))
    private var now = EngineHarness.start

    var deadline: Int? {
        self.session.nextDeadline.map { Int(($0.nanoseconds - EngineHarness.start.nanoseconds) / 1_000_000) }
    }

    func timer(at milliseconds: Int) -> SocketClientAction {
        self.now = EngineHarness.start + .milliseconds(milliseconds)
        return self.session.timerFired(now: self.now)
    }

    func connect(_ namespace: String = "/docs", auth: JSONObject? = nil) -> [EngineMessage] {
        self.session.connect(namespace: namespace, auth: auth, now: self.now)
    }

    func isConnected(_ namespace: String = "/docs") -> Bool { self.session.isConnected(to: namespace) }
    func receive(_ text: String) -> SocketClientAction { self.session.receive(.text(text), now: self.now) }
    func receive(binary: [UInt8]) -> SocketClientAction { self.session.receive(.binary(binary), now: self.now) }

    func emit(_ name: String, _ arguments: JSON...) -> [EngineMessage] {
        self.session.emit(namespace: "/docs", name: name, arguments: arguments)
    }

    func emitWithAck(_ name: String, _ arguments: JSON...) -> (id: UInt64, messages: [EngineMessage])? {
        self.session.emitWithAck(namespace: "/docs", name: name, arguments: arguments)
    }

    func cancel(_ id: UInt64) { self.session.cancelAck(namespace: "/docs", id: id) }

    func acknowledge(_ id: UInt64, _ arguments: JSON...) -> [EngineMessage] {
        self.session.acknowledge(namespace: "/docs", id: id, arguments: arguments)
    }

    func disconnect() -> [EngineMessage] { self.session.disconnect(namespace: "/docs") }

    static func connected() -> ClientSocketHarness {
        let harness = ClientSocketHarness()
        _ = harness.connect()
        _ = harness.receive(#"0/docs,{"sid":"s"}"#)
        return harness
    }
}

@Suite("The client's Socket.IO session")
struct SocketClientSessionTests {
    @Test("connect sends auth and is answered with an id")
    func connect() {
        let harness = ClientSocketHarness()
        #expect(harness.connect(auth: ["token": "t"]) == [.text(#"0/docs,{"token":"t"}"#)])
        #expect(harness.connect() == [])
        #expect(harness.emit("early") == [])
        #expect(harness.emitWithAck("early") == nil)
        #expect(!harness.isConnected())
        #expect(harness.receive("2/docs,[\"early\"]") == .none)
        #expect(
            harness.receive(#"0/docs,{"sid":"s1","pid":"p1"}"#)
                == .connected(namespace: "/docs", socketID: "s1", recoveryID: "p1")
        )
        #expect(harness.isConnected())
        #expect(harness.deadline == nil)
    }

    @Test("A CONNECT without an auth payload is bare")
    func bareConnect() {
        let harness = ClientSocketHarness()
        #expect(harness.connect("/") == [.text("0")])
        #expect(harness.receive(#"0{"sid":"s"}"#) == .connected(namespace: "/", socketID: "s", recoveryID: nil))
    }

    @Test("A refusal carries message and data, and another try is allowed")
    func connectError() {
        let harness = ClientSocketHarness()
        _ = harness.connect()
        #expect(
            harness.receive(#"4/docs,{"message":"no","data":{"code":"TOKEN_EXPIRED"}}"#)
                == .connectError(namespace: "/docs", message: "no", data: ["code": "TOKEN_EXPIRED"])
        )
        #expect(harness.connect() == [.text("0/docs,")])
        #expect(harness.receive(#"4/docs,"old""#) == .connectError(namespace: "/docs", message: "old", data: nil))
    }

    @Test("Events go out and come in, binary included")
    func events() {
        let harness = ClientSocketHarness.connected()
        #expect(
            harness.emit("change", "doc", .binary([1]))
                == [.text(#"51-/docs,["change","doc",{"_placeholder":true,"num":0}]"#), .binary([1])]
        )
        #expect(harness.receive(#"51-/docs,7["change",{"_placeholder":true,"num":0}]"#) == .none)
        #expect(
            harness.receive(binary: [2])
                == .event(namespace: "/docs", name: "change", arguments: [.binary([2])], ackID: 7)
        )
        #expect(harness.acknowledge(7, "ok") == [.text(#"3/docs,7["ok"]"#)])
        #expect(harness.receive("2/other,[\"x\"]") == .none)
    }

    @Test("An answer comes once for each id, and not when it was cancelled")
    func acks() throws {
        let harness = ClientSocketHarness.connected()
        let first = try #require(harness.emitWithAck("join", 1))
        let second = try #require(harness.emitWithAck("join"))
        #expect(first.id == 0)
        #expect(first.messages == [.text(#"2/docs,0["join",1]"#)])
        #expect(second.id == 1)
        #expect(harness.receive("3/docs,1[true]") == .ack(namespace: "/docs", id: 1, arguments: [true]))
        #expect(harness.receive("3/docs,1[true]") == .none)
        #expect(harness.receive("3/docs,5[true]") == .none)
        harness.cancel(0)
        #expect(harness.receive("3/docs,0[true]") == .none)
    }

    @Test("The server's DISCONNECT ends the namespace and its acks")
    func serverDisconnects() {
        let harness = ClientSocketHarness.connected()
        _ = harness.emitWithAck("x")
        #expect(harness.receive("1/docs,") == .disconnected(namespace: "/docs"))
        #expect(harness.receive("3/docs,0[]") == .none)
        #expect(harness.emit("x") == [])
        #expect(harness.connect() == [.text("0/docs,")])
    }

    @Test("Leaving sends a DISCONNECT; what was under way is ignored")
    func disconnect() {
        let harness = ClientSocketHarness.connected()
        #expect(harness.disconnect() == [.text("1/docs,")])
        #expect(harness.disconnect() == [])
        #expect(harness.receive("2/docs,[\"late\"]") == .none)
        #expect(harness.acknowledge(1) == [])
    }

    @Test("Leaving before the answer waits for it")
    func disconnectEarly() {
        let accepted = ClientSocketHarness()
        _ = accepted.connect()
        #expect(accepted.disconnect() == [])
        #expect(accepted.deadline == nil)
        #expect(accepted.receive(#"0/docs,{"sid":"s"}"#) == .send([.text("1/docs,")]))
        #expect(accepted.connect() != [])
        let refused = ClientSocketHarness()
        _ = refused.connect()
        _ = refused.disconnect()
        #expect(refused.receive(#"4/docs,{"message":"no"}"#) == .none)
        #expect(refused.connect() != [])
    }

    @Test("A CONNECT without an answer becomes an error, exactly in time, and a late answer is turned down")
    func timeout() {
        let harness = ClientSocketHarness()
        _ = harness.connect()
        #expect(harness.deadline == 1000)
        #expect(harness.timer(at: 999) == .none)
        #expect(harness.timer(at: 1000) == .connectError(namespace: "/docs", message: "timeout", data: nil))
        #expect(harness.timer(at: 1000) == .none)
        #expect(harness.receive(#"0/docs,{"sid":"s"}"#) == .send([.text("1/docs,")]))
    }

    @Test(
        "What a server may not send closes the connection",
        arguments: [
            (#"0/docs,{"sid":"again"}"#, .unexpectedPacket), (#"4/docs,{"message":"x"}"#, .unexpectedPacket),
            ("abc", .malformedPacket(.unknownType)), ("2/docs,{}", .malformedPacket(.invalidPayload)),
        ] as [(String, SocketCloseReason)]
    )
    func offences(text: String, reason: SocketCloseReason) {
        let harness = ClientSocketHarness.connected()
        #expect(harness.receive(text) == .close(reason))
        #expect(harness.receive("2/docs,[\"x\"]") == .none)
        #expect(harness.connect() == [])
    }

    @Test(
        "A CONNECT reply without an id closes the connection",
        arguments: ["0/docs,", "0/docs,{}", "0/docs,{\"sid\":1}"]
    )
    func replyWithoutID(text: String) {
        let harness = ClientSocketHarness()
        _ = harness.connect()
        #expect(harness.receive(text) == .close(.unexpectedPacket))
    }
}
