extension RunTree {
    /// Makes sure that the leaf of a gap has room for `added` more runs.
    ///
    /// The gap moves along when its run does.
    ///
    /// It is called before anything is changed, so that a split sees runs, counts and index in agreement.
    @inline(__always)
    mutating func makeRoom(_ added: Int, at gap: inout Gap, _ blocks: inout BlockTable) {
        if count(of: gap.leaf) + added > Self.leafCapacity { splitLeaf(at: &gap, &blocks) }
    }

    @inline(never)
    private mutating func splitLeaf(at gap: inout Gap, _ blocks: inout BlockTable) {
        noteChange()
        let left = gap.leaf
        let count = count(of: left)
        // Who writes at the end leaves full leaves behind.
        let isAppending = gap.index == count - 1 && nextLeaf(left) == Self.none
        let kept = isAppending ? count - 1 : count / 2
        let right = makeLeaf(parent: 0, minimum: leaves[Int(left)].minimum)
        runs.move(from: Self.run(left, kept), to: Self.run(right, 0), count: count - kept)
        leaves[Int(left)].count = UInt32(kept)
        leaves[Int(right)].count = UInt32(count - kept)
        var moved = 0
        for index in 0..<count - kept {
            let run = runs[Self.run(right, index)]
            moved += run.visible
            blocks.assign(run.address, Int(run.address) + run.length, to: right)
        }
        let visible = visible(in: left)
        let link = leaves[Int(left)].parent
        links[Self.child(link >> 6, Int(link & 63))].visible = UInt32(truncatingIfNeeded: visible - moved)
        insertChild(right, visible: moved, after: link, level: 0)
        if gap.index >= kept {
            gap.leaf = right
            gap.index -= kept
            gap.leafStart += visible - moved
        }
    }

    /// Inserts a child after the slot that `link` names, whose count has been reduced by what the child took: the sums of
    /// the ancestors stay as they are.
    private mutating func insertChild(_ child: UInt32, visible: Int, after link: UInt32, level: Int) {
        var node = link >> 6
        var slot = Int(link & 63) + 1
        if Int(nodes[Int(node)].count) == Self.fanOut {
            let right = splitNode(node, for: visible, at: slot)
            let kept = Int(nodes[Int(node)].count)
            if slot > kept {
                node = right
                slot -= kept
            }
        }
        let count = Int(nodes[Int(node)].count)
        links.move(from: Self.child(node, slot), to: Self.child(node, slot + 1), count: count - slot)
        links[Self.child(node, slot)] = LinkTable.Link(visible: UInt32(truncatingIfNeeded: visible), index: child)
        nodes[Int(node)].count += 1
        for moved in slot...count {
            setParent(of: links[Self.child(node, moved)].index, level: level, Self.link(node, moved))
        }
    }

    /// Moves the upper half of a full node into a new node on its right, whose number is returned.
    ///
    /// The child that asked for room is not there yet: its `visible` units are already counted for the half into which
    /// `slot` falls, so that a split further up sees sums that agree.
    private mutating func splitNode(_ left: UInt32, for visible: Int, at slot: Int) -> UInt32 {
        let level = Int(nodes[Int(left)].level)
        let count = Self.fanOut
        let kept = count / 2
        let right = makeNode(level: level, root: nodes[Int(left)].root)
        links.move(from: Self.child(left, kept), to: Self.child(right, 0), count: count - kept)
        nodes[Int(left)].count = UInt16(kept)
        nodes[Int(right)].count = UInt16(count - kept)
        for moved in 0..<count - kept {
            setParent(of: links[Self.child(right, moved)].index, level: level, Self.link(right, moved))
        }
        let leftVisible = sum(of: left) + (slot > kept ? 0 : visible)
        let rightVisible = sum(of: right) + (slot > kept ? visible : 0)
        let link = nodes[Int(left)].parent
        if link == Self.none {
            let root = nodes[Int(left)].root
            let top = makeNode(level: level + 1, root: root)
            attach(left, visible: leftVisible, to: top)
            attach(right, visible: rightVisible, to: top)
            links.setTopmost(top, of: root)
        } else {
            links[Self.child(link >> 6, Int(link & 63))].visible = UInt32(truncatingIfNeeded: leftVisible)
            insertChild(right, visible: rightVisible, after: link, level: level + 1)
        }
        return right
    }

    private func sum(of node: UInt32) -> Int {
        var sum = 0
        for slot in 0..<Int(nodes[Int(node)].count) { sum += Int(links[Self.child(node, slot)].visible) }
        return sum
    }
}
