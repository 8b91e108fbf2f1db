/// Consecutive elements of one replica.
struct ElementRange: BitwiseCopyable, Sendable {
    var replica: UInt32
    var counter: UInt32
    var count: UInt32
}

extension ElementStore {
    /// Deletes visible units on the right of a gap, which is after them then, and notes which they were.
    ///
    /// - Precondition: there are that many, and it is a gap of a text.
    mutating func delete(_ count: Int, at gap: inout Gap, noting ranges: inout Slab<ElementRange>) {
        var left = count
        while left > 0 {
            let isThere = tree.moveToLiving(&gap)
            precondition(isThere, "A deletion reached past the end of its text.")
            let run = tree.run(at: gap)
            let address = run.address &+ UInt32(truncatingIfNeeded: gap.offset)
            var killed = min(left, run.length - gap.offset)
            if !counts.isEmpty {
                killed = uniformCount(from: address, killed)
                for offset in 0..<killed { noteSurplus(of: address &+ UInt32(offset), in: &ranges) }
            }
            note(address, killed, in: &ranges)
            tree.kill(killed, at: &gap, &blocks)
            left -= killed
        }
    }

    /// How many units from an address on were deleted equally often.
    private func uniformCount(from address: UInt32, _ limit: Int) -> Int {
        let extra = counts.extra(address)
        var count = 1
        while count < limit, counts.extra(address &+ UInt32(count)) == extra { count += 1 }
        return count
    }

    /// Notes elements that were deleted; those that continue the range before are added to it.
    @inline(__always)
    private func note(
        _ address: UInt32,
        _ count: Int,
        in ranges: inout Slab<ElementRange>,
        joined: Bool = true
    ) {
        let replica = UInt32(truncatingIfNeeded: blocks.owner(of: address))
        let counter = blocks.counter(of: address)
        if joined, ranges.count > 0 {
            var last = ranges[ranges.count - 1]
            if last.replica == replica, last.counter &+ last.count == counter {
                last.count += UInt32(truncatingIfNeeded: count)
                ranges[ranges.count - 1] = last
                return
            }
        }
        ranges.append(ElementRange(replica: replica, counter: counter, count: UInt32(truncatingIfNeeded: count)))
    }

    /// Notes the further deletions that an element needs because it was restored more often than deleted.
    ///
    /// One by one: a change that deletes more elements than the document has is refused, unless each takes bytes.
    private mutating func noteSurplus(of address: UInt32, in ranges: inout Slab<ElementRange>) {
        let extra = counts.extra(address)
        if extra >= 0 { return }
        for _ in 0..<(-extra) { note(address, 1, in: &ranges, joined: false) }
        setExtra(0, of: address)
    }

    /// Notes one item of a list that was deleted.
    mutating func noteItem(_ address: UInt32, in ranges: inout Slab<ElementRange>) {
        noteSurplus(of: address, in: &ranges)
        note(address, 1, in: &ranges)
    }

    // MARK: By name

    /// Deletes elements by name once more: what was visible goes, of the rest it is noted that they were deleted again.
    ///
    /// - Precondition: they exist, and are units of texts or items of lists.
    mutating func delete(_ range: ElementRange, patches: inout PatchList) {
        var counter = range.counter
        var left = Int(range.count)
        while left > 0 {
            let owner = Int(range.replica)
            let count = min(left, replicas.contiguousCount(from: counter, by: owner))
            let address = replicas.address(of: counter, by: owner)
            if values.isList(address) {
                deleteItem(at: address, patches: &patches)
                counter &+= 1
                left -= 1
                continue
            }
            // A segment may go on with elements of lists, in another block.
            let step = min(count, textCount(from: address, count))
            deleteText(address, step, patches: &patches)
            counter &+= UInt32(truncatingIfNeeded: step)
            left -= step
        }
    }

    /// How many of the elements from an address on are units of text.
    private func textCount(from address: UInt32, _ limit: Int) -> Int {
        if !values.hasLists { return limit }
        var count = BlockTable.size - Int(address & 63)
        while count < limit, !values.isList(address &+ UInt32(count)) { count += BlockTable.size }
        return min(count, limit)
    }

    private mutating func deleteText(_ first: UInt32, _ count: Int, patches: inout PatchList) {
        var address = first
        var left = count
        while left > 0 {
            var gap = gap(after: address)
            gap.offset -= 1
            let run = tree.run(at: gap)
            let step = min(left, run.length - gap.offset)
            if run.isDead {
                for offset in 0..<step { addDeletion(to: address &+ UInt32(offset)) }
            } else if counts.isEmpty {
                kill(step, at: &gap, patches: &patches)
            } else {
                deleteCounted(address, step, patches: &patches)
            }
            address &+= UInt32(truncatingIfNeeded: step)
            left -= step
        }
    }

    private mutating func kill(_ count: Int, at gap: inout Gap, patches: inout PatchList) {
        patches.delete(count, at: gap.runStart + gap.offset, in: textID(ofRoot: gap.root))
        tree.kill(count, at: &gap, &blocks)
        cursor = gap
    }

    /// Living units of which some may have been restored too often.
    private mutating func deleteCounted(_ first: UInt32, _ count: Int, patches: inout PatchList) {
        var address = first
        let end = first &+ UInt32(truncatingIfNeeded: count)
        while address < end {
            let step = uniformCount(from: address, Int(end - address))
            if counts.extra(address) < 0 {
                for offset in 0..<step { addDeletion(to: address &+ UInt32(offset)) }
            } else {
                var gap = gap(after: address)
                gap.offset -= 1
                kill(step, at: &gap, patches: &patches)
            }
            address &+= UInt32(truncatingIfNeeded: step)
        }
    }

    /// Notes how often an element was deleted beside what its run says.
    mutating func setExtra(_ extra: Int, of address: UInt32) {
        counts.setExtra(extra, of: address)
        // Places where units are erased without a look at the counts are closed.
        closeOpenPlace()
    }

    private mutating func addDeletion(to address: UInt32) {
        setExtra(counts.extra(address) + 1, of: address)
    }

    /// Deletes an item once more, wherever it is now.
    private mutating func deleteItem(at item: UInt32, patches: inout PatchList) {
        let place = place(ofItem: item)
        if counts.extra(item) < 0 || !isVisible(place) {
            addDeletion(to: item)
            return
        }
        let (root, index) = kill(place)
        patches.deleteItem(at: index, in: listID(ofRoot: root))
    }
}
