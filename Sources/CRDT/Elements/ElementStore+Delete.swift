/// Consecutive elements of one replica.
struct ElementRange: BitwiseCopyable, Sendable {
    var replica: UInt32
    var counter: UInt32
    var count: UInt32

    func first(_ count: Int) -> ElementRange {
        ElementRange(replica: replica, counter: counter, count: UInt32(truncatingIfNeeded: count))
    }

    func dropping(first count: Int) -> ElementRange {
        let count = UInt32(truncatingIfNeeded: count)
        return ElementRange(replica: replica, counter: counter &+ count, count: self.count &- count)
    }
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
                noteSurplus(of: address, killed, in: &ranges)
            }
            note(address, killed, in: &ranges)
            tree.kill(killed, at: &gap, &blocks)
            left -= killed
        }
    }

    /// How many units of one run from an address on were deleted equally often.
    func uniformCount(from address: UInt32, _ limit: Int) -> Int {
        let first = range(at: address, 1)
        return counts.uniformCount(from: first.counter, by: first.replica, limit)
    }

    /// The names of elements with addresses in a row, of one run.
    func range(at address: UInt32, _ count: Int) -> ElementRange {
        ElementRange(
            replica: UInt32(truncatingIfNeeded: blocks.owner(of: address)),
            counter: blocks.counter(of: address),
            count: UInt32(truncatingIfNeeded: count)
        )
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

    /// Notes the further deletions that equally counted elements need when they were restored more often than deleted.
    ///
    /// One by one: a change that deletes more elements than the document has is refused, unless each takes bytes.
    private mutating func noteSurplus(of address: UInt32, _ count: Int, in ranges: inout Slab<ElementRange>) {
        let extra = extra(of: address)
        if extra >= 0 { return }
        for offset in 0..<count {
            for _ in 0..<(-extra) { note(address &+ UInt32(offset), 1, in: &ranges, joined: false) }
        }
        add(-extra, to: range(at: address, count))
    }

    /// Notes one item of a list that was deleted.
    mutating func noteItem(_ address: UInt32, in ranges: inout Slab<ElementRange>) {
        noteSurplus(of: address, 1, in: &ranges)
        note(address, 1, in: &ranges)
    }

    // MARK: By name

    /// Deletes elements by name once more: what was visible goes, of the rest it is noted that they were deleted again.
    ///
    /// - Precondition: they exist, and are units of texts or items of lists.
    /// - Complexity: O(log n) for each stretch of elements that are counted already, and for each run of others.
    mutating func delete(_ range: ElementRange, patches: inout PatchList) {
        var rest = range
        while rest.count > 0 {
            let limit = Int(rest.count)
            let settled = counts.settledCount(from: rest.counter, by: rest.replica, limit)
            if settled > 0 {
                add(1, to: rest.first(settled))
                rest = rest.dropping(first: settled)
                continue
            }
            let step = counts.uniformCount(from: rest.counter, by: rest.replica, limit)
            deleteUncounted(rest.first(step), patches: &patches)
            rest = rest.dropping(first: step)
        }
    }

    /// Elements of which the runs alone say whether they are visible.
    private mutating func deleteUncounted(_ range: ElementRange, patches: inout PatchList) {
        let owner = Int(range.replica)
        var counter = range.counter
        var left = Int(range.count)
        while left > 0 {
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
                add(1, to: range(at: address, step))
            } else {
                kill(step, at: &gap, patches: &patches)
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

    /// How often an element was deleted beside what its run says.
    func extra(of address: UInt32) -> Int64 {
        if counts.isEmpty { return 0 }
        let name = range(at: address, 1)
        return counts.extra(of: name.counter, by: name.replica)
    }

    /// Notes that elements were deleted so many times more beside what their runs say.
    mutating func add(_ number: Int64, to range: ElementRange) {
        counts.add(number, to: range)
        // Places where units are erased without a look at the counts are closed.
        closeOpenPlace()
    }

    /// Deletes an item that is not counted once more, wherever it is now.
    private mutating func deleteItem(at item: UInt32, patches: inout PatchList) {
        let place = place(ofItem: item)
        if !isVisible(place) { return add(1, to: range(at: item, 1)) }
        let (root, index) = kill(place)
        patches.deleteItem(at: index, in: listID(ofRoot: root))
    }
}
