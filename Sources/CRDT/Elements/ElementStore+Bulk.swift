// For whoever replays many changes at once: k changes of typing, or of erasing, as one step. What k single steps would have
// done is done by these in one, because runs, jumps and counts know no changes:
//
// * `type(_:_:by:lamport:)`  k changes in a row that each insert after their author's newest element, or one of k units;
// * `kill(_:)`               k changes in a row that each delete one of consecutive elements, forwards or backwards;
// * `insert(_:_:at:by:lamport:)` and `gap(after:)`, `settle(_:_:)`: any insertion, of any length.
//
// The caller has checked that the changes are valid, and counts them in `nextSequence`.

extension ElementStore {
    /// Inserts units directly after the newest element of a replica that has one.
    ///
    /// `lamport` is the first unit's; the others' count up, as those of changes do that were made without news.
    ///
    /// - Complexity: O(log n + k / 64) for n runs and k units, and what is concurrent at that place.
    mutating func type(_ units: [UInt16], _ range: Range<Int>, by author: Int, lamport: UInt64) {
        assert(replicas[author].nextCounter > 0, "Whoever types on has typed before.")
        if range.isEmpty { return }
        var gap = gap(after: replicas.address(of: replicas[author].nextCounter &- 1, by: author))
        settle(&gap, Rank(lamport: lamport, replica: replicas[author].id))
        insert(units, range, at: &gap, by: author, lamport: lamport)
        cursor = gap
        openForTyping(by: author)
    }

    /// Deletes elements that exist and live, without a patch.
    ///
    /// - Complexity: O(log n) for each of the runs, of n, that they lie in.
    mutating func kill(_ range: ElementRange) {
        let owner = Int(range.replica)
        var counter = range.counter
        var left = Int(range.count)
        while left > 0 {
            var gap = gap(after: replicas.address(of: counter, by: owner))
            gap.offset -= 1
            let run = tree.run(at: gap)
            let step = min(left, run.length - gap.offset, replicas.contiguousCount(from: counter, by: owner))
            assert(!run.isDead, "Only the living die.")
            tree.kill(step, at: &gap, &blocks)
            cursor = gap
            counter &+= UInt32(truncatingIfNeeded: step)
            left -= step
        }
    }
}
