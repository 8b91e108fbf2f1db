/// How a replica's next change starts when it has a short name and no flags: found once, then counted up.
///
/// Nearly every change on the way is the next keystroke of whoever made the one before, so that its first bytes are known
/// before they are read or written.
struct NextName: BitwiseCopyable, Sendable {
    /// The replica's number; any while nothing is known.
    private(set) var author = 0
    /// The next change's number; that of no change while nothing is known.
    private(set) var sequence = UInt64.max
    /// The first byte, with no shape, and the name; the first one lowest.
    ///
    /// Longer than any keystroke while nothing is known, so that none starts like that.
    private(set) var bytes = UInt64.max
    private(set) var bitCount: UInt64 = 63

    /// Starts to follow a replica: with its next change, of a name below 2^35.
    mutating func follow(_ author: Int, _ name: UInt64) {
        let (spread, count) = ShortVarint.spread(name)
        self.author = author
        sequence = name &>> 3
        bytes = UInt64(Change.magic | Change.version) | spread &<< 8
        bitCount = count &* 8 &+ 8
    }

    /// Goes on to the change that follows; a carry into the next byte of the name is left to ``follow(_:_:)``.
    @_transparent
    mutating func advance() {
        sequence &+= 1
        bytes &+= 8 &<< 8
        if bytes & 0x7800 == 0 { sequence = .max }
    }

    /// Whether a word starts with the name, as that of a keystroke, typed or erased.
    @_transparent
    func starts(_ word: UInt64) -> Bool {
        let difference = word ^ (bytes | UInt64(ChangeShape.typing.rawValue))
        return difference & (1 &<< bitCount &- 1) & ~2 == 0
    }
}
