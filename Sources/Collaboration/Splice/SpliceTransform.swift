/// Moves splices over concurrent ones, within a budget of work.
///
/// This is operational transformation in its smallest form: one server, splices of text, and a fixed tie rule (what was
/// accepted first stands first). Both sides move, so that the second splice of an edit meets the others' splices as the
/// first left them.
struct SpliceTransform {
    /// The budget was used up: two long lists met.
    struct BudgetExceeded: Error {}

    /// How many splices that need no computing are copied for the price of one step.
    private static let copiedPerStep = 64

    /// How many steps are left, a step being one splice against one other.
    private(set) var remainingSteps: Int

    init(steps: Int) {
        remainingSteps = steps
    }

    /// Moves `splice` over `others` (in order, each relative to the text after the one before; both start from one
    /// text).
    ///
    /// `others` become what they are after `splice`.
    ///
    /// - Returns: the pieces of `splice`, in order; none when nothing of it is left. Only the first may insert.
    mutating func move(_ splice: Splice, over others: inout [Splice]) throws(BudgetExceeded) -> [Splice] {
        if splice.isEmpty { return [] }
        var pieces = [splice]
        var moved: [Splice] = []
        moved.reserveCapacity(others.count)
        for (index, other) in others.enumerated() {
            if pieces.isEmpty {
                // Deleted by others already: cheap, but not free, when the list is long and many do it.
                remainingSteps -= (others.count - index) / Self.copiedPerStep
                guard remainingSteps >= 0 else { throw BudgetExceeded() }
                moved.append(contentsOf: others[index...])
                break
            }
            try move(&pieces, past: other, into: &moved)
        }
        others = moved
        return pieces
    }

    /// Moves consecutive pieces past one other splice, and appends to `moved` what that one is after them.
    private mutating func move(
        _ pieces: inout [Splice],
        past other: Splice,
        into moved: inout [Splice]
    ) throws(BudgetExceeded) {
        guard pieces.count > 1 else {
            let piece = pieces[0]
            pieces.removeAll(keepingCapacity: true)
            return try cross(piece, other, left: &pieces, right: &moved)
        }
        var crossing = [other]
        var result: [Splice] = []
        for piece in pieces {
            if crossing.count == 1 {
                var rest: [Splice] = []
                try cross(piece, crossing[0], left: &result, right: &rest)
                crossing = rest
            } else {
                result.append(contentsOf: try move(piece, over: &crossing))
            }
        }
        pieces = result
        moved.append(contentsOf: crossing)
    }

    /// One splice against one other: the only step that computes anything.
    private mutating func cross(
        _ piece: Splice,
        _ other: Splice,
        left: inout [Splice],
        right: inout [Splice]
    ) throws(BudgetExceeded) {
        guard remainingSteps > 0 else { throw BudgetExceeded() }
        remainingSteps -= 1
        Self.append(piece.moved(over: other, tie: .after), to: &left)
        Self.append(other.moved(over: piece, tie: .before), to: &right)
    }

    private static func append(_ moved: Splice.Moved, to list: inout [Splice]) {
        if !moved.head.isEmpty { list.append(moved.head) }
        if let tail = moved.tail { list.append(tail) }
    }
}
