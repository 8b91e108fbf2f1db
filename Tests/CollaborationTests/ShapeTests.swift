import TestSupport
import Testing

@testable import Collaboration

@Suite("Moving splices and moves over each other")
struct ShapeTests {
    /// What a shape does, with the items it inserts.
    private struct Step {
        var shape: Shape
        var items: [String]

        func apply(to list: inout [String]) {
            switch shape {
            case .splice(let splice):
                list.replaceSubrange(splice.offset..<(splice.offset + splice.deleteCount), with: items)
            case .move(let move):
                list.insert(list.remove(at: move.from), at: move.to)
            }
        }
    }

    @Test("Both orders give the same list, whatever splices and moves meet", arguments: 0..<2000 as Range<UInt64>)
    func converges(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let base = (0..<Int.random(in: 0...12, using: &generator)).map { "\($0)" }
        let first = Self.randomSteps("x", on: base.count, using: &generator)
        let second = Self.randomSteps("y", on: base.count, using: &generator)

        var others = first.map(\.shape)
        var transform = ShapeTransform(steps: 100_000)
        var afterFirst = base
        for step in first { step.apply(to: &afterFirst) }
        for step in second {
            for (index, piece) in try transform.move(step.shape, over: &others).enumerated() {
                Step(shape: piece, items: Self.items(of: piece, step.items, isFirst: index == 0)).apply(to: &afterFirst)
            }
        }
        // `others` is what `first` is after `second`; its insertions come in the same order as before.
        var inserted = first.map(\.items).filter { !$0.isEmpty }[...]
        var afterSecond = base
        for step in second { step.apply(to: &afterSecond) }
        for other in others {
            var items: [String] = []
            if case .splice(let splice) = other, splice.insertCount > 0 { items = inserted.removeFirst() }
            Step(shape: other, items: items).apply(to: &afterSecond)
        }
        #expect(afterFirst == afterSecond, "\(first) \(second)")
        #expect(inserted.isEmpty)
        #expect(Set(afterFirst).count == afterFirst.count, "an item is there twice")
    }

    @Test("Of two moves of one item the later has its way")
    func sameItem() {
        let first = Shape.move(Move(from: 1, to: 4))
        let second = Shape.move(Move(from: 1, to: 0))
        #expect(second.moved(over: first, tie: .after) == [.move(Move(from: 4, to: 0))])
        #expect(first.moved(over: second, tie: .before) == [])
    }

    @Test("A deletion finds the item that was moved away, and a move of what is gone is nothing")
    func deletionOfMoved() {
        let move = Shape.move(Move(from: 1, to: 5))
        let deletion = Shape.splice(Splice(offset: 0, deleteCount: 3, insertCount: 0))
        #expect(
            deletion.moved(over: move, tie: .after) == [
                .splice(Splice(offset: 0, deleteCount: 2, insertCount: 0)),
                .splice(Splice(offset: 3, deleteCount: 1, insertCount: 0)),
            ]
        )
        #expect(move.moved(over: deletion, tie: .after) == [])
    }

    @Test("Positions go forward and back through a shape", arguments: 0..<200 as Range<UInt64>)
    func positions(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let base = (0..<10).map { "\($0)" }
        for step in Self.randomSteps("x", on: base.count, using: &generator).prefix(1) {
            var list = base
            step.apply(to: &list)
            for (index, item) in base.enumerated() {
                #expect(step.shape.position(of: index) == list.firstIndex(of: item))
            }
            for (index, item) in list.enumerated() {
                #expect(step.shape.formerPosition(of: index) == base.firstIndex(of: item))
            }
        }
    }

    private static func items(of piece: Shape, _ items: [String], isFirst: Bool) -> [String] {
        guard case .splice(let splice) = piece, splice.insertCount > 0 else { return [] }
        #expect(isFirst, "only the first piece inserts")
        return items
    }

    private static func randomSteps(
        _ mark: String,
        on count: Int,
        using generator: inout SplitMix64
    ) -> [Step] {
        var count = count
        return (0..<Int.random(in: 1...5, using: &generator)).map { number in
            if count > 0, Bool.random(using: &generator) {
                let move = Move(
                    from: Int.random(in: 0..<count, using: &generator),
                    to: Int.random(in: 0..<count, using: &generator)
                )
                return Step(shape: .move(move), items: [])
            }
            let offset = Int.random(in: 0...count, using: &generator)
            let deleted = Int.random(in: 0...min(4, count - offset), using: &generator)
            let items = (0..<Int.random(in: 0...3, using: &generator)).map { "\(mark)\(number).\($0)" }
            count += items.count - deleted
            let splice = Splice(offset: offset, deleteCount: deleted, insertCount: items.count)
            return Step(shape: .splice(splice), items: items)
        }
    }
}
