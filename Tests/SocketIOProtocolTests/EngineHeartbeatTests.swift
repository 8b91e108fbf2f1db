import SocketIOProtocol
import Testing

@Suite("The server's heartbeat")
struct EngineHeartbeatTests {
    @Test("A ping goes out after the interval, alone in the GET's body")
    func ping() {
        let harness = EngineHarness()
        #expect(harness.deadline == 300)
        #expect(harness.get(1) == [])
        #expect(harness.timer(at: 299) == [])
        #expect(harness.timer(at: 300) == [.payload(1, "2")])
        #expect(harness.deadline == 500)
    }

    @Test("A ping waits for a GET when none is there")
    func bufferedPing() {
        let harness = EngineHarness()
        #expect(harness.timer(at: 300) == [])
        #expect(harness.get(1) == [.payload(1, "2")])
    }

    @Test("Without a pong the session is gone exactly interval plus time-out after the handshake")
    func timeout() {
        let harness = EngineHarness(.webSocket(1))
        #expect(harness.timer(at: 300) == [.text(1, "2")])
        #expect(harness.timer(at: 499) == [])
        #expect(harness.isOpen)
        #expect(harness.timer(at: 500) == [.closeWebSocket(1, code: 1000), .closed(.pingTimeout), .finished])
        #expect(harness.deadline == nil)
        #expect(harness.timer(at: 600) == [])
    }

    @Test("A request that comes before a late timer finds the session gone all the same")
    func requestBeforeTimer() {
        let harness = EngineHarness()
        #expect(harness.timer(at: 301) == [])
        harness.passes(to: 500)
        #expect(harness.get(1) == [.closed(.pingTimeout), .finished, .refused(1, .sessionIDUnknown)])
    }

    @Test("A GET that waits when the time runs out is told with a close packet")
    func timeoutWithGet() {
        let harness = EngineHarness()
        #expect(harness.get(1) == [])
        #expect(harness.timer(at: 300) == [.payload(1, "2")])
        #expect(harness.get(2) == [])
        #expect(harness.timer(at: 500) == [.payload(2, "1"), .closed(.pingTimeout), .finished])
    }

    @Test("A pong starts the next interval when it comes, by either transport")
    func pong() {
        let polling = EngineHarness()
        #expect(polling.timer(at: 300) == [])
        polling.passes(to: 350)
        #expect(polling.post(1, "3") == [.ok(1)])
        #expect(polling.deadline == 650)
        let webSocket = EngineHarness(.webSocket(1))
        #expect(webSocket.timer(at: 300) == [.text(1, "2")])
        webSocket.passes(to: 499)
        #expect(webSocket.text(1, "3") == [])
        #expect(webSocket.deadline == 799)
        #expect(webSocket.timer(at: 799) == [.text(1, "2")])
        #expect(webSocket.deadline == 999)
    }

    @Test("A pong in the last nanosecond saves, one at the deadline does not")
    func lastMoment() {
        let harness = EngineHarness(.webSocket(1))
        #expect(harness.timer(at: 300) == [.text(1, "2")])
        harness.passes(to: 500)
        #expect(harness.text(1, "3") == [.closeWebSocket(1, code: 1000), .closed(.pingTimeout), .finished])
    }

    @Test("Messages do not stand in for a pong")
    func messagesAreNoPong() {
        let harness = EngineHarness(.webSocket(1))
        #expect(harness.timer(at: 300) == [.text(1, "2")])
        #expect(harness.text(1, "4hello") == [.message("hello")])
        #expect(harness.timer(at: 500).contains(.closed(.pingTimeout)))
    }

    @Test("A pong nobody asked for does not move the next ping")
    func unsolicitedPong() {
        let harness = EngineHarness(.webSocket(1))
        harness.passes(to: 200)
        #expect(harness.text(1, "3") == [])
        #expect(harness.deadline == 300)
    }

    @Test("A timer a little late takes nothing off the end; a server that slept gives the client all of its time")
    func lateTimer() {
        let late = EngineHarness(.webSocket(1))
        #expect(late.timer(at: 390) == [.text(1, "2")])
        #expect(late.deadline == 500)
        let asleep = EngineHarness(.webSocket(1))
        #expect(asleep.timer(at: 10_000) == [.text(1, "2")])
        #expect(asleep.deadline == 10_200)
    }

    @Test("2 from the client ends the session", arguments: ["2", "2probe"])
    func direction(text: String) {
        let harness = EngineHarness(.webSocket(1))
        #expect(
            harness.text(1, text) == [
                .closeWebSocket(1, code: 1002), .closed(.invalidHeartbeatDirection), .finished,
            ]
        )
    }

    @Test("Instants are held within 64 bits")
    func instants() {
        #expect(Instant(nanoseconds: .max) + .seconds(1) == Instant(nanoseconds: .max))
        #expect(Instant(nanoseconds: 5).advanced(by: .seconds(-1)) == Instant(nanoseconds: 0))
        #expect(Instant(nanoseconds: 5) + .seconds(Int64.max) == Instant(nanoseconds: 5 + UInt64(Int64.max)))
        #expect(Instant(nanoseconds: 7).duration(to: Instant(nanoseconds: 5)) == .nanoseconds(-2))
        #expect(Instant(nanoseconds: 0).duration(to: Instant(nanoseconds: .max)) == .nanoseconds(Int64.max))
    }
}
