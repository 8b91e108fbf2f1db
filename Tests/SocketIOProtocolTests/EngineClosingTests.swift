import SocketIOProtocol
import Testing

@Suite("The end of a server's session, in every state")
struct EngineClosingTests {
    @Test("With a GET waiting, close answers it with 1 and is done")
    func pollingWithGet() {
        let harness = EngineHarness()
        #expect(harness.get(1) == [])
        #expect(harness.close() == [.payload(1, "1"), .closed(.closedByServer), .finished])
        #expect(harness.close() == [])
    }

    @Test("Without a GET, what was sent and the 1 wait for it")
    func pollingWithoutGet() {
        let harness = EngineHarness()
        #expect(harness.send(.text("last words")) == [])
        #expect(harness.close() == [.closed(.closedByServer)])
        #expect(!harness.isOpen)
        #expect(harness.deadline == 2000)
        #expect(harness.send(.text("dropped")) == [])
        #expect(harness.close() == [])
        #expect(harness.post(2, "4ignored") == [.ok(2)])
        #expect(harness.opened(9) == [.closeWebSocket(9, code: 1000)])
        #expect(harness.get(3) == [.payload(3, "4last words\u{1E}1"), .finished])
        #expect(harness.get(4) == [.refused(4, .sessionIDUnknown)])
    }

    @Test("A long rest is fetched by several GETs")
    func longRest() {
        let harness = EngineHarness()
        for index in 0..<20 { _ = harness.send(.text("\(index)")) }
        #expect(harness.close() == [.closed(.closedByServer)])
        #expect(harness.get(1) == [.payload(1, (0..<16).map { "4\($0)" }.joined(separator: "\u{1E}"))])
        #expect(harness.get(2) == [.payload(2, "416\u{1E}417\u{1E}418\u{1E}419\u{1E}1"), .finished])
    }

    @Test("A client that does not come for the rest is forgotten in time")
    func closeTimeout() {
        let harness = EngineHarness()
        #expect(harness.postBegan(1) == [])
        #expect(harness.close() == [.closed(.closedByServer)])
        #expect(harness.timer(at: 1999) == [])
        #expect(harness.timer(at: 2000) == [.refused(1, .badRequest), .finished])
        #expect(harness.timer(at: 3000) == [])
    }

    @Test("A POST that ends while the session closes is answered and not read")
    func postWhileClosing() {
        let harness = EngineHarness()
        #expect(harness.postBegan(1) == [])
        _ = harness.close()
        #expect(harness.postEnded(1, "4never") == [.ok(1)])
        #expect(harness.postBegan(2) == [.ok(2)])
    }

    @Test("The last GET also answers a POST that is still being read")
    func lastGetWithPost() {
        let harness = EngineHarness()
        #expect(harness.postBegan(1) == [])
        _ = harness.close()
        #expect(harness.get(2) == [.payload(2, "1"), .refused(1, .badRequest), .finished])
        #expect(harness.postEnded(1, "4never") == [])
    }

    @Test("A POST lost while the session closes changes nothing")
    func abortWhileClosing() {
        let harness = EngineHarness()
        #expect(harness.postBegan(1) == [])
        _ = harness.close()
        #expect(harness.abort(1) == [])
        #expect(harness.get(2) == [.payload(2, "1"), .finished])
    }

    @Test("While probing, close ends the WebSocket too")
    func probing() {
        let first = EngineHarness()
        _ = first.opened(9)
        _ = first.text(9, "2probe")
        #expect(first.close() == [.closeWebSocket(9, code: 1000), .closed(.closedByServer)])
        #expect(first.get(1) == [.payload(1, "1"), .finished])
        let second = EngineHarness()
        _ = second.opened(9)
        _ = second.get(1)
        #expect(
            second.close() == [.payload(1, "1"), .closeWebSocket(9, code: 1000), .closed(.closedByServer), .finished]
        )
    }

    @Test("On a WebSocket close closes it")
    func webSocket() {
        let harness = EngineHarness(.webSocket(1))
        #expect(
            harness.opening == [
                .text(1, #"0{"sid":"sid1","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":1000}"#)
            ]
        )
        #expect(harness.close() == [.closeWebSocket(1, code: 1000), .closed(.closedByServer), .finished])
        #expect(harness.lost(1) == [])
        #expect(harness.text(1, "4late") == [])
        #expect(harness.binary(1, [1]) == [])
        #expect(harness.opened(2) == [.closeWebSocket(2, code: 1000)])
    }

    @Test("1 on a WebSocket closes it")
    func clientClosesWebSocket() {
        let harness = EngineHarness(.webSocket(1))
        #expect(harness.text(1, "1") == [.closeWebSocket(1, code: 1000), .closed(.closedByClient), .finished])
    }

    @Test("A lost WebSocket ends the session without another word to it")
    func lostWebSocket() {
        let harness = EngineHarness(.webSocket(1))
        #expect(harness.lost(2) == [])
        #expect(harness.lost(1) == [.closed(.transportClosed), .finished])
        #expect(harness.send(.text("x")) == [])
    }

    @Test(
        "A bad packet on a WebSocket closes it with a protocol error",
        arguments: [
            ("", .malformedPacket), ("abc", .malformedPacket), ("1x", .malformedPacket), ("b1234", .malformedPacket),
            ("5", .unexpectedPacket), (#"0{"sid":"a","pingInterval":1,"pingTimeout":1}"#, .unexpectedPacket),
        ] as [(String, EngineCloseReason)]
    )
    func badPacket(text: String, reason: EngineCloseReason) {
        let harness = EngineHarness(.webSocket(1))
        #expect(harness.text(1, text) == [.closeWebSocket(1, code: 1002), .closed(reason), .finished])
    }

    @Test("A message over maxPayload closes the WebSocket with 1009, one at the limit passes")
    func tooLarge() {
        let text = EngineHarness(.webSocket(1))
        #expect(text.text(1, "4" + String(repeating: "x", count: 999)).count == 1)
        #expect(
            text.text(1, "4" + String(repeating: "x", count: 1000)) == [
                .closeWebSocket(1, code: 1009), .closed(.payloadTooLarge), .finished,
            ]
        )
        let binary = EngineHarness(.webSocket(1))
        #expect(binary.binary(1, Array(repeating: 0, count: 1000)).count == 1)
        #expect(binary.binary(1, Array(repeating: 0, count: 1001)).contains(.closed(.payloadTooLarge)))
    }
}
