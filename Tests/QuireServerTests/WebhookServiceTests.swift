import Collaboration
import Foundation
import SQLiteStore
import Synchronization
import TestSupport
import Testing

@testable import QuireServer

/// Deliveries over days, in a time that runs as fast as it is slept.
@Suite("Webhooks by the clock")
struct WebhookServiceTests {
    /// A clock that only sleep moves, milliseconds since 1970.
    private final class PlayedTime: Sendable {
        private let moment = Mutex<Int64>(1_000_000)

        var now: Int64 { moment.withLock { $0 } }

        func sleep(_ duration: Duration) async {
            let (seconds, attoseconds) = duration.components
            moment.withLock { $0 += seconds * 1_000 + attoseconds / 1_000_000_000_000_000 }
            await Task.yield()
        }
    }

    /// Receivers that answer as they are told, and when they were asked.
    private final class PlayedReceivers: WebhookSender {
        struct Request: Sendable {
            var receiver: String
            var document: String
            var event: String
            var time: Int64
        }

        private struct State {
            var requests: [Request] = []
            var answers: [String: WebhookAnswer] = [:]
            var isHung = false
        }

        private let time: PlayedTime
        private let state = Mutex(State())

        init(_ time: PlayedTime) { self.time = time }

        func requests(to receiver: String) -> [Request] {
            state.withLock { $0.requests.filter { $0.receiver == receiver } }
        }

        /// What a receiver answers from now on; it takes everything when nothing was said.
        func set(_ receiver: String, answer: WebhookAnswer) { state.withLock { $0.answers[receiver] = answer } }

        /// Whether answers never come.
        func hang(_ isHung: Bool) { state.withLock { $0.isHung = isHung } }

        func send(_ delivery: WebhookDelivery, headers: [(String, String)]) async -> WebhookAnswer {
            let request = Request(
                receiver: delivery.receiver,
                document: delivery.document,
                event: delivery.event,
                time: time.now
            )
            let (answer, isHung) = state.withLock { state in
                state.requests.append(request)
                return (state.answers[delivery.receiver] ?? .taken, state.isHung)
            }
            while isHung, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
            return isHung ? .refused(reason: "broken off", retryAfter: nil) : answer
        }
    }

    private static let (first, second) = ("http://first.example/", "http://second.example/")

    /// A store that is watched, in a folder of its own.
    private func withStore(_ body: (SQLiteStore) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "quire-webhooks-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "test.sqlite").path
        let store = try SQLiteStore(configuration: .init(path: path), logger: silentLogger)
        try await store.watchForWebhooks()
        do {
            try await body(store)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    /// Runs the service on the store until `body` returns.
    private func serving(
        _ store: SQLiteStore,
        _ time: PlayedTime,
        _ receivers: PlayedReceivers,
        to names: [String] = [first],
        retries: [Int] = [60, 600],
        bound: Int = 10_000,
        _ body: () async throws -> Void
    ) async throws {
        var configuration = WebhookConfiguration()
        configuration.receivers = names
        configuration.secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        configuration.kinds = [.documentCreated]
        configuration.retrySeconds = retries
        configuration.maximumCount = bound
        let metrics = ServerMetrics()
        let service = WebhookService(
            configuration: configuration,
            store: store,
            intake: WebhookIntake(kinds: configuration.kinds, counts: metrics),
            activity: DocumentActivity(),
            signature: try WebhookSignature(try #require(configuration.secret)),
            sender: receivers,
            metrics: metrics,
            logger: silentLogger,
            now: { time.now },
            sleep: { await time.sleep($0) }
        )
        let running = Task { try await service.run() }
        do {
            try await body()
        } catch {
            running.cancel()
            try await running.value
            throw error
        }
        running.cancel()
        try await running.value
    }

    private func until(_ condition: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(30)
        while try await !condition() {
            try #require(ContinuousClock.now < end, "it does not happen")
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func create(_ names: String..., in store: SQLiteStore) async throws {
        for name in names { try await store.create(StoreConformance.name(name), epoch: Epoch("e")) }
    }

    @Test("What is refused is tried again no earlier than the schedule says, then kept", .timeLimit(.minutes(1)))
    func schedule() async throws {
        try await withStore { store in
            let time = PlayedTime()
            let receivers = PlayedReceivers(time)
            receivers.set(Self.first, answer: .refused(reason: "status 500", retryAfter: nil))
            try await serving(store, time, receivers) {
                try await create("a", in: store)
                try await until { try await store.deliveries(givenUp: true, after: 0, limit: 1).count == 1 }
            }
            let times = receivers.requests(to: Self.first).map(\.time)
            try #require(times.count == 3)
            // When it is looked for depends on the disk, in whose time the clock runs on.
            #expect(times[1] - times[0] >= 60_000 && times[2] - times[1] >= 600_000)
            let dead = try #require(try await store.deliveries(givenUp: true, after: 0, limit: 1).first)
            #expect(dead.attempts == 3 && dead.failure == "status 500" && dead.due == nil)
            #expect(Set(receivers.requests(to: Self.first).map(\.event)).count == 1)
        }
    }

    @Test("A receiver that asks for an hour gets it, whatever the schedule says", .timeLimit(.minutes(1)))
    func retryAfter() async throws {
        try await withStore { store in
            let time = PlayedTime()
            let receivers = PlayedReceivers(time)
            receivers.set(Self.first, answer: .refused(reason: "status 503", retryAfter: 3600))
            try await serving(store, time, receivers, retries: [1]) {
                try await create("a", in: store)
                try await until { receivers.requests(to: Self.first).count == 2 }
            }
            let times = receivers.requests(to: Self.first).map(\.time)
            #expect(times[1] - times[0] >= 3_600_000)
        }
    }

    @Test("Each receiver is told in order, and one that fails holds up itself alone", .timeLimit(.minutes(1)))
    func order() async throws {
        try await withStore { store in
            let time = PlayedTime()
            let receivers = PlayedReceivers(time)
            receivers.set(Self.first, answer: .refused(reason: "status 500", retryAfter: nil))
            let names = (0..<20).map { "doc-\($0 + 10)" }
            try await serving(store, time, receivers, to: [Self.first, Self.second], retries: [10]) {
                for name in names { try await create(name, in: store) }
                try await until { receivers.requests(to: Self.second).count == 20 }
                #expect(receivers.requests(to: Self.second).map(\.document) == names)
                receivers.set(Self.first, answer: .taken)
                try await until {
                    let (waiting, givenUp) = try await store.deliveryCounts()
                    return waiting == 0 && givenUp < 20
                }
            }
            let heard = receivers.requests(to: Self.first)
            let times = Dictionary(grouping: heard, by: \.event).values.compactMap { $0.last?.time }
            #expect(times.count == 20)
        }
    }

    @Test(
        "A receiver that is away is left alone ever longer, and not asked once for each event",
        .timeLimit(.minutes(1))
    )
    func away() async throws {
        try await withStore { store in
            let time = PlayedTime()
            let receivers = PlayedReceivers(time)
            receivers.set(Self.first, answer: .refused(reason: "status 500", retryAfter: nil))
            try await serving(store, time, receivers, retries: []) {
                for number in 0..<9 { try await create("doc-\(number)", in: store) }
                try await until { receivers.requests(to: Self.first).count == 9 }
                // It is back, and hears of what comes now when its pause is over.
                receivers.set(Self.first, answer: .taken)
                try await create("back", "again", in: store)
                try await until { receivers.requests(to: Self.first).count == 11 }
            }
            let times = receivers.requests(to: Self.first).map(\.time)
            for (index, pause) in [1, 2, 4, 8, 16, 32, 60, 60, 60].enumerated() {
                #expect(times[index + 1] - times[index] >= Int64(pause) * 1_000, "after \(index + 1) failures")
            }
            #expect(try await store.deliveryCounts() == (0, 9))
        }
    }

    @Test("Of what was given up for a receiver the newest stay, as many as the bound", .timeLimit(.minutes(1)))
    func bound() async throws {
        try await withStore { store in
            let time = PlayedTime()
            let receivers = PlayedReceivers(time)
            receivers.set(Self.first, answer: .refused(reason: "status 410", retryAfter: nil))
            try await serving(store, time, receivers, retries: [], bound: 2) {
                for number in 0..<5 {
                    try await create("doc-\(number)", in: store)
                    try await until { receivers.requests(to: Self.first).count == number + 1 }
                }
                try await until { try await store.deliveryCounts() == (0, 2) }
            }
            let dead = try await store.deliveries(givenUp: true, after: 0, limit: 9)
            #expect(dead.map(\.document) == ["doc-3", "doc-4"])
        }
    }

    @Test("What was under way at a shutdown comes again after it, as the same event", .timeLimit(.minutes(1)))
    func shutdown() async throws {
        try await withStore { store in
            let time = PlayedTime()
            let receivers = PlayedReceivers(time)
            receivers.hang(true)
            try await serving(store, time, receivers, retries: []) {
                try await create("a", in: store)
                try await until { receivers.requests(to: Self.first).count == 1 }
                // Noted, and perhaps not yet made a delivery.
                try await create("b", in: store)
            }
            #expect(try await store.deliveryCounts().givenUp == 0, "it was no failure of the receiver's")
            receivers.hang(false)
            try await serving(store, time, receivers, retries: []) {
                try await until { receivers.requests(to: Self.first).count == 3 }
            }
            let requests = receivers.requests(to: Self.first)
            #expect(requests.map(\.document) == ["a", "a", "b"])
            #expect(requests[0].event == requests[1].event)
            #expect(try await store.deliveryCounts() == (0, 0))
        }
    }
}
