// An element that was restored more often than deleted is deleted by as many operations more. Live, each of these restorations
// came in bytes of its own; but a snapshot says in a few bytes that there were millions, and then one local deletion would
// write a change of tens of megabytes.

extension ElementStore {
    /// How many operations one element may take, so that the change stays in proportion to what it deletes.
    private static let usualSurplus: Int64 = 16
    /// How many a change may take beyond that: some 50 kB.
    private static let maximumSurplus: Int64 = 16_384

    /// The operations beyond one that elements of one count take, or so many that a deletion of all elements there can be is
    /// refused: sums of that fit 64 bits.
    private static func surplus(_ extra: Int64, _ count: Int) -> Int64 {
        min(min(max(0, -extra), 1 << 20) &* Int64(count), 1 << 34)
    }

    /// Whether visible elements can be deleted by a change of a bounded size.
    ///
    /// - Complexity: O(1) unless some element was restored far too often, else O(log n) a run.
    func canDelete(_ count: Int, at position: Int, in root: UInt32) -> Bool {
        if -counts.minimum <= Self.usualSurplus { return true }
        let limit = Self.maximumSurplus + Self.usualSurplus &* Int64(count)
        var surplus: Int64 = 0
        var done = 0
        while done < count, surplus <= limit {
            let gap = tree.seek(position + done + 1, in: root)
            let run = tree.run(at: gap)
            let address = run.address &+ UInt32(truncatingIfNeeded: gap.offset - 1)
            var step = 1
            if values.isList(address) {
                surplus += Self.surplus(extra(of: item(at: address)), 1)
            } else {
                step = uniformCount(from: address, min(count - done, run.length - gap.offset + 1))
                surplus += Self.surplus(extra(of: address), step)
            }
            done += step
        }
        return surplus <= limit
    }

    /// Whether any visible elements of the document can be.
    ///
    /// - Complexity: O(1) unless some element was restored far too often, else O(n) for n stretches of counts.
    var canDeleteAll: Bool {
        if -counts.minimum <= Self.usualSurplus { return true }
        var surplus: Int64 = 0
        counts.visit { (range, extra) in
            surplus += Self.surplus(extra, Int(range.count))
        }
        return surplus <= Self.maximumSurplus
    }
}
