import TestSupport
import Testing

@testable import CRDT

/// Counts that wait are in every answer, whoever asks in whichever order.
@Suite("Links of the tree")
struct LinkTableTests {
    @Test("A table whose counts wait says what one that writes each at once says", arguments: 0..<40 as Range<UInt64>)
    func waiting(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var table = LinkTable()
        var counts = [UInt32](repeating: 0, count: 60)
        var roots = [UInt32](repeating: 0, count: 3)
        table.append(repeating: LinkTable.Link(visible: 0, index: 0), count: counts.count)
        for _ in roots { table.appendRoot(LinkTable.Link(visible: 0, index: 0)) }
        var way: [Int] = []
        var root = -1
        for _ in 0..<400 {
            let place = random.below(counts.count)
            switch random.below(8) {
            case 0:
                way = (0..<random.below(4)).map { level in random.below(20) + level * 20 }
                root = random.below(roots.count)
                var new = LinkTable.Way(root: Int32(root))
                if way.count > 0 { new.first = Int32(way[0]) }
                if way.count > 1 { new.second = Int32(way[1]) }
                if way.count > 2 { new.third = Int32(way[2]) }
                table.watch(new)
                let isWatching = table.isWatching(new)
                #expect(isWatching)
            case 1...3 where root >= 0:
                let delta: UInt32 = random.oneIn(3) && way.allSatisfy { counts[$0] > 0 } && roots[root] > 0 ? .max : 1
                table.addToWatched(delta)
                for place in way { counts[place] &+= delta }
                roots[root] &+= delta
            case 4:
                let amount = UInt32(random.below(9))
                table.add(amount, to: place)
                counts[place] += amount
            case 5:
                table[place].visible = 7
                counts[place] = 7
            case 6:
                let source = random.below(counts.count - 5)
                let target = random.below(counts.count - 5)
                table.move(from: source, to: target, count: 5)
                counts.replaceSubrange(target..<target + 5, with: Array(counts[source..<source + 5]))
            default:
                // Searching leaves what waits where it is.
                let total = counts[10..<50].reduce(0, +)
                let position = random.below(Int(total) + 1)
                var start = 0
                let found = table.find(position, from: 10, to: 49, start: &start)
                var before = 0
                var expected = 10
                while expected < 49, before + Int(counts[expected]) < position {
                    before += Int(counts[expected])
                    expected += 1
                }
                #expect(found == expected && start == before, "seed \(seed)")
            }
            let seen = (0..<counts.count).map { table[$0].visible }
            #expect(seen == counts, "seed \(seed)")
            let seenRoots = (0..<roots.count).map { table.root(UInt32($0)).visible }
            #expect(seenRoots == roots, "seed \(seed)")
        }
    }
}
