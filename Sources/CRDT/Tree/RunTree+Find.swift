extension RunTree {
    /// The gap at a visible position: directly after the visible unit before it, or at the very start.
    ///
    /// - Complexity: O(log n) for n runs.
    @inline(never)
    func seek(_ position: Int, in root: UInt32) -> Gap { search(position, in: root) }

    /// The same for whoever has the tree to himself: to lend it to a call that only reads, the compiler copies all of it.
    @_optimize(speed)
    @inline(never)
    mutating func find(_ position: Int, in root: UInt32) -> Gap {
        links.settle()
        return search(position, in: root)
    }

    @_optimize(speed)
    @inline(__always)
    private func search(_ position: Int, in root: UInt32) -> Gap {
        var node = links.root(root).index
        var start = 0
        while true {
            let first = Self.child(node, 0)
            let last = first &+ Int(nodes[Int(node)].count) &- 1
            let slot = links.find(position, from: first, to: last, start: &start)
            let index = links[slot].index
            if nodes[Int(node)].level == 0 {
                var gap = Gap(root: root, leaf: index, index: 0, offset: 0, runStart: start, leafStart: start)
                passRuns(&gap, before: position)
                return seek(position, from: gap)
            }
            node = index
        }
    }

    /// Moves a gap at the start of a leaf some runs nearer to a visible position of that leaf.
    ///
    /// Four at a time: it is a sum with few conditions. Past the last run there may be others that were there once; with
    /// those a sum is too large, and they are not passed.
    @inline(__always)
    private func passRuns(_ gap: inout Gap, before position: Int) {
        let first = Self.run(gap.leaf, 0)
        var index = 0
        var left = position &- gap.runStart
        while index &+ 4 <= Self.leafCapacity {
            let place = first &+ index
            let low = runs[place].visible &+ runs[place &+ 1].visible
            let high = runs[place &+ 2].visible &+ runs[place &+ 3].visible
            if low &+ high >= left { break }
            left &-= low &+ high
            index &+= 4
        }
        gap.index = index
        gap.runStart = position &- left
    }

    /// The gap at a visible position of the leaf that `gap` is in, which is after the leaf's start or at the root's.
    @inline(__always)
    func seek(_ position: Int, from gap: Gap) -> Gap {
        var gap = gap
        move(&gap, to: position)
        return gap
    }

    /// The same in place.
    @_optimize(speed)
    @inline(__always)
    func move(_ gap: inout Gap, to position: Int) {
        if position == 0 {
            gap.index = 0
            gap.offset = 0
            gap.runStart = 0
            return
        }
        while position <= gap.runStart {
            gap.index &-= 1
            gap.runStart &-= runs[Self.run(gap.leaf, gap.index)].visible
        }
        while true {
            let visible = runs[Self.run(gap.leaf, gap.index)].visible
            if position <= gap.runStart &+ visible {
                gap.offset = position &- gap.runStart
                return
            }
            gap.runStart &+= visible
            gap.index &+= 1
        }
    }

    /// The visible position of a gap.
    @_optimize(speed)
    @inline(__always)
    func position(of gap: Gap) -> Int {
        guard gap.offset > 0 else { return gap.runStart }
        return gap.runStart + (run(at: gap).isDead ? 0 : gap.offset)
    }

    /// The gap after the element at `address`, which is in `leaf`.
    ///
    /// The positions of `near` are known: they save the climb when it is in the same leaf.
    ///
    /// - Complexity: O(log n) for n runs, O(1) in the leaf of `near`.
    @inline(__always)
    func gap(after address: UInt32, in leaf: UInt32, near: Gap) -> Gap {
        if near.leaf == leaf {
            var gap = near
            let run = run(at: near)
            if address &- run.address < UInt32(truncatingIfNeeded: run.length) {
                gap.offset = Int(address &- run.address) + 1
                return gap
            }
            // Mostly it is in a neighbour.
            if gap.index + 1 < count(of: leaf) {
                let next = runs[Self.run(leaf, gap.index + 1)]
                if address &- next.address < UInt32(truncatingIfNeeded: next.length) {
                    gap.runStart += run.visible
                    gap.index += 1
                    gap.offset = Int(address &- next.address) + 1
                    return gap
                }
            }
            if gap.index > 0 {
                let previous = runs[Self.run(leaf, gap.index - 1)]
                if address &- previous.address < UInt32(truncatingIfNeeded: previous.length) {
                    gap.runStart -= previous.visible
                    gap.index -= 1
                    gap.offset = Int(address &- previous.address) + 1
                    return gap
                }
            }
            gap.index = 0
            gap.runStart = gap.leafStart
            return scan(for: address, from: gap)
        }
        let start = start(of: leaf)
        let gap = Gap(
            root: start.root,
            leaf: leaf,
            index: 0,
            offset: 0,
            runStart: start.position,
            leafStart: start.position
        )
        return scan(for: address, from: gap)
    }

    @inline(__always)
    private func scan(for address: UInt32, from gap: Gap) -> Gap {
        var place = Self.run(gap.leaf, gap.index)
        var start = gap.runStart
        while true {
            let run = runs[place]
            let distance = address &- run.address
            if distance < UInt32(truncatingIfNeeded: run.length) {
                var gap = gap
                gap.offset = Int(distance) &+ 1
                gap.index = place &- Self.run(gap.leaf, 0)
                gap.runStart = start
                return gap
            }
            start &+= run.visible
            place &+= 1
        }
    }

    /// Moves a gap past tombstones, to where a visible unit follows; false when none does.
    ///
    /// - Complexity: O(1) when it is in this run or the next, else O(log n) for n runs, however many are dead between.
    @_optimize(speed)
    @inline(__always)
    mutating func moveToLiving(_ gap: inout Gap) -> Bool {
        let run = run(at: gap)
        if !run.isDead, gap.offset < run.length { return true }
        return passTombstones(&gap)
    }

    @inline(never)
    private mutating func passTombstones(_ gap: inout Gap) -> Bool {
        if gap.index &+ 1 < count(of: gap.leaf) {
            let next = runs[Self.run(gap.leaf, gap.index &+ 1)]
            if !next.isDead {
                gap.runStart &+= run(at: gap).visible
                gap.index &+= 1
                gap.offset = 0
                return true
            }
        }
        let position = position(of: gap)
        guard position < Int(links.root(gap.root).visible) else { return false }
        gap = find(position + 1, in: gap.root)
        gap.offset -= 1
        return true
    }

    /// Moves a gap to the start of the next run, which may be in the next leaf; false at the end of the root.
    @inline(__always)
    func advance(_ gap: inout Gap) -> Bool {
        if gap.index + 1 < count(of: gap.leaf) {
            gap.runStart += run(at: gap).visible
            gap.index += 1
            gap.offset = 0
            return true
        }
        let next = nextLeaf(gap.leaf)
        if next == Self.none { return false }
        gap.leafStart += visible(in: gap.leaf)
        gap.runStart = gap.leafStart
        gap.leaf = next
        gap.index = 0
        gap.offset = 0
        return true
    }
}
