/// Consecutive changes of one author that say together what one operation says: typing, erasing, a paste; or one change as
/// it is.
///
/// Counters of the author are relative: 0 is the first element that it inserted in this history.
struct HistoryItem: Sendable {
    enum Kind: UInt8, Sendable {
        /// A change in its own bytes.
        case verbatim = 0
        /// The first change inserts `firstByteCount` bytes of text at an origin, each further one a character after it.
        case insert = 1
        /// Each change deletes one element, to the left of the one before.
        case eraseLeft = 2
        /// Each change deletes one element, to the right of the one before.
        case eraseRight = 3
        /// One change deletes several consecutive elements.
        case delete = 4
    }

    /// The element that is deleted first, or the one that is inserted after.
    enum Reference: Equatable, Sendable {
        case own(Int64)
        /// An element of the replica at that place in the table.
        case other(Int, counter: UInt32)
    }

    var kind: Kind
    /// The author, by its place in the table.
    var author: Int
    /// The sequence of the first change.
    var sequence: UInt64
    /// How many changes.
    var count = 1
    var reference: Reference
    /// How many elements one change deletes.
    var deleteCount: UInt32 = 1
    var advance: UInt64 = 0
    /// The one entry of the dependencies of the first change, by its place in the table.
    var dependency: (replica: Int, count: UInt64)?
    /// Where its text, or its bytes, are in their columns.
    var bytes = 0..<0
    var firstByteCount = 0
    /// Whether the first change inserts more than one character.
    var isLong = false

    /// The counter of the element that is referenced.
    var first: Int64 {
        switch reference {
        case .own(let counter): counter
        case .other(_, let counter): Int64(counter)
        }
    }

    /// The counter of the leftmost element that a deletion deletes.
    var leftmost: Int64 { kind == .eraseLeft ? first - Int64(count - 1) : first }

    /// The counter of the rightmost element that a deletion deletes, after which its author most often goes on.
    var rightmost: Int64 {
        switch kind {
        case .delete: first + Int64(deleteCount) - 1
        case .eraseRight: first + Int64(count) - 1
        default: first
        }
    }
}

/// The first byte of an item: its kind, and what else is said of it.
enum HistoryFlag {
    static let kindMask: UInt8 = 0b111
    /// The element is the author's own, and the one that its item before ended at.
    static let same: UInt8 = 1 << 3
    static let other: UInt8 = 1 << 4
    static let advance: UInt8 = 1 << 5
    static let dependency: UInt8 = 1 << 6
    /// The first change of an insertion inserts more than one character.
    static let isLong: UInt8 = 1 << 7
}

/// What both the writer and the reader of a history keep for each replica in its table.
struct HistoryReplica: Sendable {
    let id: ReplicaID
    /// The sequence of its first change in the history; `nil` while it has none.
    var start: UInt64?
    /// The sequence of its next change.
    var next: UInt64 = 0
    /// How many elements its changes inserted.
    var elements: Int64 = 0
    /// Of its own elements the one that its last item ended at.
    var lastOwn: Int64 = 0
    /// The counter of the element of it that another replica's item named last.
    var lastCounter: UInt32 = 0
    /// The dependency on it that was written last.
    var lastKnown: UInt64 = 0
}
