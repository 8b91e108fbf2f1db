import Synchronization

/// Counts the events of one namespace, on all its loops.
final class Traffic: Sendable {
    let received = Atomic<UInt64>(0)
    let sent = Atomic<UInt64>(0)
    /// Events over a rate limit.
    let refused = Atomic<UInt64>(0)
}
