import CRDT
import TestSupport
import Testing

@testable import Collaboration

@Suite("Moving splices over each other")
struct SpliceTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var edit: Splice
        var other: Splice
        var moved: [Splice]

        init(_ name: String, _ edit: (Int, Int, Int), over other: (Int, Int, Int), gives moved: [(Int, Int, Int)]) {
            testDescription = name
            self.edit = Splice(offset: edit.0, deleteCount: edit.1, insertCount: edit.2)
            self.other = Splice(offset: other.0, deleteCount: other.1, insertCount: other.2)
            self.moved = moved.map { Splice(offset: $0.0, deleteCount: $0.1, insertCount: $0.2) }
        }
    }

    static let cases: [Case] = [
        Case("an insertion before stays", (2, 0, 1), over: (5, 3, 4), gives: [(2, 0, 1)]),
        Case("an insertion after shifts", (9, 0, 1), over: (5, 3, 4), gives: [(10, 0, 1)]),
        Case("an insertion at the same place lands after", (5, 0, 1), over: (5, 0, 4), gives: [(9, 0, 1)]),
        Case(
            "an insertion into deleted text lands after its replacement",
            (6, 0, 1),
            over: (5, 3, 4),
            gives: [(9, 0, 1)]
        ),
        Case("a deletion is split by an insertion inside", (2, 6, 0), over: (5, 0, 4), gives: [(2, 3, 0), (6, 3, 0)]),
        Case(
            "a replacement is split, its text stays at the left",
            (2, 6, 2),
            over: (5, 0, 4),
            gives: [(2, 3, 2), (8, 3, 0)]
        ),
        Case(
            "an insertion at the edge of a deletion does not split it",
            (2, 3, 0),
            over: (5, 0, 4),
            gives: [(2, 3, 0)]
        ),
        Case("an insertion at the start of a deletion shifts it", (5, 3, 0), over: (5, 0, 4), gives: [(9, 3, 0)]),
        Case("a deletion of what is gone is nothing", (5, 3, 0), over: (4, 6, 0), gives: []),
        Case("a deletion that overlaps at its end keeps its start", (3, 4, 0), over: (5, 5, 0), gives: [(3, 2, 0)]),
        Case("a deletion that overlaps at its start keeps its end", (7, 6, 0), over: (5, 5, 0), gives: [(5, 3, 0)]),
        Case(
            "a deletion around another shrinks to one piece or two",
            (2, 9, 0),
            over: (5, 3, 1),
            gives: [(2, 3, 0), (3, 3, 0)]
        ),
    ]

    @Test("A splice moves as the rules say", arguments: cases)
    func moves(testCase: Case) throws {
        var transform = ShapeTransform(steps: 10)
        var others = [Shape.splice(testCase.other)]
        #expect(try transform.move(.splice(testCase.edit), over: &others) == testCase.moved.map(Shape.splice))
    }

    @Test("Work beyond the budget is refused")
    func budget() {
        var transform = ShapeTransform(steps: 10)
        var others = (0..<11).map { Shape.splice(Splice(offset: $0 * 2, deleteCount: 0, insertCount: 1)) }
        #expect(throws: ShapeTransform.BudgetExceeded.self) {
            try transform.move(.splice(Splice(offset: 0, deleteCount: 0, insertCount: 1)), over: &others)
        }
    }

    @Test("Splices of which nothing is left cost as well, when the list that they meet is long")
    func budgetOfCopies() throws {
        var transform = ShapeTransform(steps: 1000)
        var others = [Shape.splice(Splice(offset: 0, deleteCount: 200, insertCount: 0))]
        others += Array(repeating: .splice(Splice(offset: 0, deleteCount: 0, insertCount: 1)), count: 6400)
        let deletion = Shape.splice(Splice(offset: 0, deleteCount: 1, insertCount: 0))
        for _ in 0..<5 { #expect(try transform.move(deletion, over: &others).isEmpty) }
        #expect(throws: ShapeTransform.BudgetExceeded.self) {
            for _ in 0..<100 { _ = try transform.move(deletion, over: &others) }
        }
        // A splice that was empty from the start costs nothing: the list is not even looked at.
        var exhausted = ShapeTransform(steps: 0)
        #expect(try exhausted.move(.splice(.none), over: &others).isEmpty)
    }

    @Test("The history forgets the oldest revisions first, by number and by splices")
    func historyIsBounded() throws {
        var limits = RoomLimits()
        limits.rememberedRevisionCount = 10
        limits.rememberedFootprintCount = 25
        var history = EditHistory(revision: Revision(5), limits: limits)
        let body = ContainerID.text("body")
        let shape = Footprint.sequence(body, .splice(Splice(offset: 0, deleteCount: 0, insertCount: 1)))
        for _ in 0..<300 { history.append([shape]) }
        #expect(history.floor == Revision(295))
        history.append(Array(repeating: shape, count: 20))
        #expect(history.floor == Revision(300))
        func moved(_ base: UInt64) throws -> [Shape] {
            var others = try history.others(than: "s", since: Revision(base), steps: 1_000)
            return try others.move(.splice(Splice(offset: 0, deleteCount: 0, insertCount: 1)), of: body)
        }
        #expect(try moved(306) == [.splice(Splice(offset: 0, deleteCount: 0, insertCount: 1))])
        #expect(try moved(300) == [.splice(Splice(offset: 25, deleteCount: 0, insertCount: 1))])
        #expect(throws: EditHistory.Failure.unknownRevision) { try moved(299) }
        #expect(throws: EditHistory.Failure.unknownRevision) { try moved(307) }
    }
}
