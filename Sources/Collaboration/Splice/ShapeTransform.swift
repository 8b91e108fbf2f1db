/// Moves shapes over concurrent ones, within a budget of work.
///
/// This is operational transformation in its smallest form: one server, splices and moves, and a fixed tie rule (what was
/// accepted first stands first). Both sides move, so that the second shape of an edit meets the others' as the
/// first left them.
struct ShapeTransform {
    /// The budget was used up: two long lists met.
    struct BudgetExceeded: Error {}

    /// How many shapes that need no computing are copied for the price of one step.
    private static let copiedPerStep = 64

    /// How many steps are left, a step being one shape against one other.
    private(set) var remainingSteps: Int

    init(steps: Int) {
        remainingSteps = steps
    }

    /// Moves `shape` over `others` (in order, each relative to the sequence after the one before; both start from one
    /// sequence).
    ///
    /// `others` become what they are after `shape`.
    ///
    /// - Returns: the pieces of `shape`, in order; none when nothing of it is left. Only the first may insert.
    mutating func move(_ shape: Shape, over others: inout [Shape]) throws(BudgetExceeded) -> [Shape] {
        if shape.isEmpty { return [] }
        var pieces = [shape]
        var moved: [Shape] = []
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

    /// Moves consecutive pieces past one other shape, and appends to `moved` what that one is after them.
    private mutating func move(
        _ pieces: inout [Shape],
        past other: Shape,
        into moved: inout [Shape]
    ) throws(BudgetExceeded) {
        guard pieces.count > 1 else {
            let piece = pieces[0]
            pieces.removeAll(keepingCapacity: true)
            return try cross(piece, other, left: &pieces, right: &moved)
        }
        var crossing = [other]
        var result: [Shape] = []
        for piece in pieces {
            if crossing.count == 1 {
                var rest: [Shape] = []
                try cross(piece, crossing[0], left: &result, right: &rest)
                crossing = rest
            } else {
                result.append(contentsOf: try move(piece, over: &crossing))
            }
        }
        pieces = result
        moved.append(contentsOf: crossing)
    }

    /// One shape against one other: the only step that computes anything.
    private mutating func cross(
        _ piece: Shape,
        _ other: Shape,
        left: inout [Shape],
        right: inout [Shape]
    ) throws(BudgetExceeded) {
        guard remainingSteps > 0 else { throw BudgetExceeded() }
        remainingSteps -= 1
        // Texts know nothing else, and it needs no arrays in between.
        if case .splice(let piece) = piece, case .splice(let other) = other {
            Self.append(piece.moved(over: other, tie: .after), to: &left)
            Self.append(other.moved(over: piece, tie: .before), to: &right)
            return
        }
        left.append(contentsOf: piece.moved(over: other, tie: .after))
        right.append(contentsOf: other.moved(over: piece, tie: .before))
    }

    private static func append(_ moved: Splice.Moved, to list: inout [Shape]) {
        if !moved.head.isEmpty { list.append(.splice(moved.head)) }
        if let tail = moved.tail { list.append(.splice(tail)) }
    }
}
