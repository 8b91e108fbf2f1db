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
        var transform = SpliceTransform(steps: 10)
        var others = [testCase.other]
        #expect(try transform.move(testCase.edit, over: &others) == testCase.moved)
    }

    @Test("Both orders give the same text, whatever lists of splices meet", arguments: 0..<300 as Range<UInt64>)
    func converges(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let base = (0..<Int.random(in: 0...12, using: &generator)).map { "\($0)" }
        let first = Self.randomEdits("x", on: base.count, using: &generator)
        let second = Self.randomEdits("y", on: base.count, using: &generator)

        var others = first.map(\.splice)
        var transform = SpliceTransform(steps: 100_000)
        var afterFirst = Self.apply(first, to: base)
        for edit in second {
            let pieces = try transform.move(edit.splice, over: &others)
            #expect(pieces.dropFirst().allSatisfy { $0.insertCount == 0 })
            for piece in pieces {
                afterFirst = Self.apply([(piece, piece.insertCount > 0 ? edit.text : [])], to: afterFirst)
            }
        }
        // `others` is what `first` is after `second`; its insertions come in the same order as before.
        var texts = first.map(\.text).filter { !$0.isEmpty }[...]
        var afterSecond = Self.apply(second, to: base)
        for other in others {
            let text = other.insertCount > 0 ? texts.removeFirst() : []
            #expect(text.count == other.insertCount)
            afterSecond = Self.apply([(other, text)], to: afterSecond)
        }
        #expect(afterFirst == afterSecond)
        #expect(texts.isEmpty)
        let kept = Set(second.flatMap(\.text)).subtracting(Self.removedByOwn(second, base: base))
        #expect(kept.isSubset(of: Set(afterFirst)), "a deletion swallowed concurrent text")
    }

    @Test("Work beyond the budget is refused")
    func budget() {
        var transform = SpliceTransform(steps: 10)
        var others = (0..<11).map { Splice(offset: $0 * 2, deleteCount: 0, insertCount: 1) }
        #expect(throws: SpliceTransform.BudgetExceeded.self) {
            try transform.move(Splice(offset: 0, deleteCount: 0, insertCount: 1), over: &others)
        }
    }

    @Test("Splices of which nothing is left cost as well, when the list that they meet is long")
    func budgetOfCopies() throws {
        var transform = SpliceTransform(steps: 1000)
        var others = [Splice(offset: 0, deleteCount: 200, insertCount: 0)]
        others += Array(repeating: Splice(offset: 0, deleteCount: 0, insertCount: 1), count: 6400)
        let deletion = Splice(offset: 0, deleteCount: 1, insertCount: 0)
        for _ in 0..<5 { #expect(try transform.move(deletion, over: &others).isEmpty) }
        #expect(throws: SpliceTransform.BudgetExceeded.self) {
            for _ in 0..<100 { _ = try transform.move(deletion, over: &others) }
        }
        // A splice that was empty from the start costs nothing: the list is not even looked at.
        var exhausted = SpliceTransform(steps: 0)
        #expect(try exhausted.move(Splice(offset: 0, deleteCount: 0, insertCount: 0), over: &others).isEmpty)
    }

    @Test("The history forgets the oldest revisions first, by number and by splices")
    func historyIsBounded() throws {
        var limits = RoomLimits()
        limits.rememberedRevisionCount = 10
        limits.rememberedSpliceCount = 25
        var history = EditHistory(revision: Revision(5), limits: limits)
        let shape = EditHistory.Shape(root: "body", splice: Splice(offset: 0, deleteCount: 0, insertCount: 1))
        for _ in 0..<300 { history.append([shape]) }
        #expect(history.floor == Revision(295))
        history.append(Array(repeating: shape, count: 20))
        #expect(history.floor == Revision(300))
        func moved(_ base: UInt64) throws -> [TextEdit]? {
            try history.move([splice(0, "a")], of: "s", base: Revision(base), steps: 1_000)
        }
        #expect(try moved(306) == nil)
        #expect(try moved(300) == [splice(25, "a")])
        #expect(throws: EditHistory.Failure.unknownRevision) { try moved(299) }
        #expect(throws: EditHistory.Failure.unknownRevision) { try moved(307) }
    }

    private typealias Edit = (splice: Splice, text: [String])

    private static func randomEdits(_ mark: String, on count: Int, using generator: inout SplitMix64) -> [Edit] {
        var count = count
        return (0..<Int.random(in: 1...5, using: &generator)).map { number in
            let offset = Int.random(in: 0...count, using: &generator)
            let deleted = Int.random(in: 0...min(4, count - offset), using: &generator)
            let text = (0..<Int.random(in: 0...3, using: &generator)).map { "\(mark)\(number).\($0)" }
            count += text.count - deleted
            return (Splice(offset: offset, deleteCount: deleted, insertCount: text.count), text)
        }
    }

    private static func apply(_ edits: [Edit], to text: [String]) -> [String] {
        var text = text
        for edit in edits {
            let range = edit.splice.offset..<(edit.splice.offset + edit.splice.deleteCount)
            text.replaceSubrange(range, with: edit.text)
        }
        return text
    }

    private static func removedByOwn(_ edits: [Edit], base: [String]) -> Set<String> {
        Set(edits.flatMap(\.text)).subtracting(apply(edits, to: base))
    }
}
