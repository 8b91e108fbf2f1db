import SocketIOProtocol
import Testing

@Suite("The server's session on polling")
struct EnginePollingTests {
    @Test("The handshake has exactly five keys and offers the upgrade")
    func handshake() {
        let harness = EngineHarness()
        #expect(
            harness.opening == [
                .payload(
                    0,
                    #"0{"sid":"sid1","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":1000}"#
                )
            ]
        )
        #expect(harness.transport == .polling)
        #expect(harness.directWebSocket == nil)
    }

    @Test("The handshake offers no upgrade when upgrades are off")
    func handshakeWithoutUpgrade() {
        var configuration = EngineHarness.configuration
        configuration.allowsUpgrades = false
        let harness = EngineHarness(configuration: configuration)
        #expect(
            harness.opening == [
                .payload(0, #"0{"sid":"sid1","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":1000}"#)
            ]
        )
        #expect(harness.opened(1) == [.closeWebSocket(1, code: 1000)])
    }

    @Test("A POST is answered ok and its messages are delivered in order")
    func post() {
        let harness = EngineHarness()
        #expect(
            harness.post(1, "4one\u{1E}bAQID\u{1E}4three") == [
                .ok(1), .message("one"), .deliver(.binary([1, 2, 3])), .message("three"),
            ]
        )
    }

    @Test("What is sent before a GET comes back in one answer")
    func buffered() {
        let harness = EngineHarness()
        #expect(harness.send(.text("test1")) == [])
        #expect(harness.send(.text("test2"), .binary([1, 2, 3, 4])) == [])
        #expect(harness.get(1) == [.payload(1, "4test1\u{1E}4test2\u{1E}bAQIDBA==")])
        #expect(harness.bufferedBytes == 0)
    }

    @Test("A waiting GET is answered with what one send sends, all of it")
    func waitingGet() {
        let harness = EngineHarness()
        #expect(harness.get(1) == [])
        #expect(harness.send(.text("a"), .text("b")) == [.payload(1, "4a\u{1E}4b")])
        #expect(harness.get(2) == [])
    }

    @Test("No answer holds more than 16 packets")
    func packetsPerResponse() {
        let harness = EngineHarness()
        for index in 0..<100 { #expect(harness.send(.text("\(index)")) == []) }
        for start in stride(from: 0, to: 100, by: 16) {
            let body = (start..<min(start + 16, 100)).map { "4\($0)" }.joined(separator: "\u{1E}")
            #expect(harness.get(TransportID(UInt64(start + 1))) == [.payload(TransportID(UInt64(start + 1)), body)])
        }
        #expect(harness.get(200) == [])
    }

    @Test("A second GET while one waits ends the session: 1 for the first, 400 for the second")
    func overlappingGets() {
        let harness = EngineHarness()
        #expect(harness.get(1) == [])
        #expect(
            harness.get(2) == [
                .payload(1, "1"), .closed(.overlappingRequests), .finished, .refused(2, .badRequest),
            ]
        )
        #expect(harness.get(3) == [.refused(3, .sessionIDUnknown)])
    }

    @Test("A second POST while one is read ends the session, and its body is ignored")
    func overlappingPosts() {
        let harness = EngineHarness()
        #expect(harness.get(1) == [])
        #expect(harness.postBegan(2) == [])
        #expect(
            harness.postBegan(3) == [
                .payload(1, "1"), .refused(2, .badRequest), .closed(.overlappingRequests), .finished,
                .refused(3, .badRequest),
            ]
        )
        #expect(harness.postEnded(2, "4late") == [])
        #expect(harness.postBegan(4) == [.refused(4, .sessionIDUnknown)])
    }

    @Test("A GET and a POST may be out together")
    func getAndPost() {
        let harness = EngineHarness()
        #expect(harness.get(1) == [])
        #expect(harness.post(2, "4hello") == [.ok(2), .message("hello")])
        #expect(harness.post(3, "4again") == [.ok(3), .message("again")])
        #expect(harness.isOpen)
    }

    @Test(
        "A malformed body is answered 400 and ends the session; none of it is delivered",
        arguments: [
            "", "abc", "4a\u{1E}", "4fine\u{1E}abc", "b!", "1x", "0{}", "2" + String(repeating: "x", count: 200),
        ]
    )
    func malformed(body: String) {
        let harness = EngineHarness()
        #expect(harness.get(1) == [])
        #expect(
            harness.post(2, body) == [.refused(2, .badRequest), .payload(1, "1"), .closed(.malformedPacket), .finished]
        )
        #expect(harness.get(3) == [.refused(3, .sessionIDUnknown)])
    }

    @Test(
        "A packet that clients do not send is answered 400 and ends the session",
        arguments: [
            ("2", .invalidHeartbeatDirection), ("2probe", .invalidHeartbeatDirection),
            ("4a\u{1E}2", .invalidHeartbeatDirection),
            ("5", .unexpectedPacket), (#"0{"sid":"a","pingInterval":1,"pingTimeout":1}"#, .unexpectedPacket),
        ] as [(String, EngineCloseReason)]
    )
    func offences(body: String, reason: EngineCloseReason) {
        let harness = EngineHarness()
        #expect(harness.post(1, body) == [.refused(1, .badRequest), .closed(reason), .finished])
    }

    @Test("A noop and a pong nobody asked for change nothing")
    func harmless() {
        let harness = EngineHarness()
        #expect(harness.post(1, "6\u{1E}3") == [.ok(1)])
        #expect(harness.isOpen)
        #expect(harness.deadline == 300)
    }

    @Test("A body over maxPayload is answered 413 and the session lives on")
    func tooLarge() {
        let harness = EngineHarness()
        #expect(harness.postBegan(1, length: 1001) == [.respond(1, .payloadTooLarge)])
        #expect(harness.postBegan(2) == [])
        #expect(harness.overflow(2) == [.respond(2, .payloadTooLarge)])
        #expect(harness.post(3, "4" + String(repeating: "x", count: 999)).count == 2)
        #expect(harness.postBegan(4) == [])
        #expect(harness.postEnded(4, "4" + String(repeating: "x", count: 1000)) == [.respond(4, .payloadTooLarge)])
        #expect(harness.overflow(77) == [])
        #expect(harness.isOpen)
        #expect(EngineResponse.payloadTooLarge.status == 413)
    }

    @Test("A body of too many packets is malformed")
    func tooManyPackets() {
        var configuration = EngineHarness.configuration
        configuration.maxPacketsPerPayload = 3
        let harness = EngineHarness(configuration: configuration)
        #expect(harness.post(1, "4\u{1E}4\u{1E}4").first == .ok(1))
        #expect(
            harness.post(2, "4\u{1E}4\u{1E}4\u{1E}4") == [
                .refused(2, .badRequest), .closed(.malformedPacket), .finished,
            ]
        )
    }

    @Test("A binary POST is answered 400, as version 4 has none")
    func binaryPost() {
        let harness = EngineHarness()
        #expect(harness.postBegan(1, isBinary: true) == [.refused(1, .badRequest)])
        #expect(harness.isOpen)
    }

    @Test("A request that is cut off ends the session")
    func aborted() {
        let first = EngineHarness()
        #expect(first.get(1) == [])
        #expect(first.abort(99) == [])
        #expect(first.abort(1) == [.closed(.transportClosed), .finished])
        let second = EngineHarness()
        #expect(second.get(1) == [])
        #expect(second.postBegan(2) == [])
        #expect(second.abort(2) == [.payload(1, "1"), .closed(.transportClosed), .finished])
    }

    @Test("The bound on buffered bytes is checked before a send, so one large message always fits")
    func bufferBound() {
        var configuration = EngineHarness.configuration
        configuration.maxBufferedBytes = 1000
        let harness = EngineHarness(configuration: configuration)
        let large = EngineMessage.text(Array(repeating: 97, count: 5000))
        #expect(harness.send(large) == [])
        #expect(harness.bufferedBytes >= 5000)
        #expect(harness.send() == [])
        #expect(harness.send(.text("x")) == [.closed(.bufferOverflow), .finished])
        #expect(harness.bufferedBytes == 0)
        #expect(harness.send(.text("y")) == [])
        #expect(harness.get(1) == [.refused(1, .sessionIDUnknown)])
    }

    @Test("Empty messages count against the bound too")
    func bufferBoundOfEmptyMessages() {
        var configuration = EngineHarness.configuration
        configuration.maxBufferedBytes = 1000
        let harness = EngineHarness(configuration: configuration)
        var count = 0
        while harness.send(.text("")).isEmpty, count < 1000 { count += 1 }
        #expect(count == 31)
    }

    @Test("1 from the client: the waiting GET gets 6, what came before it is delivered, what follows is not")
    func clientCloses() {
        let harness = EngineHarness()
        #expect(harness.get(1) == [])
        #expect(
            harness.post(2, "4last\u{1E}1\u{1E}4never") == [
                .ok(2), .message("last"), .payload(1, "6"), .closed(.closedByClient), .finished,
            ]
        )
        #expect(harness.get(3) == [.refused(3, .sessionIDUnknown)])
    }
}
