import NIOCore

/// A token bucket that may run into debt, so that it can tell a little too much from far too much.
///
/// Sans-IO: the time comes in. Refused spending counts too, so a client that goes on at twice its rate ends up owing a
/// whole burst, while one that pauses pays off its debt.
struct TokenBucket {
    /// How a spending stands.
    enum Verdict {
        /// Within the rate.
        case allowed
        /// Over it: refuse this one.
        case refused
        /// A whole burst over it: refuse the client.
        case farBeyond
    }

    private let limit: RateLimit
    private var tokens: Double
    private var refilledAt: NIODeadline

    /// A full bucket.
    init(_ limit: RateLimit, now: NIODeadline) {
        self.limit = limit
        self.tokens = limit.burst
        self.refilledAt = now
    }

    /// Takes `amount` tokens out.
    mutating func spend(_ amount: Double, now: NIODeadline) -> Verdict {
        self.refill(now)
        // One message larger than the whole bucket must pass a full one, or it could never be sent.
        let isAllowed = self.tokens >= min(amount, self.limit.burst)
        self.tokens -= amount
        if isAllowed { return .allowed }
        return self.tokens < -self.limit.burst ? .farBeyond : .refused
    }

    /// Takes one token out if there is one; refused attempts cost nothing.
    mutating func take(now: NIODeadline) -> Bool {
        self.refill(now)
        guard self.tokens >= 1 else { return false }
        self.tokens -= 1
        return true
    }

    /// Whether it is as good as new, so that forgetting it changes nothing.
    mutating func isFull(now: NIODeadline) -> Bool {
        self.refill(now)
        return self.tokens >= self.limit.burst
    }

    private mutating func refill(_ now: NIODeadline) {
        guard now > self.refilledAt else { return }
        let seconds = Double((now - self.refilledAt).nanoseconds) / 1_000_000_000
        self.tokens = min(self.limit.burst, self.tokens + seconds * self.limit.perSecond)
        self.refilledAt = now
    }
}
