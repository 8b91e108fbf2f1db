/// What a random history found, with the seed that finds it again.
public struct HistoryFailure: Error, CustomStringConvertible {
    /// The history's seed.
    public var seed: UInt64
    /// What is wrong.
    public var reason: String

    /// For the log.
    public var description: String { "history of seed \(seed): \(reason)" }
}
