/// The name of one replica: one copy of a document that can edit.
///
/// Elsewhere called site, agent, actor or client.
///
/// Two copies that edit at the same time must never share an identifier, and an identifier is not used again once the
/// copy that held it may have lost some of its changes. Small numbers encode small; take random ones from
/// ``random(using:)``.
public struct ReplicaID: Hashable, Comparable, Sendable {
    /// The number itself.
    public let rawValue: UInt64

    /// Makes the identifier with the given number.
    @inlinable
    public init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// A random identifier of 53 bits, so that JavaScript can hold it in a number.
    ///
    /// With 10,000 replicas in one document the chance of two being equal is below one in 10^8.
    public static func random(using generator: inout some RandomNumberGenerator) -> ReplicaID {
        ReplicaID((generator.next() >> 11) | 1 << 32)
    }

    /// Orders identifiers by their number.
    @inlinable
    public static func < (left: ReplicaID, right: ReplicaID) -> Bool {
        left.rawValue < right.rawValue
    }
}
