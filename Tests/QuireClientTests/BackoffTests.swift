import TestSupport
import Testing

@testable import QuireClient

@Suite("Waiting before a reconnect")
struct BackoffTests {
    @Test("The ceiling doubles up to the maximum and starts over after a success")
    func ceiling() {
        var backoff = Backoff(base: 100, maximum: 1000)
        var generator = SplitMix64(seed: 1)
        var ceilings: [UInt64] = []
        for _ in 0..<6 {
            ceilings.append(backoff.ceiling)
            _ = backoff.next(using: &generator)
        }
        #expect(ceilings == [100, 200, 400, 800, 1000, 1000])
        backoff.reset()
        #expect(backoff.ceiling == 100)
    }

    @Test("The jitter is full: from nothing to the ceiling")
    func jitter() {
        var backoff = Backoff(base: 1_000_000, maximum: 1_000_000)
        var generator = SplitMix64(seed: 7)
        let waits = (0..<1000).map { _ in backoff.next(using: &generator) }
        #expect(waits.allSatisfy { $0 <= 1_000_000 })
        #expect(waits.contains { $0 < 100_000 })
        #expect(waits.contains { $0 > 900_000 })
    }

    @Test("A thousand failures do not overflow")
    func manyFailures() {
        var backoff = Backoff(base: 1 << 40, maximum: .max)
        var generator = SplitMix64(seed: 3)
        for _ in 0..<1000 { _ = backoff.next(using: &generator) }
        #expect(backoff.ceiling == .max)
    }
}
