extension ElementStore {
    /// Inserts new elements of a replica at a gap, which is after them then.
    ///
    /// - Parameter lamport: of the first; not below the replica's `lamportEnd`.
    @inline(__always)
    mutating func insert(
        _ units: [UInt16],
        _ range: Range<Int>,
        at gap: inout Gap,
        by replica: Int,
        lamport: UInt64
    ) {
        replicas.noteLamport(lamport, count: range.count, by: replica)
        var start = range.lowerBound
        while start < range.upperBound {
            let left = range.upperBound - start
            var count = min(provideRoom(left, for: replica), left)
            if count < left, UTF16Unit.isHigh(units[start + count - 1]) {
                // A pair stays together: the segment's last address is left unused.
                count = count > 1 ? count - 1 : min(startSegment(left, for: replica), left)
            }
            var record = replicas[replica]
            let address = record.freeAddress
            record.freeAddress += UInt32(truncatingIfNeeded: count)
            record.nextCounter += UInt32(truncatingIfNeeded: count)
            replicas[replica] = record
            text.write(units, start..<start + count, at: Int(address))
            tree.insert(Run(address: address, length: count, isDead: false), at: &gap, &blocks)
            if lamport < tree.leaves[Int(gap.leaf)].minimumLamport {
                tree.leaves[Int(gap.leaf)].minimumLamport = lamport
            }
            start += count
        }
        clock = max(clock, lamport + UInt64(range.count))
    }

    /// How many elements can get addresses next to the replica's newest ones, at least one.
    @inline(__always)
    private mutating func provideRoom(_ wanted: Int, for replica: Int) -> Int {
        let record = replicas[replica]
        let room = Int(record.freeEnd - record.freeAddress)
        return wanted <= room ? room : enlargeRoom(wanted, for: replica)
    }

    /// Extends the newest segment in place while it is the last of all; else uses it up and then starts another.
    @inline(never)
    private mutating func enlargeRoom(_ wanted: Int, for replica: Int) -> Int {
        var record = replicas[replica]
        let room = Int(record.freeEnd - record.freeAddress)
        guard record.segments.count > 0, Int(record.freeEnd) == blocks.end else {
            return room > 0 ? room : startSegment(wanted, for: replica)
        }
        record.freeEnd += UInt32(appendBlocks(wanted - room, for: replica, record))
        replicas[replica] = record
        return Int(record.freeEnd - record.freeAddress)
    }

    /// Starts another segment, whatever is left of the newest one.
    private mutating func startSegment(_ wanted: Int, for replica: Int) -> Int {
        let start = UInt32(blocks.end)
        replicas.noteSegment(at: start, by: replica)
        var record = replicas[replica]
        record.freeAddress = start
        record.freeEnd = start + UInt32(appendBlocks(wanted, for: replica, record))
        replicas[replica] = record
        return Int(record.freeEnd - start)
    }

    /// Adds addresses for at least `wanted` elements, and as many again as the replica has: who writes little costs little.
    private mutating func appendBlocks(_ wanted: Int, for replica: Int, _ record: ReplicaRecord) -> Int {
        let again = min(max(Int(record.nextCounter), Self.minimumSegment), Self.maximumSegment)
        let count = (max(wanted, again) + BlockTable.size - 1) / BlockTable.size
        blocks.append(count: count, owner: replica, delta: record.nextCounter &- record.freeAddress)
        text.append(repeating: 0, count: count * BlockTable.size)
        return count * BlockTable.size
    }

    /// Whether that many more elements of one change surely get addresses.
    func canHold(_ count: Int) -> Bool {
        count < Self.maximumAddress && blocks.end + count + Self.maximumSegment + BlockTable.size < Self.maximumAddress
    }

    // MARK: Order

    /// Moves the gap after an insertion's origin to where the insertion goes: past the elements that come before it.
    ///
    /// Those are its older siblings' opposite: siblings stand newest first, by Lamport timestamp, and of two equal ones the
    /// lower replica first; each is followed by its descendants, whose timestamps are above its own. So everything that is
    /// greater than the new element is skipped, up to the first that is not (Roh et al. 2011, section 5).
    @inline(__always)
    func settle(_ gap: inout Gap, lamport: UInt64, by author: UInt64) {
        // Nothing is newer, as always when typing is not concurrent.
        if lamport < clock { skip(&gap, lamport, author) }
    }

    @inline(never)
    private func skip(_ gap: inout Gap, _ lamport: UInt64, _ author: UInt64) {
        let run = tree.run(at: gap)
        if gap.offset < run.length {
            // Lamport timestamps rise inside of a run: it is skipped whole or not at all.
            let next = run.address &+ UInt32(truncatingIfNeeded: gap.offset)
            if !isBefore(next, lamport, author) { return }
            gap.offset = run.length
        }
        var next = gap
        while true {
            if next.index + 1 == tree.count(of: next.leaf) { skipLeaves(&next, &gap, lamport) }
            guard tree.advance(&next) else { return }
            let run = tree.run(at: next)
            if !isBefore(run.address, lamport, author) { return }
            next.offset = run.length
            gap = next
        }
    }

    /// Skips whole leaves on the right of a gap that is at the end of one, by the lower bound of their timestamps.
    private func skipLeaves(_ next: inout Gap, _ gap: inout Gap, _ lamport: UInt64) {
        var leaf = tree.nextLeaf(next.leaf)
        var start = next.leafStart + tree.visible(in: next.leaf)
        while leaf != RunTree.none, tree.leaves[Int(leaf)].minimumLamport > lamport {
            let last = tree.count(of: leaf) - 1
            let visible = tree.visible(in: leaf)
            let run = tree.runs[RunTree.run(leaf, last)]
            next.leaf = leaf
            next.leafStart = start
            next.index = last
            next.offset = run.length
            next.runStart = start + visible - run.visible
            gap = next
            start += visible
            leaf = tree.nextLeaf(leaf)
        }
    }

    /// Whether an element that is there stands before a new one with the same origin.
    @inline(__always)
    private func isBefore(_ address: UInt32, _ lamport: UInt64, _ author: UInt64) -> Bool {
        let owner = blocks.owner(of: address)
        let other = replicas.lamport(of: blocks.counter(of: address), by: owner)
        return other > lamport || (other == lamport && replicas[owner].id < author)
    }
}
