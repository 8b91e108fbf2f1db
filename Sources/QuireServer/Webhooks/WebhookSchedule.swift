import Collaboration

/// What a receiver answered.
enum WebhookAnswer: Equatable, Sendable {
    /// It has it.
    case taken
    /// It has not; why, and how many seconds it asks to be left alone, if it does.
    case refused(reason: String, retryAfter: Int?)
}

/// When a delivery is tried again.
struct WebhookSchedule: Sendable {
    /// The longest that a receiver may ask to be left alone.
    static let longestRetryAfter = 86_400

    /// Seconds after each failed attempt.
    let retrySeconds: [Int]

    /// Whether the time of a delivery has come; also when it is later than this schedule ever says, since a clock that was
    /// wrong must not hold it back.
    func isDue(_ due: Int64, now: Int64) -> Bool {
        let longest = Int64(max(Double(retrySeconds.max() ?? 0) * 1.2, Double(Self.longestRetryAfter)) * 1_000)
        return due <= now || due > now + longest
    }

    /// How long a receiver is left alone after so many failures in a row: up to a minute.
    static func pause(afterFailures count: Int) -> Duration {
        count == 0 ? .zero : .seconds(min(60, 1 << min(count - 1, 6)))
    }

    /// What becomes of a delivery after an attempt that failed.
    ///
    /// - Parameters:
    ///   - delivery: as it was before.
    ///   - reason: why it failed.
    ///   - retryAfter: for how many seconds the receiver asks to be left alone.
    ///   - now: milliseconds since 1970.
    ///   - jitter: from 0 to 1; spreads what failed together over a fifth more time.
    /// - Returns: the delivery, due again, or given up.
    func failed(
        _ delivery: WebhookDelivery,
        _ reason: String,
        retryAfter: Int?,
        now: Int64,
        jitter: Double
    ) -> WebhookDelivery {
        var delivery = delivery
        delivery.failure = String(reason.prefix(200))
        delivery.attempts += 1
        guard delivery.attempts <= retrySeconds.count else {
            delivery.due = nil
            return delivery
        }
        let pause = Double(retrySeconds[delivery.attempts - 1]) * (1 + 0.2 * jitter)
        let wanted = Double(min(max(retryAfter ?? 0, 0), Self.longestRetryAfter))
        delivery.due = now + Int64(max(pause, wanted) * 1_000)
        return delivery
    }
}
