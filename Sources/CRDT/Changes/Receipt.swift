/// Whether a received change can be applied now.
public enum Readiness: Hashable, Sendable {
    /// Everything it depends on is there.
    case ready
    /// It has been applied before.
    case duplicate
    /// It depends on changes that are not there: for each replica of `missing`, its changes up to that count.
    case waiting(missing: Version)
}

/// What became of a batch of received changes.
public struct Receipt: Sendable {
    /// What was applied, in order: of the batch, and what it freed from the backlog.
    public var applied: [Change]
    /// How many were known already.
    public var duplicates: Int
    /// How many wait in the backlog now, from this batch and earlier ones.
    public var waiting: Int
}
