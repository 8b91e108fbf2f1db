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
    /// The first element that is inserted.
    var first: UInt32 = 0
    /// Operations that the writer of the change does not have yet.
    var operations = ByteRow()
    var operationCount = 0

    mutating func clear() {
        pending = .nothing
        operations.removeAll()
        operationCount = 0
    }

    /// Adds elements to the pending deletion; false when they do not lie on one of its ends.
    @inline(__always)
    mutating func extendDeletion(_ owner: Int, _ counter: UInt32, _ count: UInt32) -> Bool {
        guard pending == .deletion, self.owner == owner else { return false }
        if counter &+ count == self.counter {
            self.counter = counter
        } else if counter != self.counter &+ self.count {
            return false
        }
        self.count &+= count
        return true
    }
}
