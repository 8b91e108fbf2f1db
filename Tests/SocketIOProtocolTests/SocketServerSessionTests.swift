import SocketIOProtocol
import Testing

/// One connection's Socket.IO state with a clock that stands still until told otherwise.
final class SocketHarness {
    private var session: SocketServerSession
    private var now = EngineHarness.start

    init(
        _ configuration: SocketServerSession.Configuration = .init(
            connectTimeout: .seconds(1),
            attachmentTimeout: .seconds(2)
        )
    ) {
        self.session = SocketServerSession(configuration: configuration, now: self.now)
    }

    var namespaces: [String] { self.session.namespaces }
    var deadline: Int? {
        self.session.nextDeadline.map { Int(($0.nanoseconds - EngineHarness.start.nanoseconds) / 1_000_000) }
    }

    func timer(at milliseconds: Int) -> SocketServerAction {
        self.now = EngineHarness.start + .milliseconds(milliseconds)
        return self.session.timerFired(now: self.now)
    }

    func receive(_ text: String) -> SocketServerAction { self.session.receive(.text(text), now: self.now) }
    func receive(binary: [UInt8]) -> SocketServerAction { self.session.receive(.binary(binary), now: self.now) }

    func accept(_ namespace: String = "/", pid: String? = nil) -> [EngineMessage] {
        self.session.accept(namespace: namespace, socketID: "s1", recoveryID: pid)
    }

    func refuse(_ namespace: String, _ message: String, _ data: JSON? = nil) -> [EngineMessage] {
        self.session.refuse(namespace: namespace, message: message, data: data)
    }

    func disconnect(_ namespace: String = "/") -> [EngineMessage] { self.session.disconnect(namespace: namespace) }
    func register(_ namespace: String = "/") -> UInt64? { self.session.registerAck(namespace: namespace) }
    func cancel(_ id: UInt64, _ namespace: String = "/") { self.session.cancelAck(namespace: namespace, id: id) }

    func acknowledge(_ id: UInt64, _ arguments: JSON..., namespace: String = "/") -> [EngineMessage] {
        self.session.acknowledge(namespace: namespace, id: id, arguments: arguments)
    }

    /// A client in the main namespace.
    static func connected() -> SocketHarness {
        let harness = SocketHarness()
        _ = harness.receive("0")
        _ = harness.accept()
        return harness
    }
}

@Suite("The server's Socket.IO session")
struct SocketServerSessionTests {
    @Test("CONNECT asks, accept answers with the sid alone, or with the pid of recovery")
    func connect() {
        let harness = SocketHarness()
        #expect(harness.receive(#"0{"token":"t"}"#) == .connect(namespace: "/", auth: ["token": "t"]))
        #expect(harness.namespaces == [])
        #expect(harness.accept() == [.text(#"0{"sid":"s1"}"#)])
        #expect(harness.namespaces == ["/"])
        #expect(harness.accept() == [])
        #expect(harness.receive("0/custom") == .connect(namespace: "/custom", auth: [:]))
        #expect(harness.accept("/custom", pid: "p1") == [.text(#"0/custom,{"sid":"s1","pid":"p1"}"#)])
        #expect(harness.namespaces == ["/", "/custom"])
    }

    @Test("A refusal is a CONNECT_ERROR, and another try is allowed")
    func refuse() {
        let harness = SocketHarness()
        #expect(harness.receive("0/random") == .connect(namespace: "/random", auth: [:]))
        #expect(harness.refuse("/random", "Invalid namespace") == [.text(#"4/random,{"message":"Invalid namespace"}"#)])
        #expect(harness.refuse("/random", "again") == [])
        #expect(harness.receive("0") == .connect(namespace: "/", auth: [:]))
        #expect(
            harness.refuse("/", "not authorized", ["code": "E_AUTH"])
                == [.text(#"4{"message":"not authorized","data":{"code":"E_AUTH"}}"#)]
        )
        #expect(harness.receive("0") == .connect(namespace: "/", auth: [:]))
        #expect(harness.accept() != [])
    }

    @Test(
        "The first packet must be a CONNECT",
        arguments: ["1", "2[\"x\"]", "30[]", "1/custom,", "2/custom,[\"x\"]"]
    )
    func firstPacket(text: String) {
        let harness = SocketHarness()
        #expect(harness.receive(text) == .close(.notConnected))
        #expect(harness.receive("0") == .none)
        #expect(harness.deadline == nil)
    }

    @Test(
        "A malformed packet closes the connection, and nothing follows",
        arguments: ["abc", "2{}", "2abc[\"x\"]", "9"]
    )
    func malformed(text: String) {
        let harness = SocketHarness.connected()
        guard case .close(.malformedPacket) = harness.receive(text) else {
            Issue.record("\(text) was taken")
            return
        }
        #expect(harness.receive("2[\"x\"]") == .none)
        #expect(harness.namespaces == [])
        #expect(harness.acknowledge(1) == [])
    }

    @Test("A second CONNECT closes the connection, pending or connected")
    func secondConnect() {
        let pending = SocketHarness()
        _ = pending.receive("0")
        #expect(pending.receive("0") == .close(.alreadyConnected))
        #expect(pending.accept() == [])
        #expect(SocketHarness.connected().receive("0") == .close(.alreadyConnected))
    }

    @Test("Nothing may be sent to a namespace before it has let the client in", arguments: ["/n,[\"x\"]"])
    func pending(rest: String) {
        let harness = SocketHarness.connected()
        _ = harness.receive("0/n,")
        #expect(harness.receive("2\(rest)") == .close(.notConnected))
    }

    @Test("A client's CONNECT_ERROR closes the connection")
    func connectError() {
        #expect(SocketHarness.connected().receive(#"4{"message":"x"}"#) == .close(.unexpectedPacket))
    }

    @Test("Events come with name, arguments and ack id")
    func events() {
        let harness = SocketHarness.connected()
        #expect(
            harness.receive(#"2["message",1,"2",{"3":[true]}]"#)
                == .event(namespace: "/", name: "message", arguments: [1, "2", ["3": [true]]], ackID: nil)
        )
        #expect(
            harness.receive(#"2456["message-with-ack"]"#)
                == .event(namespace: "/", name: "message-with-ack", arguments: [], ackID: 456)
        )
        #expect(harness.receive("2[7,8]") == .event(namespace: "/", name: "7", arguments: [8], ackID: nil))
        #expect(harness.acknowledge(456, 1, "2") == [.text(#"3456[1,"2"]"#)])
        #expect(harness.receive(#"51-["b",{"_placeholder":true,"num":0}]"#) == .none)
        #expect(
            harness.receive(binary: [1, 2])
                == .event(namespace: "/", name: "b", arguments: [.binary([1, 2])], ackID: nil)
        )
    }

    @Test("An ack of the client is passed on once, and only when it was asked for")
    func acks() {
        let harness = SocketHarness.connected()
        #expect(harness.receive("30[]") == .none)
        #expect(harness.register() == 0)
        #expect(harness.register() == 1)
        #expect(harness.receive(#"31["yes"]"#) == .ack(namespace: "/", id: 1, arguments: ["yes"]))
        #expect(harness.receive(#"31["again"]"#) == .none)
        harness.cancel(0)
        #expect(harness.receive("30[]") == .none)
        #expect(harness.register("/other") == nil)
        #expect(harness.register() == 2)
        _ = harness.receive("0/custom")
        #expect(harness.register("/custom") == nil)
        _ = harness.accept("/custom")
        #expect(harness.register("/custom") == 0)
        #expect(harness.receive("3/custom,2[]") == .none)
        #expect(harness.receive("3/custom,0[]") == .ack(namespace: "/custom", id: 0, arguments: []))
    }

    @Test("After a DISCONNECT the connection stays, and the namespace can be entered anew")
    func clientDisconnects() {
        let harness = SocketHarness.connected()
        _ = harness.register()
        #expect(harness.receive("1") == .disconnect(namespace: "/"))
        #expect(harness.namespaces == [])
        #expect(harness.deadline == nil)
        #expect(harness.acknowledge(1) == [])
        #expect(harness.disconnect() == [])
        #expect(harness.receive("0") == .connect(namespace: "/", auth: [:]))
        _ = harness.accept()
        #expect(harness.register() == 0)
    }

    @Test("What a client sent before it learnt that it was put out is ignored; afterwards it may come back")
    func serverDisconnects() {
        let harness = SocketHarness.connected()
        let id = harness.register()
        #expect(harness.disconnect() == [.text("1")])
        #expect(harness.disconnect() == [])
        #expect(harness.receive("2[\"late\"]") == .none)
        #expect(harness.receive("3\(id ?? 0)[]") == .none)
        #expect(harness.receive("1") == .none)
        #expect(harness.register() == nil)
        #expect(harness.receive("0") == .connect(namespace: "/", auth: [:]))
        #expect(harness.accept() == [.text(#"0{"sid":"s1"}"#)])
        _ = harness.receive("0/n,")
        _ = harness.accept("/n")
        #expect(harness.disconnect("/n") == [.text("1/n,")])
    }

    @Test("No more namespaces than allowed, and a refusal does not count")
    func namespaceBound() {
        let harness = SocketHarness(.init(maxNamespaces: 2))
        _ = harness.receive("0/a,")
        _ = harness.accept("/a")
        _ = harness.receive("0/b,")
        #expect(harness.receive("0/c,") == .send([.text(#"4/c,{"message":"Too many namespaces"}"#)]))
        _ = harness.refuse("/b", "no")
        #expect(harness.receive("0/c,") == .connect(namespace: "/c", auth: [:]))
        #expect(harness.namespaces == ["/a"])
    }

    @Test("Only so many left namespaces are remembered")
    func leftBound() {
        let harness = SocketHarness(.init(maxNamespaces: 2))
        for name in ["/a", "/b", "/c"] {
            _ = harness.receive("0\(name),")
            _ = harness.accept(name)
            _ = harness.disconnect(name)
        }
        #expect(harness.receive("2/b,[\"x\"]") == .none)
        #expect(harness.receive("2/a,[\"x\"]") == .close(.notConnected))
    }

    @Test("Without a CONNECT the connection is closed, exactly in time")
    func connectTimeout() {
        let harness = SocketHarness()
        #expect(harness.deadline == 1000)
        #expect(harness.timer(at: 999) == .none)
        #expect(harness.timer(at: 1000) == .close(.connectTimeout))
        #expect(harness.deadline == nil)
    }

    @Test("A refused CONNECT does not stop the clock, an accepted one does")
    func connectTimeoutAfterRefusal() {
        let harness = SocketHarness()
        _ = harness.receive("0/random")
        _ = harness.refuse("/random", "Invalid namespace")
        #expect(harness.deadline == 1000)
        _ = harness.receive("0")
        _ = harness.accept()
        #expect(harness.deadline == nil)
        #expect(harness.timer(at: 5000) == .none)
    }

    @Test("Slow middleware is not the client's fault")
    func slowMiddleware() {
        let harness = SocketHarness()
        _ = harness.receive("0")
        #expect(harness.timer(at: 1000) == .none)
        #expect(harness.deadline == 2000)
        _ = harness.refuse("/", "no")
        #expect(harness.timer(at: 2000) == .close(.connectTimeout))
    }

    @Test("Attachments that do not come close the connection, exactly in time")
    func attachmentTimeout() {
        let harness = SocketHarness.connected()
        _ = harness.receive(#"52-["b"]"#)
        #expect(harness.deadline == 2000)
        #expect(harness.timer(at: 1500) == .none)
        #expect(harness.receive(binary: [1]) == .none)
        // The time runs from the packet, not from its last attachment: a trickle does not hold it open.
        #expect(harness.deadline == 2000)
        #expect(harness.timer(at: 2000) == .close(.attachmentTimeout))
        let punctual = SocketHarness.connected()
        _ = punctual.receive(#"51-["b"]"#)
        _ = punctual.receive(binary: [1])
        #expect(punctual.deadline == nil)
    }
}
