/// An operation as it is written in a change: relative to its author's counter, text still in bytes.
enum Operation: Sendable {
    /// Inserts the UTF-8 text at `text`.
    case insert(Origin, text: Range<Int>)
    /// Inserts values into a list.
    case insertItems(Origin, [WireValue])
    /// Deletes `count` consecutive elements of texts or items of lists from `first` on.
    case delete(first: Reference, count: UInt32)
    /// Sets or unsets a key of a map.
    case set(Target, key: Range<Int>, WireValue)
    /// Moves an item of a list to after another element of it, or to the start.
    case move(Reference, after: Reference?)
    /// Takes back one deletion of consecutive elements of texts, whose text is at `text`.
    case restoreText(first: Reference, text: Range<Int>)
    /// Takes back one deletion of consecutive items of lists.
    case restoreItems(first: Reference, [WireValue])

    /// What is on the left of an insertion.
    enum Origin: Sendable {
        /// The element that the author inserted last.
        case newest
        /// Nothing: the start of a text or a list.
        case start(Target)
        case element(Reference)
    }

    /// How a container is named in a change.
    enum Target: Sendable {
        /// The root of the operation's kind whose name is at the range.
        case root(name: Range<Int>)
        /// The container that the element created.
        case nested(Reference)
    }

    /// How an element is named in a change.
    enum Reference: Sendable {
        /// One of the author's: its newest element is at distance 1.
        case own(distance: UInt32)
        case other(ReplicaID, counter: UInt32)
    }

    // The first byte of an operation:
    //
    //      7  6  5  4   3  2   1  0
    //     +------------+------+------+
    //     | bytes or 0 | from | 0  0 |  insert text
    //     +------------+-+----+------+
    //     | count or 0   | o  | 0  1 |  delete; o: another replica's
    //     +------------+-+----+------+
    //     | count or 0 | from | 1  0 |  insert items
    //     +---------+--+------+------+
    //     | 0  0  0 | code    | 1  1 |  others
    //     +---------+---------+------+
    static let insertKind: UInt8 = 0
    static let deleteKind: UInt8 = 1
    static let insertItemsKind: UInt8 = 2
    static let otherKind: UInt8 = 3
    static let originNewest: UInt8 = 0 << 2
    static let originStart: UInt8 = 1 << 2
    static let originOwn: UInt8 = 2 << 2
    static let originOther: UInt8 = 3 << 2
    static let deleteOther: UInt8 = 1 << 2
    static let insertLengthShift: UInt8 = 4
    static let deleteCountShift: UInt8 = 3
    static let codeShift: UInt8 = 2
    static let codeSet: UInt8 = 0
    static let codeMove: UInt8 = 1
    static let codeRestoreText: UInt8 = 2
    static let codeRestoreItems: UInt8 = 3
}
