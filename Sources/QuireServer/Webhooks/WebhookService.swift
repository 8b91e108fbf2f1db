import Collaboration
import Logging
import SQLiteStore
import ServiceLifecycle

/// Tells receivers what happens, at least once, for as long as it takes.
struct WebhookService: Service, CustomStringConvertible {
    /// How often it looks whether there is something to do.
    private static let tick = Duration.milliseconds(250)
    /// How many noted events are dealt with in one transaction.
    private static let eventsPerTurn = 200
    /// Documents of which nobody heard that they changed are looked for now and then, besides at the start.
    private static let sweepInterval = Duration.seconds(3_600)

    let configuration: WebhookConfiguration
    let store: SQLiteStore
    let intake: WebhookIntake
    let activity: DocumentActivity
    let signature: WebhookSignature
    let sender: any WebhookSender
    let metrics: ServerMetrics
    let logger: Logger
    /// The time of day in milliseconds since 1970.
    var now: @Sendable () -> Int64 = { Int64(WallClock.now * 1_000) }
    /// Waits so long, or until the task is cancelled.
    var sleep: @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }

    /// The name in the logs of the lifecycle.
    var description: String { "the webhooks" }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask { await self.collect() }
                for receiver in self.configuration.receivers { group.addTask { await self.deliver(to: receiver) } }
            }
        }
        // Who left with the shutdown; it is told after the next start, as is what was written last.
        _ = try? await queue()
    }

    // MARK: Collecting

    private func collect() async {
        var sweep = ContinuousClock.now
        while !Task.isCancelled {
            do throws(StoreError) {
                if ContinuousClock.now >= sweep {
                    try await noteForgottenChanges()
                    sweep = .now + Self.sweepInterval
                }
                try await noteChanges(quiet: .seconds(configuration.quietSeconds))
                // More may be there than one transaction takes.
                while try await queue() == Self.eventsPerTurn {}
            } catch {
                logger.warning("events not queued", metadata: ["error": "\(error.code.rawValue)"])
            }
            await sleep(Self.tick)
        }
    }

    private func noteChanges(quiet: Duration) async throws(StoreError) {
        let due = activity.take(quiet: quiet, longest: .seconds(configuration.intervalSeconds), limit: .max)
        do throws(StoreError) {
            try await store.noteChanges(of: due.map(\.document))
        } catch {
            for entry in due { activity.note(entry.document, entry.revision, by: entry.user) }
            throw error
        }
    }

    /// Those of which only the database tells: what was written before a death of the process, or without webhooks.
    private func noteForgottenChanges() async throws(StoreError) {
        var last: DocumentID?
        repeat {
            let page = try await store.unannouncedDocuments(after: last, limit: Self.eventsPerTurn)
            // Whoever still writes is told of when they pause.
            try await store.noteChanges(of: page.filter { !activity.contains($0) })
            last = page.last
        } while last != nil && !Task.isCancelled
    }

    /// How many noted events were dealt with.
    @discardableResult
    private func queue() async throws(StoreError) -> Int {
        let others = intake.take()
        let outcome: (noted: Int, dropped: Int)
        do throws(StoreError) {
            if others.events.isEmpty, others.dropped == 0, try await !store.hasWebhookEvents() { return 0 }
            outcome = try await store.queueDeliveries(
                of: others.events,
                limit: Self.eventsPerTurn,
                bound: configuration.maximumCount
            ) { [configuration] event in WebhookBody.deliveries(of: event, configuration) }
        } catch {
            intake.putBack(others)
            throw error
        }
        let dropped = outcome.dropped + others.dropped
        if dropped > 0 {
            metrics.webhooksDropped(dropped)
            logger.error("webhooks dropped, too many wait", metadata: ["count": "\(dropped)"])
        }
        return outcome.noted
    }

    // MARK: Delivering

    /// One at a time, so that a receiver is not overrun, and one that is slow keeps nobody else waiting.
    private func deliver(to receiver: String) async {
        let schedule = WebhookSchedule(retrySeconds: configuration.retrySeconds)
        var failures = 0
        while !Task.isCancelled {
            let delivery = try? await store.nextDelivery(to: receiver)
            guard let delivery, let due = delivery.due, schedule.isDue(due, now: now()) else {
                await sleep(Self.tick)
                continue
            }
            // Whoever is away is not asked once for each event.
            failures = await attempt(delivery, schedule) ? 0 : failures + 1
            await sleep(WebhookSchedule.pause(afterFailures: failures))
        }
    }

    /// Whether the receiver took it.
    private func attempt(_ delivery: WebhookDelivery, _ schedule: WebhookSchedule) async -> Bool {
        let time = now()
        let headers = [
            ("content-type", "application/json"), ("user-agent", "Quire"), ("webhook-id", delivery.event),
            ("webhook-timestamp", "\(time / 1_000)"),
            ("webhook-signature", signature.sign(id: delivery.event, timestamp: time / 1_000, body: delivery.body)),
        ]
        let answer = await sender.send(delivery, headers: headers)
        // Broken off by the shutdown: it is no failure of the receiver's, and comes again.
        if Task.isCancelled, answer != .taken { return false }
        do throws(StoreError) {
            switch answer {
            case .taken:
                metrics.webhookDelivered()
                try await store.finish(delivery)
            case .refused(let reason, let retryAfter):
                let later = schedule.failed(
                    delivery,
                    reason,
                    retryAfter: retryAfter,
                    now: now(),
                    jitter: .random(in: 0...1)
                )
                metrics.webhookFailed(isGivenUp: later.due == nil)
                logger.log(
                    level: later.due == nil ? .error : .info,
                    later.due == nil ? "webhook given up" : "webhook failed",
                    metadata: [
                        "event": "\(delivery.event)", "type": "\(delivery.kind)", "attempts": "\(later.attempts)",
                        "reason": "\(reason)",
                    ]
                )
                try await store.update(later, bound: configuration.maximumCount)
            }
        } catch {
            // It comes again; receivers know it by its id.
            logger.warning("webhook not settled", metadata: ["error": "\(error.code.rawValue)"])
            await sleep(.seconds(1))
        }
        return answer == .taken
    }
}
