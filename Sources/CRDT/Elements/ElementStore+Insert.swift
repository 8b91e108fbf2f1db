extension ElementStore {
    /// Inserts new elements of a replica at a gap, which is after them then.
    ///
    /// `lamport` is the first one's, and not below the replica's `lamportEnd`.
    @inline(__always)
    mutating func insert(
        _ units: [UInt16],
        _ range: Range<Int>,
        at gap: inout Gap,
        by replica: Int,
        lamport: UInt64
    ) {
        replicas.noteLamport(lamport, by: replica)
        var start = range.lowerBound
        while start < range.upperBound {
            let left = range.upperBound - start
            var count = min(provideRoom(left, for: replica), left)
            if count < left, UTF16Unit.isHigh(units[start + count - 1]) {
                // A pair stays together: the segment's last address is left unused.
                count = count > 1 ? count - 1 : min(startSegment(left, for: replica), left)
            }
            let address = replicas[replica].freeAddress
            replicas[replica].nextCounter &+= UInt32(truncatingIfNeeded: count)
            text.write(units, start..<start + count, at: Int(address))
            tree.insert(Run(address: address, length: count, isDead: false), at: &gap, &blocks)
            tree.lowerMinimum(of: gap.leaf, to: Rank(lamport: lamport, replica: replicas[replica].id))
            start += count
        }
        clock = max(clock, lamport + UInt64(range.count))
        elementCount += range.count
    }

    /// The same for a few units, none of them half of a pair, from wherever they are, at the cursor.
    @_optimize(speed)
    @inline(__always)
    mutating func insertFewAtCursor(_ units: Span<UInt16>, by replica: Int, lamport: UInt64) {
        let count = units.count
        if Int(replicas[replica].freeEnd &- replicas[replica].freeAddress) < count {
            var gap = lastGap
            insertSlowly(units, at: &gap, by: replica, lamport: lamport)
            lastGap = gap
            return
        }
        replicas.noteLamport(lamport, by: replica)
        let address = replicas[replica].freeAddress
        replicas[replica].nextCounter &+= UInt32(truncatingIfNeeded: count)
        for index in 0..<count { text[Int(address) &+ index] = units[index] }
        tree.insert(Run(address: address, length: count, isDead: false), at: &lastGap, &blocks)
        tree.lowerMinimum(of: lastGap.leaf, to: Rank(lamport: lamport, replica: replicas[replica].id))
        clock = max(clock, lamport &+ UInt64(truncatingIfNeeded: count))
        elementCount &+= count
    }

    /// Gives the next elements of a replica addresses and a place; their text is to be written then.
    ///
    /// - Precondition: there is room for them in the replica's segment.
    @inline(__always)
    mutating func place(_ count: Int, at gap: inout Gap, by replica: Int, lamport: UInt64) -> UInt32 {
        replicas.noteLamport(lamport, by: replica)
        let address = replicas[replica].freeAddress
        replicas[replica].nextCounter &+= UInt32(truncatingIfNeeded: count)
        tree.insert(Run(address: address, length: count, isDead: false), at: &gap, &blocks)
        tree.lowerMinimum(of: gap.leaf, to: Rank(lamport: lamport, replica: replicas[replica].id))
        clock = max(clock, lamport &+ UInt64(truncatingIfNeeded: count))
        elementCount &+= count
        return address
    }

    @inline(never)
    private mutating func insertSlowly(
        _ units: Span<UInt16>,
        at gap: inout Gap,
        by replica: Int,
        lamport: UInt64
    ) {
        var copy: [UInt16] = []
        for index in units.indices { copy.append(units[index]) }
        insert(copy, 0..<copy.count, at: &gap, by: replica, lamport: lamport)
    }

    /// How many elements can get addresses next to the replica's newest ones, at least one.
    @inline(__always)
    mutating func provideRoom(_ wanted: Int, for replica: Int) -> Int {
        let room = Int(replicas[replica].freeEnd - replicas[replica].freeAddress)
        return wanted <= room ? room : enlargeRoom(wanted, for: replica)
    }

    /// Extends the newest segment in place while it is the last of all; else uses it up and then starts another.
    @inline(never)
    private mutating func enlargeRoom(_ wanted: Int, for replica: Int) -> Int {
        let record = replicas[replica]
        let room = Int(record.freeEnd - record.freeAddress)
        guard record.hasSegment, record.freeEnd == UInt32(blocks.end) else {
            if room > 0 { return room }
            // Who writes texts and lists in turns gets little room at a time: it may never be filled.
            let isAlternating =
                record.hasSegment
                && (record.freeAddress >= Self.firstAddressOfSets || record.listEnd > record.freeAddress)
            return startSegment(wanted, for: replica, isAlternating: isAlternating)
        }
        let added = appendBlocks(wanted - room, for: replica)
        replicas[replica].freeEnd += UInt32(added)
        return room + added
    }

    /// Starts another segment, whatever is left of the newest one.
    mutating func startSegment(_ wanted: Int, for replica: Int, isAlternating: Bool = false) -> Int {
        let start = UInt32(blocks.end)
        replicas.noteSegment(at: start, by: replica)
        let added = appendBlocks(wanted, for: replica, isAlternating: isAlternating)
        replicas[replica].freeEnd = start + UInt32(added)
        return added
    }

    /// Adds addresses for at least `wanted` elements, and as many again as the replica has: who writes little costs little.
    mutating func appendBlocks(_ wanted: Int, for replica: Int, isAlternating: Bool = false) -> Int {
        let record = replicas[replica]
        let asMuch = isAlternating ? 0 : Int(record.nextCounter)
        let again = min(max(asMuch, Self.minimumSegment), Self.maximumSegment)
        let count = (max(wanted, again) + BlockTable.size - 1) / BlockTable.size
        blocks.append(count: count, owner: replica, delta: 0 &- record.addressOffset)
        text.append(repeating: 0, count: count * BlockTable.size)
        return count * BlockTable.size
    }

    /// Whether that many more elements of one change surely get addresses, and a snapshot with them can be read again.
    func canHold(_ count: Int) -> Bool {
        count <= elementLimit - elementCount
            && blocks.end + count + Self.maximumSegment + BlockTable.size < Self.maximumAddress
    }

    // MARK: Order

    /// Moves the gap after an insertion's origin to where the insertion goes: past the elements that come before it.
    ///
    /// Siblings stand in falling rank, each followed by its descendants, whose ranks are above its own. So everything that
    /// ranks above the new element is skipped, up to the first that does not (Roh et al. 2011, section 5).
    @inline(__always)
    mutating func settle(_ gap: inout Gap, _ rank: Rank) {
        // Nothing is newer, as always when typing is not concurrent.
        if rank.lamport < clock { skip(&gap, rank) }
    }

    /// Ranks rise inside of a run: it is skipped whole or not at all.
    ///
    /// Its parts are mutating, though they change nothing of the store: to lend it to a call that only reads, the compiler
    /// copies all of its 1,000 bytes.
    @inline(never)
    private mutating func skip(_ gap: inout Gap, _ rank: Rank) {
        let run = tree.run(at: gap)
        if gap.offset < run.length {
            let next = run.address &+ UInt32(truncatingIfNeeded: gap.offset)
            if self.rank(of: next) < rank { return }
            gap.offset = run.length
        }
        var minimum = Rank.maximum
        if !skipRuns(&gap, from: gap.index + 1, rank, &minimum) { return }
        var start = gap.leafStart + tree.visible(in: gap.leaf)
        var skipped = gap.leaf
        while true {
            let leaf = skipLeaves(after: &skipped, &start, rank)
            if leaf == RunTree.none {
                if skipped != gap.leaf { gap = endGap(of: skipped, gap.root, end: start) }
                return
            }
            var next = Gap(root: gap.root, leaf: leaf, index: -1, offset: 0, runStart: start, leafStart: start)
            minimum = .maximum
            let isWholeLeaf = skipRuns(&next, from: 0, rank, &minimum)
            if next.index < 0 {
                if skipped != gap.leaf { gap = endGap(of: skipped, gap.root, end: start) }
                return
            }
            gap = next
            if !isWholeLeaf { return }
            // A split leaves the bound of the whole to both halves: now this one's is known.
            tree.leaves[Int(leaf)].minimum = minimum
            start += tree.visible(in: leaf)
            skipped = leaf
        }
    }

    /// Passes over the leaves all of whose elements rank above the new one, neighbour by neighbour, and gives the first that is
    /// not known to, or `none`.
    private mutating func skipLeaves(after leaf: inout UInt32, _ start: inout Int, _ rank: Rank) -> UInt32 {
        while true {
            let link = tree.leaves[Int(leaf)].parent
            let node = link >> 6
            for slot in stride(from: Int(link & 63) + 1, to: Int(tree.nodes[Int(node)].count), by: 1) {
                let child = tree.links[RunTree.child(node, slot)]
                if !(rank < tree.leaves[Int(child.index)].minimum) { return child.index }
                start &+= Int(child.visible)
                leaf = child.index
            }
            let next = tree.nextLeaf(leaf)
            if next == RunTree.none || !(rank < tree.leaves[Int(next)].minimum) { return next }
            start &+= tree.visible(in: next)
            leaf = next
        }
    }

    /// The gap behind a leaf, which ends at the visible position `end`.
    private mutating func endGap(of leaf: UInt32, _ root: UInt32, end: Int) -> Gap {
        var gap = Gap(root: root, leaf: leaf, index: tree.count(of: leaf) - 1, offset: 0, runStart: 0, leafStart: 0)
        let last = tree.run(at: gap)
        gap.offset = last.length
        gap.runStart = end - last.visible
        gap.leafStart = end - tree.visible(in: leaf)
        return gap
    }

    /// Moves a gap past the runs of its leaf from `first` on that rank above the new element; false at one that does not.
    private mutating func skipRuns(_ gap: inout Gap, from first: Int, _ rank: Rank, _ minimum: inout Rank) -> Bool {
        // In a root that is still empty `first` is past the end already.
        for index in stride(from: first, to: tree.count(of: gap.leaf), by: 1) {
            let run = tree.runs[RunTree.run(gap.leaf, index)]
            let other = self.rank(of: run.address)
            if other < rank { return false }
            minimum = min(minimum, other)
            if gap.index >= 0 { gap.runStart += tree.run(at: gap).visible }
            gap.index = index
            gap.offset = run.length
        }
        return true
    }
}
