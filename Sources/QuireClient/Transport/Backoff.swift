/// How long to wait before each attempt to reconnect: exponential growth with full jitter.
///
/// Before attempt *n* (from 0) the wait is uniform in `0 ... min(maximum, base * 2^n)`. Full jitter spreads the clients of a
/// restarted server over the whole interval instead of letting them return in waves. Randomness comes in from outside,
/// so that tests decide it.
public struct Backoff: Sendable, Equatable {
    /// The upper bound of the first wait, in nanoseconds.
    public let base: UInt64
    /// The upper bound of every wait, in nanoseconds.
    public let maximum: UInt64
    /// The attempts since the last success.
    public private(set) var attempts = 0

    /// Makes a backoff that starts at `base` and grows to `maximum`, both in nanoseconds.
    public init(base: UInt64, maximum: UInt64) {
        self.base = max(1, base)
        self.maximum = max(self.base, maximum)
    }

    /// The longest that the next wait can be, in nanoseconds.
    public var ceiling: UInt64 {
        // 2^62 ns are 146 years: shifting further could only overflow.
        let factor: UInt64 = 1 << UInt64(min(self.attempts, 62))
        let (product, overflow) = self.base.multipliedReportingOverflow(by: factor)
        return overflow ? self.maximum : min(self.maximum, product)
    }

    /// Counts an attempt and says how long to wait before it, in nanoseconds.
    public mutating func next(using generator: inout some RandomNumberGenerator) -> UInt64 {
        let wait = UInt64.random(in: 0...self.ceiling, using: &generator)
        self.attempts += 1
        return wait
    }

    /// Starts again at `base`: the last attempt succeeded.
    public mutating func reset() {
        self.attempts = 0
    }
}
