import Collaboration
import SQLiteStore
import Testing

@testable import QuireServer

@Suite("Webhooks")
struct WebhookTests {
    @Test("The signature is that of the libraries of Standard Webhooks")
    func signature() throws {
        // The vector that the specification's own libraries are tested with.
        let signature = try WebhookSignature(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signed = signature.sign(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: 1_614_265_330,
            body: Array(#"{"test": 2432232314}"#.utf8)
        )
        #expect(signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test(
        "Short secrets and bad base64 are refused",
        arguments: ["", "short", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%%"]
    )
    func badSecret(text: String) {
        #expect(throws: ConfigurationError.self) { try WebhookSignature(Secret(text)) }
    }

    private static let delivery = WebhookDelivery(
        receiver: "http://example.org",
        event: "evt_1",
        kind: "document.created",
        document: "d",
        body: [1],
        timestamp: 5
    )

    @Test("A delivery that fails waits longer each time, and is given up in the end")
    func schedule() {
        let schedule = WebhookSchedule(retrySeconds: [5, 300])
        var delivery = Self.delivery
        for seconds in [5, 300] as [Int64] {
            delivery = schedule.failed(delivery, "status 500", retryAfter: nil, now: 1_000, jitter: 0)
            #expect(delivery.due == 1_000 + seconds * 1_000)
        }
        #expect(schedule.failed(Self.delivery, "", retryAfter: nil, now: 0, jitter: 1).due == 6_000)
        delivery = schedule.failed(delivery, String(repeating: "x", count: 500), retryAfter: 60, now: 1_000, jitter: 0)
        #expect(delivery.due == nil && delivery.attempts == 3 && delivery.failure?.count == 200)
    }

    @Test(
        "What the receiver asks for counts when it is longer, up to a day",
        arguments: [(3, 5), (60, 60), (1 << 40, 86_400), (-9, 5)]
    )
    func retryAfter(asked: Int, waited: Int64) {
        let schedule = WebhookSchedule(retrySeconds: [5])
        let delivery = schedule.failed(Self.delivery, "status 503", retryAfter: asked, now: 0, jitter: 0)
        #expect(delivery.due == waited * 1_000)
    }

    @Test(
        "A clock that was wrong does not hold a delivery back",
        arguments: [(0, true), (1, false), (86_400_000, false), (90_000_000, true)]
    )
    func clock(later: Int64, isDue: Bool) {
        #expect(WebhookSchedule(retrySeconds: [5]).isDue(1_000 + later, now: 1_000) == isDue)
    }

    @Test(
        "Retry-After is a number or a date",
        arguments: [
            ("120", 120), ("Wed, 21 Oct 2015 07:28:10 GMT", 10), ("soon", nil), ("", nil),
            ("Wed, 99 Oct 2015 07:28:10 GMT", nil),
        ] as [(String, Int?)]
    )
    func retryAfterHeader(text: String, seconds: Int?) {
        #expect(RetryAfter.seconds(text, now: 1_445_412_480) == seconds)
    }

    @Test("What could not be queued is there the next time, before what came since")
    func putBack() throws {
        let intake = WebhookIntake(kinds: [.participantLeft], counts: ServerMetrics())
        let document = try #require(DocumentID("d"))
        let user = User(id: "u", name: "U")
        intake.participantLeft(document, SessionID("1"), user)
        let taken = intake.take()
        intake.participantLeft(document, SessionID("2"), user)
        intake.putBack(taken)
        #expect(intake.take().events.map(\.session?.rawValue) == ["1", "2"])
    }

    @Test("Who comes and goes is remembered up to a bound, and told once")
    func intake() throws {
        let intake = WebhookIntake(kinds: [.participantJoined], counts: ServerMetrics())
        let document = try #require(DocumentID("d"))
        let user = User(id: "u", name: "U")
        for _ in 0..<10_003 { intake.participantJoined(document, SessionID("s"), user) }
        intake.participantLeft(document, SessionID("s"), user)
        let taken = intake.take()
        #expect(taken.events.count == 10_000 && taken.dropped == 3)
        #expect(taken.events.allSatisfy { $0.kind == .participantJoined && $0.session == SessionID("s") })
        #expect(intake.take().events.isEmpty)
    }
}
