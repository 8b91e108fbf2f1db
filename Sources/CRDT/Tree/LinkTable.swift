/// Links down the tree, each with the number of visible units below it: of inner nodes to their children, and of roots to
/// their topmost nodes.
///
/// Where somebody types or erases, the same few counts change with every unit: those on the way up from one leaf. They are
/// *watched*. What is added to all of them is one number, which waits here until another way is watched or a link is
/// written; whoever reads a link gets it with what waits, so nobody can forget it.
struct LinkTable: ~Copyable, Sendable {
    struct Link: BitwiseCopyable, Sendable {
        var visible: UInt32
        /// Which node, or which leaf.
        var index: UInt32
    }

    /// The way up from a leaf: the places of its ancestors' links, from below, -1 where there is none; and its root.
    struct Way: BitwiseCopyable, Hashable, Sendable {
        var first: Int32 = -1
        var second: Int32 = -1
        var third: Int32 = -1
        var root: Int32 = -1
    }

    /// Each one place further, so that a way goes through the first one where it has no ancestor: nobody reads that.
    private var links = Slab<Link>()
    private var topmost = Slab<Link>()
    private var way = Way()
    /// What the links on the way have more than is written; wrapping, so that it may be less.
    private var waiting: UInt32 = 0

    init() {
        links.append(Link(visible: 0, index: 0))
    }

    @inline(__always)
    subscript(_ place: Int) -> Link {
        get {
            var link = links[place &+ 1]
            if waiting != 0, isWatched(place) { link.visible &+= waiting }
            return link
        }
        _modify {
            settle()
            yield &links[place &+ 1]
        }
    }

    mutating func append(repeating link: Link, count: Int) { links.append(repeating: link, count: count) }

    mutating func move(from source: Int, to target: Int, count: Int) {
        settle()
        links.move(from: source + 1, to: target + 1, count: count)
    }

    // MARK: Roots

    @inline(__always)
    var rootCount: Int { topmost.count }

    /// The link of a root to its topmost node.
    @inline(__always)
    func root(_ root: UInt32) -> Link {
        var link = topmost[Int(root)]
        if waiting != 0, root == UInt32(bitPattern: way.root) { link.visible &+= waiting }
        return link
    }

    mutating func appendRoot(_ link: Link) { topmost.append(link) }

    mutating func setTopmost(_ node: UInt32, of root: UInt32) { topmost[Int(root)].index = node }

    // MARK: Counting

    /// Adds to one count, whatever waits for it.
    @inline(__always)
    mutating func add(_ delta: UInt32, to place: Int) { links[place &+ 1].visible &+= delta }

    @inline(__always)
    mutating func add(_ delta: UInt32, toRoot root: UInt32) { topmost[Int(root)].visible &+= delta }

    /// Adds to the counts that are watched.
    @inline(__always)
    mutating func addToWatched(_ delta: UInt32) { waiting &+= delta }

    /// Watches a way, which stays as it is until another one is watched or ``addToWatched(_:)`` is not called any more.
    @_optimize(speed)
    @inline(__always)
    mutating func watch(_ way: Way) {
        settle()
        self.way = way
    }

    func isWatching(_ way: Way) -> Bool { self.way == way }

    @inline(__always)
    private func isWatched(_ place: Int) -> Bool {
        place == Int(way.first) || place == Int(way.second) || place == Int(way.third)
    }

    /// Writes what waits.
    @_optimize(speed)
    @inline(__always)
    mutating func settle() {
        if waiting == 0 { return }
        links[Int(way.first) &+ 1].visible &+= waiting
        links[Int(way.second) &+ 1].visible &+= waiting
        links[Int(way.third) &+ 1].visible &+= waiting
        topmost[Int(way.root)].visible &+= waiting
        waiting = 0
    }

    // MARK: Searching

    /// The first place from `first` on up to which there are `position` units, or `last` if that is none; `start` is how many
    /// units are before it.
    @_optimize(speed)
    @inline(__always)
    func find(_ position: Int, from first: Int, to last: Int, start: inout Int) -> Int {
        var place = first
        var left = position &- start
        if waiting == 0 {
            // Four at a time: it is a sum with few conditions.
            while place &+ 4 <= last {
                let low = Int(links[place &+ 1].visible) &+ Int(links[place &+ 2].visible)
                let high = Int(links[place &+ 3].visible) &+ Int(links[place &+ 4].visible)
                if low &+ high >= left { break }
                left &-= low &+ high
                place &+= 4
            }
        }
        while place < last {
            let visible = Int(self[place].visible)
            if visible >= left { break }
            left &-= visible
            place &+= 1
        }
        start = position &- left
        return place
    }
}
