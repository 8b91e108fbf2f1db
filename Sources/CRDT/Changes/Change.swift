/// One transaction of one replica: what it inserted and deleted, and which changes it had seen. Immutable.
///
/// A replica's changes are numbered densely by ``sequence``, so a ``Version`` says with one number per replica which
/// changes are known. Its Lamport timestamps and element counters are written relative to the replica's change before:
/// they come to light when it is applied.
public struct Change: Hashable, Sendable {
    /// Who made it.
    public let replica: ReplicaID
    /// How many changes that replica had made before.
    public let sequence: UInt64
    /// What its author had seen: only the entries that advanced since the author's change before this one, which is
    /// itself implied.
    public let dependencies: Version
    /// Its bytes, as they travel and are stored; see `FORMAT.md`.
    public let encoded: [UInt8]
    /// Where the operations start in `encoded`.
    let body: ChangeBody

    /// Reads a change from bytes that came from outside.
    ///
    /// - Throws: when the bytes are not exactly one well-formed change. Whether it fits a document is found out when it
    ///   is applied.
    /// - Complexity: O(n) for n bytes.
    public init(decoding bytes: [UInt8]) throws(FormatError) {
        preconditionFailure("not yet")
    }
}

struct ChangeBody: Hashable, Sendable {}
