/// Consecutive elements of one replica that are neighbours in the document and all alive or all dead: an address and a
/// length.
///
///      63                             33 32 31                              0
///     +---------------------------------+--+--------------------------------+
///     | length                          |d | address                        |
///     +---------------------------------+--+--------------------------------+
///
/// Counters, Lamport timestamps and text are found by address, so they take no room here.
struct Run: BitwiseCopyable, Sendable {
    var address: UInt32
    private var lengthAndLife: UInt32

    @inline(__always)
    init(address: UInt32, length: Int, isDead: Bool) {
        self.address = address
        lengthAndLife = UInt32(truncatingIfNeeded: length) << 1 | (isDead ? 1 : 0)
    }

    @inline(__always)
    var isDead: Bool { lengthAndLife & 1 != 0 }

    @inline(__always)
    var length: Int {
        get { Int(lengthAndLife >> 1) }
        set { lengthAndLife = UInt32(truncatingIfNeeded: newValue) << 1 | lengthAndLife & 1 }
    }

    /// The length when alive, 0 when dead.
    @inline(__always)
    var visible: Int { Int((lengthAndLife >> 1) & ((lengthAndLife & 1) &- 1)) }

    /// The address after the last element.
    @inline(__always)
    var end: UInt32 { address &+ lengthAndLife >> 1 }

    /// Adds elements at the end, or takes them away.
    @inline(__always)
    mutating func grow(by count: Int) { lengthAndLife &+= UInt32(truncatingIfNeeded: count &<< 1) }

    /// Adds the element before the first one.
    @inline(__always)
    mutating func growLeft() {
        address &-= 1
        lengthAndLife &+= 2
    }

    /// Takes the first element away.
    @inline(__always)
    mutating func shrinkLeft() {
        address &+= 1
        lengthAndLife &-= 2
    }

    mutating func die() { lengthAndLife |= 1 }

    /// Splits off what comes after the first `length` elements.
    @inline(__always)
    func dropping(first count: Int) -> Run {
        Run(address: address &+ UInt32(truncatingIfNeeded: count), length: length - count, isDead: isDead)
    }

    @inline(__always)
    func keeping(first count: Int) -> Run {
        Run(address: address, length: count, isDead: isDead)
    }
}
