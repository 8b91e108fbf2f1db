/// The runs of all roots in document order: for each root a B+tree, all of them in common arenas.
///
/// A leaf holds runs; an inner node holds, per child, the number of visible units below it. Links are indices; a child
/// knows its parent and its slot there.
///
///     root -> node (64 x (visible, child)) -> ... -> leaf (64 x run)
///
/// Runs and leaves are never removed, leaves are never merged: deleted elements stay as tombstones.
struct RunTree: ~Copyable, Sendable {
    // Small nodes in debug builds, so that tests split them early. 64: see `reference/engine.md`, 0.2.
    #if DEBUG
    static var leafCapacity: Int { 8 }
    static var fanOut: Int { 4 }
    #else
    static var leafCapacity: Int { 64 }
    static var fanOut: Int { 64 }
    #endif
    static let none = UInt32.max

    struct Leaf: BitwiseCopyable, Sendable {
        /// Node and slot.
        var parent: UInt32
        var count: UInt32
        /// A lower bound of its elements.
        var minimum: Rank
    }

    struct Node: BitwiseCopyable, Sendable {
        /// Node and slot; `none` for the topmost.
        var parent: UInt32
        var count: UInt16
        /// 0 when the children are leaves.
        var level: UInt16
        /// Which root, while it is the topmost.
        var root: UInt32
    }

    var runs = Slab<Run>()
    var leaves = Slab<Leaf>()
    /// The links of nodes to their children, and of roots to their topmost nodes.
    var links = LinkTable()
    var nodes = Slab<Node>()

    /// Rises with every change of runs or counts, except where an open place goes on.
    private(set) var revision: UInt64 = 0

    // MARK: Arithmetic of links

    @inline(__always)
    static func run(_ leaf: UInt32, _ index: Int) -> Int { Int(leaf) * leafCapacity + index }

    @inline(__always)
    static func child(_ node: UInt32, _ slot: Int) -> Int { Int(node) * fanOut + slot }

    @inline(__always)
    static func link(_ node: UInt32, _ slot: Int) -> UInt32 { node << 6 | UInt32(truncatingIfNeeded: slot) }

    @inline(__always)
    func run(at gap: Gap) -> Run { runs[Self.run(gap.leaf, gap.index)] }

    @inline(__always)
    func count(of leaf: UInt32) -> Int { Int(leaves[Int(leaf)].count) }

    /// How many visible units are in a leaf.
    @inline(__always)
    func visible(in leaf: UInt32) -> Int {
        let parent = leaves[Int(leaf)].parent
        return Int(links[Self.child(parent >> 6, Int(parent & 63))].visible)
    }

    // MARK: Making

    /// Adds an empty root and gives its number.
    mutating func makeRoot() -> UInt32 {
        let root = UInt32(links.rootCount)
        let leaf = makeLeaf(parent: 0, minimum: .maximum)
        let top = makeNode(level: 0, root: root)
        attach(leaf, visible: 0, to: top)
        links.appendRoot(LinkTable.Link(visible: 0, index: top))
        return root
    }

    mutating func makeLeaf(parent: UInt32, minimum: Rank) -> UInt32 {
        let leaf = UInt32(leaves.count)
        leaves.append(Leaf(parent: parent, count: 0, minimum: minimum))
        runs.append(repeating: Run(address: 0, length: 0, isDead: true), count: Self.leafCapacity)
        return leaf
    }

    mutating func makeNode(level: Int, root: UInt32) -> UInt32 {
        let node = UInt32(nodes.count)
        nodes.append(Node(parent: Self.none, count: 0, level: UInt16(level), root: root))
        links.append(repeating: LinkTable.Link(visible: 0, index: 0), count: Self.fanOut)
        return node
    }

    /// Appends a child to a node that has room.
    mutating func attach(_ index: UInt32, visible: Int, to node: UInt32) {
        let slot = Int(nodes[Int(node)].count)
        links[Self.child(node, slot)] = LinkTable.Link(visible: UInt32(truncatingIfNeeded: visible), index: index)
        nodes[Int(node)].count += 1
        setParent(of: index, level: Int(nodes[Int(node)].level), Self.link(node, slot))
    }

    @inline(__always)
    mutating func setParent(of index: UInt32, level: Int, _ link: UInt32) {
        if level == 0 { leaves[Int(index)].parent = link } else { nodes[Int(index)].parent = link }
    }

    /// Keeps the lower bound of a leaf when an element comes in.
    @inline(__always)
    mutating func lowerMinimum(of leaf: UInt32, to rank: Rank) {
        if rank < leaves[Int(leaf)].minimum { leaves[Int(leaf)].minimum = rank }
    }

    // MARK: Counting

    /// Writes the counts that wait: the reads after it are plain ones.
    @inline(__always)
    mutating func settle() { links.settle() }

    /// Makes the open place invalid, if there is one.
    @inline(__always)
    mutating func noteChange() { revision &+= 1 }

    /// Adds to the visible units of a leaf, in all its ancestors.
    @_optimize(speed)
    @inline(__always)
    mutating func addVisible(_ delta: Int, to leaf: UInt32) {
        noteChange()
        let change = UInt32(truncatingIfNeeded: delta)
        var link = leaves[Int(leaf)].parent
        while true {
            let node = link >> 6
            let slot = Self.child(node, Int(link & 63))
            links.add(change, to: slot)
            link = nodes[Int(node)].parent
            if link == Self.none {
                links.add(change, toRoot: nodes[Int(node)].root)
                return
            }
        }
    }

    /// The root that a leaf belongs to, and how many visible units of it are before the leaf.
    @_optimize(speed)
    @inline(__always)
    func start(of leaf: UInt32) -> (root: UInt32, position: Int) {
        var position = 0
        var link = leaves[Int(leaf)].parent
        while true {
            let node = link >> 6
            let first = Self.child(node, 0)
            for slot in first..<first + Int(link & 63) { position += Int(links[slot].visible) }
            link = nodes[Int(node)].parent
            if link == Self.none { return (nodes[Int(node)].root, position) }
        }
    }

    func root(of leaf: UInt32) -> UInt32 {
        var node = leaves[Int(leaf)].parent >> 6
        while nodes[Int(node)].parent != Self.none { node = nodes[Int(node)].parent >> 6 }
        return nodes[Int(node)].root
    }

    // MARK: Walking

    func firstLeaf(of root: UInt32) -> UInt32 {
        var node = links.root(root).index
        while nodes[Int(node)].level > 0 { node = links[Self.child(node, 0)].index }
        return links[Self.child(node, 0)].index
    }

    /// The leaf on the right, or `none`.
    func nextLeaf(_ leaf: UInt32) -> UInt32 {
        var link = leaves[Int(leaf)].parent
        while link != Self.none {
            let node = link >> 6
            let slot = Int(link & 63) + 1
            if slot < Int(nodes[Int(node)].count) {
                var index = links[Self.child(node, slot)].index
                for _ in 0..<nodes[Int(node)].level { index = links[Self.child(index, 0)].index }
                return index
            }
            link = nodes[Int(node)].parent
        }
        return Self.none
    }
}
