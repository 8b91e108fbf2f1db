// Two who type at the same time: the place of the one stays open beside that of the other.

/// The place where somebody typed before the open one was opened, which is set aside and not closed.
///
/// It is valid while the tree's ``RunTree/revision`` is its own, as the open place is; what was typed there since moved its
/// position, by what its root's count grew since.
struct OtherPlace: BitwiseCopyable, Sendable {
    var place = OpenPlace()
    var gap = Gap(root: .max, leaf: RunTree.none, index: 0, offset: 0, runStart: 0, leafStart: 0)
    /// The visible units of its root when its position was right.
    var visible: UInt32 = 0
    /// Whether the open place is on its left, in the same root.
    var isMoved = false
}

extension ElementStore {
    /// Sets the open place aside, if somebody types there, before an edit elsewhere.
    ///
    /// What was set aside before is lost: there are two places and no more.
    @inline(__always)
    mutating func setAside() {
        guard open.revision == tree.revision, open.author != OpenPlace.noAuthor else {
            other.place.revision = .max
            return
        }
        other.place = open
        other.gap = lastGap
        other.visible = tree.links.root(open.root).visible
    }

    /// Keeps what was set aside, when the insertion since, at the end of which a place is opened, made some run longer and did
    /// nothing else to the tree.
    @inline(__always)
    mutating func keepAside() {
        // Who went away and came back has one place, and that is the open one.
        guard other.place.revision &+ 1 == tree.revision, other.place.author != open.author else { return }
        other.isMoved = false
        if other.place.root == open.root {
            let typed = Int(tree.links.root(open.root).visible &- other.visible)
            // At one position the other is on the left: its run has at least one unit.
            other.isMoved = open.position &- typed < other.place.position
        }
        other.place.revision = tree.revision
    }

    /// Opens again the place that was set aside, and sets the open one aside, when the next unit of `author` goes there.
    @inline(never)
    mutating func takeUp(by author: Int) -> Bool {
        guard canTakeUp, other.place.author == UInt32(truncatingIfNeeded: author) else { return false }
        takeUp()
        return true
    }

    /// The same when it is at a visible position.
    @inline(never)
    mutating func takeUp(at position: Int, in root: UInt32) -> Bool {
        guard canTakeUp, other.place.root == root, otherPosition == position else { return false }
        takeUp()
        return true
    }

    /// Where the open place was closed without an edit, the one set aside is not looked for.
    @inline(__always)
    private var canTakeUp: Bool { other.place.revision == tree.revision && open.revision == tree.revision }

    @inline(__always)
    private var otherPosition: Int {
        if !other.isMoved { return other.place.position }
        return other.place.position &+ Int(tree.links.root(open.root).visible) &- Int(other.visible)
    }

    @inline(__always)
    private mutating func takeUp() {
        // Nobody erased since: that changes more than the lengths of runs, or begins with something that does.
        assert(open.author != OpenPlace.noAuthor, "A place is set aside for another one where somebody types.")
        let author = Int(other.place.author)
        let run = tree.runs[other.place.run]
        assert(run.end == replicas[author].freeAddress && !run.isDead, "Nobody can go on at the place set aside.")
        var (place, gap) = (other.place, other.gap)
        let moved = otherPosition &- place.position
        place.position &+= moved
        if gap.leaf != lastGap.leaf { gap.leafStart &+= moved }
        gap.runStart = place.position &- run.length
        gap.offset = run.length
        let isMoved = open.root == place.root && !other.isMoved
        setAside()
        other.isMoved = isMoved
        lastGap = gap
        open = place
        tree.links.watch(place.way)
        provideOpenRoom(for: author)
    }

    /// Whether the next units of `author` go to the open place, or to the one set aside, which is open then.
    @inline(__always)
    mutating func isTyping(_ author: Int) -> Bool {
        open.revision == tree.revision && open.author == UInt32(truncatingIfNeeded: author) || takeUp(by: author)
    }

    /// Types a unit that is no half of a pair at the open place, with a Lamport timestamp that others have reached already;
    /// false when there is no room.
    @inline(__always)
    mutating func typeLate(_ unit: UInt16, by author: Int) -> Bool {
        guard open.lateRoom > 0 else { return false }
        let address = typeMany(1, by: author, lamport: replicas[author].lamportEnd)
        text[Int(address)] = unit
        return true
    }

    /// Makes the run at the open place longer by elements whose text is to be written then, and gives the first one's address.
    ///
    /// - Precondition: `author` types there, there is room, and `lamport` is not below his `lamportEnd`.
    @inline(__always)
    mutating func typeMany(_ count: Int, by author: Int, lamport: UInt64) -> UInt32 {
        assert(max(open.room, open.lateRoom) >= count, "There is no room to type.")
        let room = max(open.room, open.lateRoom) &- count
        replicas.noteLamport(lamport, by: author)
        let address = replicas[author].freeAddress
        replicas[author].nextCounter &+= UInt32(truncatingIfNeeded: count)
        tree.runs[open.run].grow(by: count)
        addVisibleAtOpen(count)
        open.address &+= count
        open.position &+= count
        elementCount &+= count
        clock = max(clock, lamport &+ UInt64(truncatingIfNeeded: count))
        setOpenRoom(room, for: author)
        return address
    }
}
