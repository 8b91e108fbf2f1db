/// What orders siblings, elements with the same origin: the higher rank stands first.
///
/// The newer one, by Lamport timestamp, ranks above the older one; of two equally new ones that of the lower replica does.
/// The recorded session `friendsforever` ends in its recorded text with this rule and not with the other.
struct Rank: BitwiseCopyable, Comparable, Sendable {
    var lamport: UInt64
    var replica: UInt64

    static let maximum = Rank(lamport: .max, replica: 0)

    @inline(__always)
    static func < (left: Rank, right: Rank) -> Bool {
        left.lamport < right.lamport || (left.lamport == right.lamport && left.replica > right.replica)
    }
}
