import Foundation

/// Which random histories a test runs: how many is set by `FUZZ_ITERATIONS`, and `FUZZ_SEED` replays one.
public enum Fuzz {
    /// How many histories, unless a seed is given.
    public static let iterations: Int = environment("FUZZ_ITERATIONS").flatMap { Int($0) } ?? 3000

    /// The seed to replay alone.
    public static let replayedSeed: UInt64? = environment("FUZZ_SEED").flatMap { UInt64($0) }

    /// Where the seeds start; another value gives other histories.
    public static let firstSeed: UInt64 = environment("FUZZ_FIRST_SEED").flatMap { UInt64($0) } ?? 0

    /// The seeds in blocks, each of which is one case of a test: its first and last seed are printed with it.
    public static let blocks: [ClosedRange<UInt64>] = {
        if let seed = replayedSeed { return [seed...seed] }
        let size: UInt64 = 100
        let end = firstSeed + UInt64(max(iterations, 1))
        return stride(from: firstSeed, to: end, by: Int(size)).map { $0...min($0 + size, end) - 1 }
    }()

    private static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name]
    }
}
