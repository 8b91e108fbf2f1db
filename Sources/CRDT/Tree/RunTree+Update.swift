extension RunTree {
    /// Inserts a run of new, visible elements at a gap, which is after them then.
    @inline(__always)
    mutating func insert(_ run: Run, at gap: inout Gap, _ blocks: inout BlockTable) {
        let length = run.length
        let old = self.run(at: gap)
        if gap.offset == old.length && gap.offset > 0 && old.end == run.address && !old.isDead
            && blocks.continues(at: run.address)
        {
            var longer = old
            longer.length += length
            runs[Self.run(gap.leaf, gap.index)] = longer
            gap.offset += length
        } else {
            insertApart(run, at: &gap, &blocks)
        }
        addVisible(length, to: gap.leaf)
        // Fresh addresses: the rest of the last block is claimed as well, nobody else can have elements there.
        let isInOneBlock = run.address >> 6 == (run.end &- 1) >> 6
        if !isInOneBlock || !blocks.isClaimed(run.address, by: gap.leaf) {
            blocks.assign(run.address, (Int(run.address) + length + 63) & ~63, to: gap.leaf)
        }
    }

    @inline(never)
    private mutating func insertApart(_ run: Run, at gap: inout Gap, _ blocks: inout BlockTable) {
        let length = self.run(at: gap).length
        if gap.offset == 0 {
            makeRoom(1, at: &gap, &blocks)
            openRuns(1, at: gap.leaf, gap.index)
        } else if gap.offset == length {
            makeRoom(1, at: &gap, &blocks)
            gap.runStart += self.run(at: gap).visible
            gap.index += 1
            openRuns(1, at: gap.leaf, gap.index)
        } else {
            makeRoom(2, at: &gap, &blocks)
            let old = self.run(at: gap)
            openRuns(2, at: gap.leaf, gap.index + 1)
            runs[Self.run(gap.leaf, gap.index)] = old.keeping(first: gap.offset)
            runs[Self.run(gap.leaf, gap.index + 2)] = old.dropping(first: gap.offset)
            gap.runStart += old.isDead ? 0 : gap.offset
            gap.index += 1
        }
        runs[Self.run(gap.leaf, gap.index)] = run
        gap.offset = run.length
    }

    /// Turns the `count` elements after a gap, all of one living run, into tombstones.
    ///
    /// The gap is after them then.
    mutating func kill(_ count: Int, at gap: inout Gap, _ blocks: inout BlockTable) {
        let old = run(at: gap)
        assert(!old.isDead && gap.offset + count <= old.length, "Only living elements of one run die together.")
        if gap.offset == 0 {
            if count == old.length { killAll(at: &gap, &blocks) } else { killFirst(count, at: &gap, &blocks) }
        } else if gap.offset + count == old.length {
            killLast(count, at: &gap, &blocks)
        } else {
            killMiddle(count, at: &gap, &blocks)
        }
        addVisible(-count, to: gap.leaf)
    }

    private mutating func killAll(at gap: inout Gap, _ blocks: inout BlockTable) {
        var run = run(at: gap)
        run.die()
        if gap.index > 0 {
            var previous = runs[Self.run(gap.leaf, gap.index - 1)]
            if Self.canMerge(previous, run, blocks), previous.isDead {
                previous.length += run.length
                run = previous
                closeRuns(1, at: gap.leaf, gap.index)
                gap.index -= 1
            }
        }
        if gap.index + 1 < self.count(of: gap.leaf) {
            let next = runs[Self.run(gap.leaf, gap.index + 1)]
            if next.isDead, Self.canMerge(run, next, blocks) {
                run.length += next.length
                closeRuns(1, at: gap.leaf, gap.index + 1)
            }
        }
        runs[Self.run(gap.leaf, gap.index)] = run
        gap.offset = run.length
    }

    private mutating func killFirst(_ count: Int, at gap: inout Gap, _ blocks: inout BlockTable) {
        let old = run(at: gap)
        if gap.index > 0 {
            var previous = runs[Self.run(gap.leaf, gap.index - 1)]
            if previous.isDead, Self.canMerge(previous, old, blocks) {
                previous.length += count
                runs[Self.run(gap.leaf, gap.index - 1)] = previous
                runs[Self.run(gap.leaf, gap.index)] = old.dropping(first: count)
                gap.index -= 1
                gap.offset = previous.length
                return
            }
        }
        makeRoom(1, at: &gap, &blocks)
        openRuns(1, at: gap.leaf, gap.index)
        runs[Self.run(gap.leaf, gap.index)] = Run(address: old.address, length: count, isDead: true)
        runs[Self.run(gap.leaf, gap.index + 1)] = old.dropping(first: count)
        gap.offset = count
    }

    private mutating func killLast(_ count: Int, at gap: inout Gap, _ blocks: inout BlockTable) {
        let old = run(at: gap)
        let dead = Run(address: old.dropping(first: gap.offset).address, length: count, isDead: true)
        if gap.index + 1 < self.count(of: gap.leaf) {
            let next = runs[Self.run(gap.leaf, gap.index + 1)]
            if next.isDead, Self.canMerge(dead, next, blocks) {
                let merged = Run(address: dead.address, length: count + next.length, isDead: true)
                runs[Self.run(gap.leaf, gap.index)] = old.keeping(first: gap.offset)
                runs[Self.run(gap.leaf, gap.index + 1)] = merged
                gap.runStart += gap.offset
                gap.index += 1
                gap.offset = merged.length
                return
            }
        }
        makeRoom(1, at: &gap, &blocks)
        openRuns(1, at: gap.leaf, gap.index + 1)
        runs[Self.run(gap.leaf, gap.index)] = old.keeping(first: gap.offset)
        runs[Self.run(gap.leaf, gap.index + 1)] = dead
        gap.runStart += gap.offset
        gap.index += 1
        gap.offset = count
    }

    private mutating func killMiddle(_ count: Int, at gap: inout Gap, _ blocks: inout BlockTable) {
        makeRoom(2, at: &gap, &blocks)
        let old = run(at: gap)
        let rest = old.dropping(first: gap.offset)
        openRuns(2, at: gap.leaf, gap.index + 1)
        runs[Self.run(gap.leaf, gap.index)] = old.keeping(first: gap.offset)
        runs[Self.run(gap.leaf, gap.index + 1)] = Run(address: rest.address, length: count, isDead: true)
        runs[Self.run(gap.leaf, gap.index + 2)] = rest.dropping(first: count)
        gap.runStart += gap.offset
        gap.index += 1
        gap.offset = count
    }

    /// Whether two neighbours are consecutive elements of one replica.
    ///
    /// At the edge of a block consecutive addresses may belong to different ones.
    @inline(__always)
    static func canMerge(_ left: Run, _ right: Run, _ blocks: borrowing BlockTable) -> Bool {
        left.end == right.address && blocks.continues(at: right.address)
    }

    @inline(__always)
    mutating func openRuns(_ added: Int, at leaf: UInt32, _ index: Int) {
        let count = count(of: leaf)
        noteChange()
        runs.move(from: Self.run(leaf, index), to: Self.run(leaf, index + added), count: count - index)
        leaves[Int(leaf)].count += UInt32(truncatingIfNeeded: added)
    }

    @inline(__always)
    mutating func closeRuns(_ removed: Int, at leaf: UInt32, _ index: Int) {
        noteChange()
        let end = index + removed
        runs.move(from: Self.run(leaf, end), to: Self.run(leaf, index), count: count(of: leaf) - end)
        leaves[Int(leaf)].count -= UInt32(truncatingIfNeeded: removed)
    }
}
