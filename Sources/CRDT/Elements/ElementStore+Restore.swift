extension ElementStore {
    /// Takes back one deletion of units of text: those that were deleted once are visible again.
    ///
    /// - Precondition: they exist, and `units` are what they were.
    mutating func restoreText(
        _ range: ElementRange,
        _ units: [UInt16],
        _ start: Int,
        patches: inout PatchList
    ) {
        learnText(range, units, start)
        var offset = 0
        while offset < Int(range.count) {
            let counter = range.counter + UInt32(truncatingIfNeeded: offset)
            let address = replicas.address(of: counter, by: Int(range.replica))
            let left = min(
                Int(range.count) - offset,
                replicas.contiguousCount(from: counter, by: Int(range.replica))
            )
            offset += restoreText(address, left, patches: &patches)
        }
    }

    /// Takes over the units that are not known any more.
    ///
    /// What an earlier operation of the same change brought back is known, and stays.
    private mutating func learnText(_ range: ElementRange, _ units: [UInt16], _ start: Int) {
        var unknown: [(address: UInt32, unit: UInt16)] = []
        for offset in 0..<Int(range.count) {
            let counter = range.counter + UInt32(truncatingIfNeeded: offset)
            let address = replicas.address(of: counter, by: Int(range.replica))
            let unit = units[start + offset]
            if text[Int(address)] != unit, isDropped(address, replacedBy: unit) { unknown.append((address, unit)) }
        }
        // Not before all were looked at: the halves of a pair are told by each other.
        for (address, unit) in unknown { text[Int(address)] = unit }
    }

    /// Restores units with addresses in a row, of one run and all alike; how many is returned.
    private mutating func restoreText(_ address: UInt32, _ limit: Int, patches: inout PatchList) -> Int {
        var gap = gap(after: address)
        gap.offset -= 1
        let run = tree.run(at: gap)
        var count = min(limit, run.length - gap.offset)
        let extra = extra(of: address)
        if !counts.isEmpty { count = uniformCount(from: address, count) }
        if extra != 0 || !run.isDead {
            add(-1, to: range(at: address, count))
            return count
        }
        tree.revive(count, at: &gap, &blocks)
        cursor = gap
        var restored: [UInt16] = []
        text.read(Int(address)..<Int(address) + count, into: &restored)
        patches.insert(restored, at: tree.position(of: gap) - count, in: textID(ofRoot: gap.root))
        return count
    }

    /// Takes back one deletion of an item of a list: when it was deleted once, it is visible again where it is now.
    mutating func restoreItem(_ counter: UInt32, by replica: Int, _ value: StoredValue, patches: inout PatchList) {
        let item = replicas.address(of: counter, by: replica)
        if values[item] == .dropped { values[item] = value }
        let place = place(ofItem: item)
        if extra(of: item) != 0 || isVisible(place) { return add(-1, to: range(at: item, 1)) }
        let (root, index) = revive(place)
        patches.insert([self.value(values[item])], at: index, in: listID(ofRoot: root))
    }
}
