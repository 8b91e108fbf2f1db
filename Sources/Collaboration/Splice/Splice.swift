/// What an edit or a patch did to the positions of one text or list: at `offset`, `deleteCount` units or items went and
/// `insertCount` came.
///
/// It holds no content, so that a room can remember thousands of them.
struct Splice: Hashable, Sendable {
    /// Where, in UTF-16 code units or items before it.
    var offset: Int
    /// How many after the offset were deleted.
    var deleteCount: Int
    /// How many were inserted at the offset.
    var insertCount: Int

    /// Whether nothing happens.
    var isEmpty: Bool { deleteCount == 0 && insertCount == 0 }

    /// The end of what is deleted.
    private var end: Int { offset + deleteCount }

    init(offset: Int, deleteCount: Int, insertCount: Int) {
        self.offset = offset
        self.deleteCount = deleteCount
        self.insertCount = insertCount
    }

    /// Nothing happens.
    static let none = Splice(offset: 0, deleteCount: 0, insertCount: 0)

    /// Which of two concurrent insertions at one place comes first in the text.
    enum Tie {
        case before
        case after
    }

    /// A splice after it was moved: one piece, or two when the other one inserted in the middle of its deletion.
    struct Moved {
        /// Holds the insertion, when there is one.
        ///
        /// May be empty.
        var head: Splice
        /// The rest of the deletion, positioned in the text after `head`.
        var tail: Splice?
    }

    /// This splice, made for a text that `other` changes at the same time, as it must be applied after `other`.
    ///
    /// Of the deletion remains what `other` did not delete; what `other` inserted inside it is left alone. For all
    /// splices `a` and `b` of one text, `a` then `b.moved(over: a, tie: .after)` gives the same text as `b` then
    /// `a.moved(over: b, tie: .before)`.
    func moved(over other: Splice, tie: Tie) -> Moved {
        let isLeft = tie == .before ? offset <= other.offset : offset < other.offset
        let rest = max(offset, other.end)
        let restCount = max(0, end - rest)
        let restOffset = rest - other.deleteCount + other.insertCount
        guard isLeft else {
            return Moved(head: Splice(offset: restOffset, deleteCount: restCount, insertCount: insertCount), tail: nil)
        }
        let leftCount = max(0, min(end, other.offset) - offset)
        let head = Splice(offset: offset, deleteCount: leftCount, insertCount: insertCount)
        guard restCount > 0 else { return Moved(head: head, tail: nil) }
        let tail = Splice(offset: restOffset - leftCount + insertCount, deleteCount: restCount, insertCount: 0)
        return Moved(head: head, tail: tail)
    }

    /// Takes up a splice that was made right after this one when both are one splice together: typing goes on.
    mutating func absorb(_ next: Splice) -> Bool {
        guard next.deleteCount == 0, next.offset == offset + insertCount else { return false }
        insertCount += next.insertCount
        return true
    }
}
