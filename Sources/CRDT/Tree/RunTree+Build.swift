/// Builds the tree of a root from its runs, left to right, without a search or a split.
struct RunTreeBuilder: ~Copyable {
    // An eighth stays free, so that the first edits after a load do not split every leaf they touch.
    private static var leafFill: Int { RunTree.leafCapacity - RunTree.leafCapacity / 8 }
    private static var nodeFill: Int { RunTree.fanOut - RunTree.fanOut / 8 }

    private var level = Slab<LinkTable.Link>()
    private var leaf = RunTree.none
    private var visible = 0

    init() {}

    /// Adds the next run; its leaf's number is returned for the index.
    mutating func append(_ run: Run, rank: Rank, to tree: inout RunTree) -> UInt32 {
        if leaf == RunTree.none || tree.count(of: leaf) == Self.leafFill {
            closeLeaf()
            leaf = tree.makeLeaf(parent: 0, minimum: rank)
        }
        let count = tree.count(of: leaf)
        tree.runs[RunTree.run(leaf, count)] = run
        tree.leaves[Int(leaf)].count += 1
        tree.lowerMinimum(of: leaf, to: rank)
        visible += run.visible
        return leaf
    }

    private mutating func closeLeaf() {
        if leaf == RunTree.none { return }
        level.append(LinkTable.Link(visible: UInt32(truncatingIfNeeded: visible), index: leaf))
        visible = 0
    }

    /// Puts the inner nodes above the leaves and adds the root to the tree.
    mutating func finish(in tree: inout RunTree) {
        closeLeaf()
        leaf = RunTree.none
        precondition(level.count > 0, "A root that is built has at least one run.")
        let root = UInt32(tree.links.rootCount)
        var height = 0
        repeat {
            var above = Slab<LinkTable.Link>()
            var position = 0
            while position < level.count {
                let node = tree.makeNode(level: height, root: root)
                let end = min(position + Self.nodeFill, level.count)
                var sum = 0
                while position < end {
                    tree.attach(level[position].index, visible: Int(level[position].visible), to: node)
                    sum += Int(level[position].visible)
                    position += 1
                }
                above.append(LinkTable.Link(visible: UInt32(truncatingIfNeeded: sum), index: node))
            }
            level = above
            height += 1
        } while level.count > 1
        tree.links.appendRoot(LinkTable.Link(visible: level[0].visible, index: level[0].index))
        level.removeAll()
    }
}
