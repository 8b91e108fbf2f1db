import NIOCore

/// How long to wait before connecting again: the bound doubles with each failure, the wait is anywhere below it.
///
/// Half of the bound at least: nodes that lost Redis together shall not come back together, nor at once.
struct RedisBackoff {
    private let minimum: Int64
    private let maximum: Int64
    private var failures = 0

    init(minimum: TimeAmount, maximum: TimeAmount) {
        self.minimum = max(1_000_000, minimum.nanoseconds)
        self.maximum = max(self.minimum, maximum.nanoseconds)
    }

    /// The wait after one more failure.
    mutating func next(using generator: inout some RandomNumberGenerator) -> TimeAmount {
        // 2^30 ms are twelve days: shifting further could only overflow.
        let (product, isOver) = self.minimum.multipliedReportingOverflow(by: 1 << Int64(min(self.failures, 30)))
        let bound = isOver ? self.maximum : min(self.maximum, product)
        self.failures += 1
        return .nanoseconds(Int64.random(in: bound / 2...bound, using: &generator))
    }

    /// A connection was good.
    mutating func reset() { self.failures = 0 }
}
