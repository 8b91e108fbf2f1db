import TestSupport
import Testing

@Suite("Convergence")
struct ConvergenceTests {
    /// Each block of seeds is a case of its own, so that what failed is printed and cases run side by side.
    ///
    /// To replay one history: `FUZZ_SEED=n`. A million of them: `Tests/Fuzz`, target `histories`.
    @Test("Replicas converge to the naive oracle's document whatever the delivery order", arguments: Fuzz.blocks)
    func converges(seeds: ClosedRange<UInt64>) async throws {
        for seed in seeds {
            // Minutes of work: whoever waits for a socket in another test must get a thread now and then.
            await Task.yield()
            var history = RandomHistory(seed: seed)
            try history.run()
        }
    }
}
