/// What the edits of a transaction wrote down on the way that is fast, and the operation that the next edit may continue.
///
/// Text typed in one go is one insertion and text erased in one go is one deletion, however many edits they were. Nothing
/// is written down for a character that continues an insertion: its end is the author's newest element.
struct TransactionLane: ~Copyable, Sendable {
    enum Pending: UInt8, Sendable {
        case nothing
        case insertion
        case deletion
    }

    var pending = Pending.nothing
    /// Whose element the insertion is after, or whose elements are deleted.
    var owner = 0
    /// The element that the insertion is after, or the first one that is deleted.
    var counter: UInt32 = 0
    /// How many are deleted.
    var count: UInt32 = 0
    /// The address of the first one that is deleted, and the one after that of the last; nobody's while nothing is deleted.
    private(set) var firstAddress = UInt32.max
    private(set) var endAddress = UInt32.max
    /// The first element that is inserted.
    var first: UInt32 = 0
    /// Operations that the writer of the change does not have yet.
    var operations = ByteRow()
    var operationCount = 0

    mutating func clear() {
        close()
        operations.removeAll()
        operationCount = 0
    }

    /// Forgets the pending operation.
    mutating func close() {
        pending = .nothing
        firstAddress = .max
        endAddress = .max
    }

    // MARK: Deletion

    /// Begins a deletion of elements with addresses in a row.
    mutating func beginDeletion(_ range: ElementRange, at address: UInt32) {
        pending = .deletion
        owner = Int(range.replica)
        counter = range.counter
        count = range.count
        firstAddress = address
        endAddress = address &+ range.count
    }

    /// Adds elements to the pending deletion; false when they do not lie on one of its ends.
    @inline(__always)
    mutating func extendDeletion(_ range: ElementRange, at address: UInt32) -> Bool {
        guard pending == .deletion, owner == Int(range.replica) else { return false }
        if range.counter &+ range.count == counter {
            counter = range.counter
            firstAddress = address
        } else if range.counter == counter &+ count {
            endAddress = address &+ range.count
        } else {
            return false
        }
        count &+= range.count
        return true
    }

    /// Adds the element before the first one, which is in the same block of addresses; false when that one is not at `address`.
    @_transparent
    mutating func extendDeletionLeft(from address: UInt32) -> Bool {
        if firstAddress != address { return false }
        firstAddress &-= 1
        counter &-= 1
        count &+= 1
        return true
    }

    /// Adds the element after the last one, which is in the same block of addresses; false when it is not at `address`.
    @_transparent
    mutating func extendDeletionRight(at address: UInt32) -> Bool {
        if endAddress != address { return false }
        endAddress &+= 1
        count &+= 1
        return true
    }
}
