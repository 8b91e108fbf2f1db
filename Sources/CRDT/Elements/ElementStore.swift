/// All elements of a document: their text, their names, their order.
///
/// An element's place in the text arena is its *address*. Addresses are given to replicas in segments of whole blocks, so
/// from an address one finds the replica and the counter by block, and the leaf that the element lies in; from a name one
/// finds the address by the replica's segments. The runs of the tree are made of addresses alone.
struct ElementStore: ~Copyable, Sendable {
    /// The most addresses: the length of a run has 31 bits, and a number of elements must fit into the counters.
    static let maximumAddress = 0x7FFF_0000
    /// The most elements, alive or dead: a document never gets more than `DecodingLimits.default` lets a snapshot of it
    /// have, or it could be saved and not be loaded any more.
    static let maximumElementCount = 1 << 27
    static let maximumRootCount = 4096
    static let minimumSegment = 64
    static let maximumSegment = 4096

    var text = Slab<UInt16>()
    var blocks = BlockTable()
    var replicas = ReplicaTable()
    var tree = RunTree()
    /// The ``cursor``, as it was when a place was opened there last.
    var lastGap = Gap(root: .max, leaf: RunTree.none, index: 0, offset: 0, runStart: 0, leafStart: 0)
    var open = OpenPlace()
    var other = OtherPlace()
    /// All elements that were ever inserted, by whomever.
    var elementCount = 0
    /// Less than ``maximumElementCount`` only in tests.
    var elementLimit = Self.maximumElementCount
    /// The next Lamport timestamp: above those of all elements.
    var clock: UInt64 = 0
    /// Whether any element ever was half of a surrogate pair.
    ///
    /// While not, no edit can split one.
    var hasSurrogates = false

    var containers = ContainerTable()
    /// The values of lists, and of maps.
    var values = ValueTable()
    var maps = MapTable()
    /// Items that were moved: the address of the item to that of the element where it is now.
    var places = NumberTable()
    var counts = DeleteCounts()

    let identity = DocumentIdentity()

    init() {}

    // Freed in one place: without it each way out of a function that has a store frees all of its rows.
    deinit {}

    // MARK: Roots of the tree

    /// The tree's root of a text that something was ever inserted into.
    @inline(__always)
    func root(of text: TextID) -> UInt32? { sequence(.text, text.place) }

    /// The tree's root of a list that something was ever inserted into.
    func root(of list: ListID) -> UInt32? { sequence(.list, list.place) }

    @inline(__always)
    private func sequence(_ kind: ContainerKind, _ place: ContainerPlace) -> UInt32? {
        guard let number = container(kind, place) else { return nil }
        let sequence = containers[number].sequence
        return sequence == ContainerRecord.none ? nil : sequence
    }

    /// The tree's root of a container, which gets one when it has none.
    mutating func makeSequence(of container: UInt32) -> UInt32 {
        let known = containers[container].sequence
        if known != ContainerRecord.none { return known }
        let sequence = tree.makeRoot()
        containers.noteSequence(sequence, of: container)
        return sequence
    }

    @inline(__always)
    func visibleCount(of root: UInt32) -> Int { Int(tree.links.root(root).visible) }

    // MARK: Gaps

    /// The gap at a visible position.
    ///
    /// Right after an edit it is the place where the edit ended, past its tombstones: so the next character has one's
    /// own last one as its origin, and runs stay whole.
    @inline(__always)
    func gap(at position: Int, in root: UInt32) -> Gap {
        guard cursor.root == root else { return tree.seek(position, in: root) }
        if tree.position(of: cursor) == position { return cursor }
        if position > cursor.leafStart, position <= cursor.leafStart + tree.visible(in: cursor.leaf) {
            return tree.seek(position, from: cursor)
        }
        return tree.seek(position, in: root)
    }

    /// Moves the cursor to the gap at a visible position, and closes what was open there.
    @_optimize(speed)
    @inline(__always)
    mutating func moveCursor(to position: Int, in root: UInt32) {
        tree.settle()
        if open.revision == tree.revision {
            lastGap = cursor
            if lastGap.root != root || tree.position(of: lastGap) != position {
                if takeUp(at: position, in: root) {
                    open.revision = .max
                    return
                }
                setAside()
            }
        }
        open.revision = .max
        if lastGap.root == root {
            if tree.position(of: lastGap) == position { return }
            if position > lastGap.leafStart, position <= lastGap.leafStart &+ tree.visible(in: lastGap.leaf) {
                return tree.move(&lastGap, to: position)
            }
        }
        lastGap = tree.find(position, in: root)
    }

    /// Moves the cursor past tombstones, and gives the address on its right, when `count` living elements of one run follow
    /// that split no surrogate pair.
    ///
    /// Else it stays: at the start of a run nothing tells what the next insertion is after.
    @_optimize(speed)
    @inline(__always)
    mutating func moveCursorToLiving(_ count: Int) -> UInt32? {
        var gap = lastGap
        guard tree.moveToLiving(&gap) else { return nil }
        let run = tree.run(at: gap)
        guard count <= run.length &- gap.offset else { return nil }
        let first = run.address &+ UInt32(truncatingIfNeeded: gap.offset)
        let last = first &+ UInt32(truncatingIfNeeded: count &- 1)
        guard !UTF16Unit.isLow(text[Int(first)]), !UTF16Unit.isHigh(text[Int(last)]) else { return nil }
        lastGap = gap
        return first
    }

    /// Kills elements of one run on the right of the cursor.
    @inline(__always)
    mutating func killAtCursor(_ count: Int) { tree.kill(count, at: &lastGap, &blocks) }

    /// The gap after an element.
    @inline(__always)
    func gap(after address: UInt32) -> Gap {
        tree.gap(after: address, in: blocks.leaf(of: address), near: cursor)
    }

    /// The gap at the very start of a root.
    func startGap(of root: UInt32) -> Gap { tree.seek(0, in: root) }

    /// The element on the left of a gap.
    @inline(__always)
    func address(before gap: Gap) -> UInt32? {
        guard gap.offset > 0 else { return nil }
        return tree.run(at: gap).address &+ UInt32(truncatingIfNeeded: gap.offset - 1)
    }

    /// The address of the visible unit at a position.
    ///
    /// The cursor may stand behind tombstones, so it is not asked.
    func visibleAddress(at position: Int, in root: UInt32) -> UInt32 {
        let gap = tree.seek(position + 1, in: root)
        return tree.run(at: gap).address &+ UInt32(truncatingIfNeeded: gap.offset - 1)
    }

    /// The visible unit at a position.
    func unit(at position: Int, in root: UInt32) -> UInt16 {
        text[Int(visibleAddress(at: position, in: root))]
    }

    @inline(__always)
    func rank(of address: UInt32) -> Rank {
        let owner = blocks.owner(of: address)
        let lamport = replicas.lamport(of: blocks.counter(of: address), by: owner)
        return Rank(lamport: lamport, replica: replicas[owner].id)
    }
}
