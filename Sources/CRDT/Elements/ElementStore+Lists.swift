extension ElementStore {
    // MARK: New elements

    /// Inserts elements of a list at a gap, which is after them then; their values are set afterwards.
    ///
    /// `lamport` is the first one's.
    mutating func insertListElements(_ count: Int, at gap: inout Gap, by replica: Int, lamport: UInt64) {
        replicas.noteLamport(lamport, by: replica)
        var left = count
        while left > 0 {
            let room = provideListRoom(left, for: replica)
            let step = min(room, left)
            let address = replicas[replica].freeAddress
            replicas[replica].nextCounter &+= UInt32(truncatingIfNeeded: step)
            replicas[replica].freeEnd = replicas[replica].freeAddress
            tree.insert(Run(address: address, length: step, isDead: false), at: &gap, &blocks)
            tree.lowerMinimum(of: gap.leaf, to: Rank(lamport: lamport, replica: replicas[replica].id))
            left -= step
        }
        clock = max(clock, lamport + UInt64(count))
        elementCount += count
    }

    /// How many elements of lists can get addresses next to the replica's newest ones, at least one.
    ///
    /// To insertions of text a segment for lists looks full at all times.
    private mutating func provideListRoom(_ wanted: Int, for replica: Int) -> Int {
        let free = replicas[replica].freeAddress
        let isList =
            free < Self.firstAddressOfSets && replicas[replica].listEnd >= free && replicas[replica].listEnd > 0
        if isList, replicas[replica].listEnd > free { return Int(replicas[replica].listEnd - free) }
        let first = blocks.end / BlockTable.size
        let added: Int
        if isList, Int(free) == blocks.end {
            added = appendBlocks(wanted, for: replica)
            replicas[replica].listEnd += UInt32(added)
        } else {
            added = startSegment(wanted, for: replica, isAlternating: !isList)
            replicas[replica].listEnd = replicas[replica].freeEnd
        }
        values.provide(blocks: first..<blocks.end / BlockTable.size)
        return added
    }

    /// Gives the replica's next element no address: it is one of a map.
    mutating func insertSet(by replica: Int, lamport: UInt64) {
        replicas.noteLamport(lamport, by: replica)
        if replicas[replica].nextCounter == 0 || replicas[replica].freeAddress < Self.firstAddressOfSets {
            replicas.noteSegment(at: Self.firstAddressOfSets, by: replica)
        }
        replicas[replica].nextCounter &+= 1
        replicas[replica].freeEnd = replicas[replica].freeAddress
        clock = max(clock, lamport + 1)
        elementCount += 1
        // Whoever types somewhere now has another next counter.
        closeOpenPlace()
    }

    // MARK: Items and where they are

    /// The item that an element of a list stands for: itself, or the one that was moved there.
    func item(at address: UInt32) -> UInt32 {
        if case .move(let item) = values[address] { return item }
        return address
    }

    /// The element where an item is now.
    func place(ofItem item: UInt32) -> UInt32 { places[UInt64(item)] ?? item }

    func isVisible(_ address: UInt32) -> Bool { !tree.run(at: gap(after: address)).isDead }

    /// Deletes the element at `address`, which is visible, and gives the index where it was.
    mutating func kill(_ address: UInt32) -> (root: UInt32, index: Int) {
        var gap = gap(after: address)
        gap.offset -= 1
        let index = gap.runStart + gap.offset
        tree.kill(1, at: &gap, &blocks)
        cursor = gap
        return (gap.root, index)
    }

    /// Makes the element at `address`, which is dead, visible again, and gives the index where it is.
    mutating func revive(_ address: UInt32) -> (root: UInt32, index: Int) {
        var gap = gap(after: address)
        gap.offset -= 1
        let index = gap.runStart
        tree.revive(1, at: &gap, &blocks)
        cursor = gap
        return (gap.root, index)
    }

    /// Makes the newest of an item's places, which was just inserted, the one where it is, unless another ranks above it.
    ///
    /// - Returns: what others see of it.
    mutating func settleMove(of item: UInt32, to address: UInt32, patches: inout PatchList) {
        let old = place(ofItem: item)
        let wasVisible = isVisible(old)
        guard rank(of: old) < rank(of: address) else {
            _ = kill(address)
            return
        }
        places[UInt64(item)] = address
        guard wasVisible else {
            _ = kill(address)
            return
        }
        // For a moment the item is in both places.
        let to = tree.position(of: gap(after: address)) - 1
        let (root, from) = kill(old)
        if from < to {
            patches.move(from: from, to: to - 1, in: listID(ofRoot: root))
        } else {
            patches.move(from: from - 1, to: to, in: listID(ofRoot: root))
        }
    }
}
