import SocketIOProtocol
import Testing

@Suite("The server's side of an upgrade")
struct EngineUpgradeTests {
    @Test("Probe, release of the GET, upgrade: the whole sequence")
    func upgrade() {
        let harness = EngineHarness()
        #expect(harness.get(1) == [])
        #expect(harness.opened(9) == [])
        #expect(harness.text(9, "2probe") == [.text(9, "3probe"), .payload(1, "6")])
        #expect(harness.transport == .polling)
        #expect(harness.directWebSocket == nil)
        #expect(harness.send(.text("while upgrading"), .binary([7])) == [])
        #expect(
            harness.text(9, "5") == [
                .text(9, "4while upgrading"), .sendWebSocketBinary(9, [7]), .upgraded(9),
            ]
        )
        #expect(harness.transport == .webSocket)
        #expect(harness.directWebSocket == 9)
        #expect(harness.send(.text("x")) == [.text(9, "4x")])
        #expect(harness.text(9, "4y") == [.message("y")])
        #expect(harness.binary(9, [1]) == [.deliver(.binary([1]))])
        #expect(harness.get(2) == [.refused(2, .badRequest)])
        #expect(harness.postBegan(3) == [.refused(3, .badRequest)])
    }

    @Test("A GET that comes after the probe is released at once, one that waits at 5 too")
    func getAfterProbe() {
        let harness = EngineHarness()
        _ = harness.opened(9)
        #expect(harness.text(9, "2probe") == [.text(9, "3probe")])
        #expect(harness.get(1) == [.payload(1, "6")])
        let other = EngineHarness()
        _ = other.opened(9)
        #expect(other.get(1) == [])
        #expect(other.text(9, "2probe") == [.text(9, "3probe"), .payload(1, "6")])
    }

    @Test("What waits goes out before the noop")
    func bufferedBeforeNoop() {
        let harness = EngineHarness()
        _ = harness.opened(9)
        _ = harness.text(9, "2probe")
        #expect(harness.send(.text("a")) == [])
        #expect(harness.get(1) == [.payload(1, "4a")])
        #expect(harness.get(2) == [.payload(2, "6")])
    }

    @Test("Before the probe polling goes on as ever")
    func pollingWhileOpening() {
        let harness = EngineHarness()
        _ = harness.opened(9)
        #expect(harness.get(1) == [])
        #expect(harness.send(.text("a")) == [.payload(1, "4a")])
        #expect(harness.post(2, "4b") == [.ok(2), .message("b")])
    }

    @Test("A POST that is under way at 5 is still taken")
    func postAcrossUpgrade() {
        let harness = EngineHarness()
        #expect(harness.postBegan(1) == [])
        _ = harness.opened(9)
        _ = harness.text(9, "2probe")
        #expect(harness.text(9, "5") == [.upgraded(9)])
        #expect(harness.postEnded(1, "4late") == [.ok(1), .message("late")])
        #expect(harness.isOpen)
    }

    @Test("A second WebSocket is accepted and then closed, while probing and afterwards")
    func secondWebSocket() {
        let harness = EngineHarness()
        _ = harness.opened(9)
        #expect(harness.opened(10) == [.closeWebSocket(10, code: 1000)])
        _ = harness.text(9, "2probe")
        _ = harness.text(9, "5")
        #expect(harness.opened(11) == [.closeWebSocket(11, code: 1000)])
        #expect(harness.text(11, "2probe") == [])
        #expect(harness.lost(11) == [])
        #expect(harness.isOpen)
        let direct = EngineHarness(.webSocket(1))
        #expect(direct.opened(2) == [.closeWebSocket(2, code: 1000)])
    }

    @Test(
        "Anything else on the new WebSocket closes it, and the session stays with polling",
        arguments: [
            ["5"], ["4hello"], ["2"], ["2prob"], ["2probes"], ["abc"], [""], ["2probe", "4hello"], ["2probe", "3"],
        ]
    )
    func nonsense(texts: [String]) {
        let harness = EngineHarness()
        _ = harness.opened(9)
        for text in texts.dropLast() { _ = harness.text(9, text) }
        #expect(harness.text(9, texts.last ?? "") == [.closeWebSocket(9, code: 1002)])
        #expect(harness.lost(9) == [])
        #expect(harness.isOpen)
        #expect(harness.get(1) == [])
        // Another attempt is allowed.
        #expect(harness.opened(10) == [])
        #expect(harness.text(10, "2probe") == [.text(10, "3probe"), .payload(1, "6")])
        #expect(harness.text(10, "5") == [.upgraded(10)])
    }

    @Test("Binary on the new WebSocket closes it")
    func binaryProbe() {
        let harness = EngineHarness()
        _ = harness.opened(9)
        #expect(harness.binary(9, [1]) == [.closeWebSocket(9, code: 1002)])
        #expect(harness.isOpen)
    }

    @Test("A probe may be repeated")
    func repeatedProbe() {
        let harness = EngineHarness()
        _ = harness.opened(9)
        #expect(harness.text(9, "2probe") == [.text(9, "3probe")])
        #expect(harness.text(9, "2probe") == [.text(9, "3probe")])
    }

    @Test("The loss of the new WebSocket leaves the session on polling")
    func lostWhileProbing() {
        let harness = EngineHarness()
        _ = harness.opened(9)
        _ = harness.text(9, "2probe")
        #expect(harness.lost(9) == [])
        #expect(harness.get(1) == [])
        #expect(harness.send(.text("a")) == [.payload(1, "4a")])
    }

    @Test("An upgrade that takes too long is ended, exactly in time")
    func upgradeTimeout() {
        var configuration = EngineHarness.configuration
        configuration.pingInterval = .seconds(25)
        let harness = EngineHarness(configuration: configuration)
        harness.passes(to: 100)
        _ = harness.opened(9)
        _ = harness.text(9, "2probe")
        #expect(harness.deadline == 1100)
        #expect(harness.timer(at: 1099) == [])
        #expect(harness.timer(at: 1100) == [.closeWebSocket(9, code: 1000)])
        #expect(harness.text(9, "5") == [])
        #expect(harness.transport == .polling)
        #expect(harness.deadline == 25_000)
    }

    @Test("A ping during an upgrade goes by polling, its pong may come by WebSocket")
    func pingAcrossUpgrade() {
        let harness = EngineHarness()
        _ = harness.opened(9)
        _ = harness.text(9, "2probe")
        #expect(harness.timer(at: 300) == [])
        #expect(harness.text(9, "5") == [.text(9, "2"), .upgraded(9)])
        #expect(harness.text(9, "3") == [])
        #expect(harness.deadline == 600)
    }

    @Test("A heartbeat that runs out during an upgrade closes both transports")
    func timeoutWhileProbing() {
        let harness = EngineHarness()
        _ = harness.opened(9)
        #expect(harness.timer(at: 300) == [])
        #expect(harness.timer(at: 500) == [.closeWebSocket(9, code: 1000), .closed(.pingTimeout), .finished])
    }
}
