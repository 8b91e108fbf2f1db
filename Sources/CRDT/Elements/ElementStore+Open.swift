/// A place where edits go on without a search: where somebody types, or where elements are erased one by one.
///
/// It is valid while the tree's ``RunTree/revision`` is the one it was opened at: whatever else changes runs or counts
/// raises that. What changes neither, and yet must not be gone on after, calls ``ElementStore/closeOpenPlace()``. Runs are
/// written through at once. The counts above them wait in the ``LinkTable``, which shows them to all who read; and where
/// exactly the cursor stands waits until the place is closed.
struct OpenPlace: BitwiseCopyable, Sendable {
    static let noAuthor = UInt32.max

    var revision = UInt64.max
    var root: UInt32 = 0
    /// Who types here, directly after his newest element; `noAuthor` behind a tombstone.
    var author = Self.noAuthor
    /// How many visible units are on the left.
    var position = 0
    /// How many units can be typed, of one segment and one block.
    var room = 0
    /// The same where the author's Lamport timestamps are behind the clock, in place of `room`: only received changes go on
    /// like that.
    var lateRoom = 0
    /// How many units on the left and on the right of the tombstone can be erased one by one.
    var leftRoom = 0
    var rightRoom = 0
    /// The address of the next unit that is typed.
    var address = 0
    /// The run, and its leaf's ancestors: the tree watches their counts.
    var run = 0
    var way = LinkTable.Way()
}

extension ElementStore {
    /// Where the last edit ended; what makes typing O(1).
    var cursor: Gap {
        @inline(__always) get {
            var gap = lastGap
            if open.revision == tree.revision {
                gap.offset = tree.runs[open.run].length
                if open.author == OpenPlace.noAuthor { gap.runStart = open.position }
            }
            return gap
        }
        @inline(__always) set {
            lastGap = newValue
            open.revision = .max
        }
    }

    /// Closes the open place, if there is one: the cursor stays where the last edit ended.
    @inline(__always)
    mutating func closeOpenPlace() {
        cursor = cursor
        other.place.revision = .max
    }

    /// Who types at an open place has a sequence that stays below 2^32 while it is open: a place has room for 64 units.
    private static let maximumOpenSequence: UInt64 = 1 << 31

    // MARK: Opening

    /// Opens the place behind what `author` just inserted at the cursor.
    @inline(__always)
    mutating func openForTyping(by author: Int) {
        let run = tree.run(at: lastGap)
        let address = replicas[author].freeAddress
        guard !run.isDead, lastGap.offset == run.length, run.end == address, address & 63 != 0,
            blocks.isClaimed(address, by: lastGap.leaf)
        else { return }
        provideOpenRoom(for: author)
        open.author = UInt32(truncatingIfNeeded: author)
        open.position = lastGap.runStart &+ lastGap.offset
        open.leftRoom = 0
        open.rightRoom = 0
        finishOpening()
        keepAside()
    }

    /// Finds how many units `author` can type at the open place, of one segment and one block.
    @inline(__always)
    mutating func provideOpenRoom(for author: Int) {
        let address = replicas[author].freeAddress
        open.address = Int(address)
        let inSegment = Int(replicas[author].freeEnd &- address)
        let inBlock = address & 63 == 0 ? 0 : 64 &- Int(address & 63)
        let isNumbered = replicas[author].nextSequence < Self.maximumOpenSequence
        setOpenRoom(isNumbered ? min(inSegment, inBlock, elementLimit &- elementCount) : 0, for: author)
    }

    @inline(__always)
    mutating func setOpenRoom(_ room: Int, for author: Int) {
        let isLate = replicas[author].lamportEnd != clock
        open.room = isLate ? 0 : room
        open.lateRoom = isLate ? room : 0
    }

    /// Opens the place behind the tombstone at the cursor.
    @inline(__always)
    mutating func openForErasing() {
        let run = tree.run(at: lastGap)
        guard run.isDead, lastGap.offset == run.length, counts.isEmpty else { return }
        open.author = OpenPlace.noAuthor
        open.position = lastGap.runStart
        open.room = 0
        open.lateRoom = 0
        open.leftRoom = 0
        open.rightRoom = 0
        // At the edge of a block addresses may go on in another replica's: such runs are left to the general way.
        if lastGap.index > 0 {
            let left = tree.runs[RunTree.run(lastGap.leaf, lastGap.index &- 1)]
            if !left.isDead, left.end == run.address { open.leftRoom = min(left.length &- 1, Int(run.address & 63)) }
        }
        if lastGap.index &+ 1 < tree.count(of: lastGap.leaf) {
            let right = tree.runs[RunTree.run(lastGap.leaf, lastGap.index &+ 1)]
            if !right.isDead, run.end == right.address, run.end & 63 != 0 {
                open.rightRoom = min(right.length &- 1, 64 &- Int(right.address & 63))
            }
        }
        finishOpening()
    }

    @_optimize(speed)
    @inline(__always)
    private mutating func finishOpening() {
        open.root = lastGap.root
        open.run = RunTree.run(lastGap.leaf, lastGap.index)
        open.way = LinkTable.Way(root: Int32(bitPattern: open.root))
        var link = tree.leaves[Int(lastGap.leaf)].parent
        open.way.first = Int32(truncatingIfNeeded: RunTree.child(link >> 6, Int(link & 63)))
        link = tree.nodes[Int(link >> 6)].parent
        if link != RunTree.none {
            open.way.second = Int32(truncatingIfNeeded: RunTree.child(link >> 6, Int(link & 63)))
            link = tree.nodes[Int(link >> 6)].parent
            if link != RunTree.none {
                open.way.third = Int32(truncatingIfNeeded: RunTree.child(link >> 6, Int(link & 63)))
                link = tree.nodes[Int(link >> 6)].parent
                // So many levels are not worth the room here.
                if link != RunTree.none { return }
            }
        }
        open.revision = tree.revision
        tree.links.watch(open.way)
    }

    // MARK: Going on

    /// Whether `author` can type a unit at the open place, which is his newest element's end, with the next Lamport timestamp.
    @_optimize(speed)
    @_transparent
    func canType(by author: Int) -> Bool {
        open.revision == tree.revision && open.room > 0 && open.author == UInt32(truncatingIfNeeded: author)
    }

    /// Types a unit that is no half of a pair.
    @_optimize(speed)
    @_transparent
    mutating func type(_ unit: UInt16, by author: Int) {
        assert(canType(by: author), "Nothing can be typed there.")
        assert(open.address == Int(replicas[author].freeAddress), "The next address is another.")
        text[open.address] = unit
        open.address &+= 1
        replicas[author].nextCounter &+= 1
        tree.runs[open.run].grow(by: 1)
        addVisibleAtOpen(1)
        open.position &+= 1
        open.room &-= 1
        clock &+= 1
        elementCount &+= 1
    }

    /// Gives who types at the open place the next block, when one is full; false when the general way has to.
    ///
    /// The next block of a segment is its owner's alone, and no leaf has claimed it: typing goes on in the same run.
    @inline(never)
    mutating func openNextBlock(by author: Int) -> Bool {
        guard open.revision == tree.revision, open.room == 0, open.author == UInt32(truncatingIfNeeded: author),
            replicas[author].lamportEnd == clock
        else { return false }
        let address = replicas[author].freeAddress
        guard address & 63 == 0, canHold(1), replicas[author].nextSequence < Self.maximumOpenSequence
        else { return false }
        if address == replicas[author].freeEnd {
            guard Int(address) == blocks.end else { return false }
            _ = provideRoom(1, for: author)
        }
        blocks.assign(address, Int(address) + BlockTable.size, to: lastGap.leaf)
        open.room = min(Int(replicas[author].freeEnd &- address), BlockTable.size, elementLimit &- elementCount)
        return true
    }

    /// Whether a unit is the one on the left of the open tombstone, and can be erased there.
    @_transparent
    func isLeftOfOpen(_ unit: Range<Int>) -> Bool { unit.upperBound == open.position && open.leftRoom > 0 }

    /// Whether a unit is the one on the right of the open tombstone, and can be erased there.
    @_transparent
    func isRightOfOpen(_ unit: Range<Int>) -> Bool { unit.lowerBound == open.position && open.rightRoom > 0 }

    /// The address of the unit on the left of the open tombstone.
    @_transparent
    var addressLeftOfOpen: UInt32 { tree.runs[open.run].address &- 1 }

    /// The address of the unit on the right of the open tombstone.
    @_transparent
    var addressRightOfOpen: UInt32 { tree.runs[open.run].end }

    /// Deletes the unit on the left of the open tombstone; it is no half of a pair.
    @_optimize(speed)
    @_transparent
    mutating func eraseLeft() {
        assert(open.leftRoom > 0, "Nothing can be erased there.")
        tree.runs[open.run &- 1].grow(by: -1)
        tree.runs[open.run].growLeft()
        addVisibleAtOpen(-1)
        open.position &-= 1
        // The cursor stays right when the place is closed: its run starts with one unit less before it.
        lastGap.runStart = open.position
        open.leftRoom &-= 1
    }

    /// Deletes the unit on the right of the open tombstone; it is no half of a pair.
    @_optimize(speed)
    @_transparent
    mutating func eraseRight() {
        assert(open.rightRoom > 0, "Nothing can be erased there.")
        tree.runs[open.run].grow(by: 1)
        tree.runs[open.run &+ 1].shrinkLeft()
        addVisibleAtOpen(-1)
        open.rightRoom &-= 1
    }

    // MARK: From typing to erasing and back

    /// Whether what was typed last, behind which the place is open, can be deleted by ``eraseTyped()``.
    @inline(__always)
    var canEraseTyped: Bool {
        open.revision == tree.revision && open.author != OpenPlace.noAuthor && tree.runs[open.run].length > 1
            && tree.count(of: lastGap.leaf) < RunTree.leafCapacity && counts.isEmpty
    }

    /// Deletes the unit that was typed last, which is no half of a pair: it becomes a tombstone of its own.
    ///
    /// The run on the right cannot continue it: nobody has the next address yet.
    @inline(__always)
    mutating func eraseTyped() {
        assert(canEraseTyped, "Nothing typed can be erased there.")
        let length = tree.runs[open.run].length
        let address = tree.runs[open.run].end &- 1
        tree.openRuns(1, at: lastGap.leaf, lastGap.index &+ 1)
        tree.runs[open.run].grow(by: -1)
        tree.runs[open.run &+ 1] = Run(address: address, length: 1, isDead: true)
        addVisibleAtOpen(-1)
        open.position &-= 1
        lastGap.runStart = open.position
        lastGap.index &+= 1
        lastGap.offset = 1
        open.run &+= 1
        open.author = OpenPlace.noAuthor
        open.room = 0
        open.lateRoom = 0
        open.leftRoom = min(length &- 2, Int(address & 63))
        open.rightRoom = 0
        open.revision = tree.revision
    }

    /// Whether `author` can type behind the open tombstone, which ends with his newest element, by ``typeAgain(_:by:)``.
    @inline(__always)
    mutating func canTypeAgain(by author: Int) -> Bool {
        guard open.revision == tree.revision, open.author == OpenPlace.noAuthor,
            tree.count(of: lastGap.leaf) < RunTree.leafCapacity
        else { return false }
        let address = replicas[author].freeAddress
        return tree.runs[open.run].end == address && address & 63 != 0 && blocks.owner(of: address) == author
            && blocks.isClaimed(address, by: lastGap.leaf) && address != replicas[author].freeEnd
            && replicas[author].lamportEnd == clock && elementCount < elementLimit
            && replicas[author].nextSequence < Self.maximumOpenSequence
    }

    /// Types a unit that is no half of a pair: it becomes a run of its own.
    @inline(__always)
    mutating func typeAgain(_ unit: UInt16, by author: Int) {
        assert(canTypeAgain(by: author), "Nothing can be typed there.")
        let address = replicas[author].freeAddress
        text[Int(address)] = unit
        replicas[author].nextCounter &+= 1
        clock &+= 1
        elementCount &+= 1
        tree.openRuns(1, at: lastGap.leaf, lastGap.index &+ 1)
        tree.runs[open.run &+ 1] = Run(address: address, length: 1, isDead: false)
        addVisibleAtOpen(1)
        lastGap.runStart = open.position
        lastGap.index &+= 1
        lastGap.offset = 1
        open.address = Int(address) &+ 1
        open.position &+= 1
        open.run &+= 1
        open.author = UInt32(truncatingIfNeeded: author)
        let inSegment = Int(replicas[author].freeEnd &- address) &- 1
        open.room = min(inSegment, 63 &- Int(address & 63), elementLimit &- elementCount)
        open.lateRoom = 0
        open.leftRoom = 0
        open.rightRoom = 0
        open.revision = tree.revision
    }

    @_optimize(speed)
    @_transparent
    mutating func addVisibleAtOpen(_ delta: Int) {
        assert(tree.links.isWatching(open.way), "Other counts are watched.")
        tree.links.addToWatched(UInt32(truncatingIfNeeded: delta))
    }
}
