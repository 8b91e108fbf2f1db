extension RunTree {
    /// Makes the `count` elements after a gap, all of one tombstone, visible again.
    ///
    /// The gap is after them then.
    mutating func revive(_ count: Int, at gap: inout Gap, _ blocks: inout BlockTable) {
        let old = run(at: gap)
        assert(old.isDead && gap.offset + count <= old.length, "Only dead elements of one run come back together.")
        let isFirst = gap.offset == 0
        let isLast = gap.offset + count == old.length
        let added = (isFirst ? 0 : 1) + (isLast ? 0 : 1)
        if added > 0 {
            makeRoom(added, at: &gap, &blocks)
            openRuns(added, at: gap.leaf, gap.index + 1)
        }
        let address = old.address &+ UInt32(truncatingIfNeeded: gap.offset)
        if !isFirst {
            runs[Self.run(gap.leaf, gap.index)] = old.keeping(first: gap.offset)
            gap.index += 1
        }
        runs[Self.run(gap.leaf, gap.index)] = Run(address: address, length: count, isDead: false)
        if !isLast { runs[Self.run(gap.leaf, gap.index + 1)] = old.dropping(first: gap.offset + count) }
        gap.offset = count
        addVisible(count, to: gap.leaf)
        joinLeft(at: &gap, blocks)
        joinRight(at: gap, blocks)
    }

    /// Joins the living run at a gap with the one before it, when that is the same replica's text going on.
    private mutating func joinLeft(at gap: inout Gap, _ blocks: borrowing BlockTable) {
        guard gap.index > 0 else { return }
        var left = runs[Self.run(gap.leaf, gap.index - 1)]
        let right = run(at: gap)
        guard !left.isDead, Self.canMerge(left, right, blocks) else { return }
        gap.offset += left.length
        gap.runStart -= left.length
        left.length += right.length
        runs[Self.run(gap.leaf, gap.index - 1)] = left
        closeRuns(1, at: gap.leaf, gap.index)
        gap.index -= 1
    }

    private mutating func joinRight(at gap: Gap, _ blocks: borrowing BlockTable) {
        guard gap.index + 1 < count(of: gap.leaf) else { return }
        var left = run(at: gap)
        let right = runs[Self.run(gap.leaf, gap.index + 1)]
        guard !right.isDead, Self.canMerge(left, right, blocks) else { return }
        left.length += right.length
        runs[Self.run(gap.leaf, gap.index)] = left
        closeRuns(1, at: gap.leaf, gap.index + 1)
    }
}
