/// One transaction of one replica: what it inserted and deleted, and which changes it had seen.
///
/// Immutable.
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

    /// How far its first Lamport timestamp is above the end of its author's earlier ones.
    let lamportAdvance: UInt64
    /// How the operations are written.
    let shape: ChangeShape
    /// Where the operations lie in `encoded`.
    let operations: Range<Int>

    /// Two changes are equal when their bytes are.
    public static func == (left: Change, right: Change) -> Bool { left.encoded == right.encoded }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) { hasher.combine(encoded) }
}

/// The lowest bits of a change's first byte: how its operations are written.
///
/// Typing and backspacing have their own.
enum ChangeShape: UInt8, Sendable {
    /// The number of operations, then the operations.
    case several = 0
    /// One character of ASCII after the author's newest element.
    case typing = 1
    /// One operation.
    case single = 2
    /// The deletion of one of the author's elements.
    case erasing = 3
}
