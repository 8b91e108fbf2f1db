// For whoever replays many changes at once: k changes of typing, or of erasing, as one step. What k single steps would have
// done is done by these in one, because runs, jumps and counts know no changes.
//
// The caller has checked that the changes are valid, and counts them in `nextSequence`. Nobody asks for positions until all
// is done, so they are not kept: a gap that is looked for by name costs no climb from its leaf to the root.

/// Where a replay ended, in place of the cursor, whose visible positions it does not have.
struct ReplayGap {
    /// Its root and its positions mean nothing.
    fileprivate var gap = Gap.none
}

extension Gap {
    /// A cursor that is nowhere.
    fileprivate static let none = Gap(
        root: .max,
        leaf: RunTree.none,
        index: 0,
        offset: 0,
        runStart: 0,
        leafStart: 0
    )
}

extension ElementStore {
    /// Takes the place of the cursor, which is nowhere from then on; to be done again when anything else has edited.
    mutating func beginReplay() -> ReplayGap {
        let gap = ReplayGap(gap: cursor)
        cursor = .none
        return gap
    }

    /// Inserts well-formed text of `count` units after an element, with Lamport timestamps from `lamport` on.
    ///
    /// - Complexity: O(log n + k / 4) for n runs and k units, and what is concurrent at that place.
    mutating func insert(
        utf8 bytes: [UInt8],
        _ range: Range<Int>,
        count: Int,
        after origin: UInt32,
        at place: inout ReplayGap,
        by author: Int,
        lamport: UInt64
    ) {
        move(&place.gap, after: origin)
        settle(&place.gap, Rank(lamport: lamport, replica: replicas[author].id))
        guard count <= Int(replicas[author].freeEnd &- replicas[author].freeAddress) else {
            var units: [UInt16] = []
            units.reserveCapacity(count)
            let isDecoded = UTF8Text.decode(bytes, in: range, into: &units)
            assert(isDecoded && units.count == count, "Text that was counted is ill-formed.")
            if count != range.count, !hasSurrogates { hasSurrogates = units.contains { UTF16Unit.isSurrogate($0) } }
            return insertAnywhere(units, at: &place.gap, by: author, lamport: lamport)
        }
        let address = self.place(count, at: &place.gap, by: author, lamport: lamport)
        if count == range.count {
            let limit = Int(replicas[author].freeEnd)
            return text.write(ascii: bytes.span, range, at: Int(address), limit: limit)
        }
        var position = range.lowerBound
        do throws(FormatError) {
            try text.write(
                utf8: bytes,
                from: &position,
                to: range.upperBound,
                count: count,
                at: Int(address),
                hasPairs: &hasSurrogates
            )
        } catch {
            preconditionFailure("Text that was counted is ill-formed.")
        }
    }

    @inline(never)
    private mutating func insertAnywhere(
        _ units: [UInt16],
        at gap: inout Gap,
        by author: Int,
        lamport: UInt64
    ) {
        insert(units, 0..<units.count, at: &gap, by: author, lamport: lamport)
    }

    /// Whether elements that exist can be deleted one by one in any order: all are units of text, and none half of a pair.
    ///
    /// - Complexity: O(1) while there was neither a pair nor anything but text, else O(n) for n elements.
    @inline(__always)
    mutating func canEraseSingly(_ range: ElementRange) -> Bool {
        !hasSurrogates && !values.hasLists && maps.entryCount == 0 || isPlainText(range)
    }

    @inline(never)
    private mutating func isPlainText(_ range: ElementRange) -> Bool {
        let owner = Int(range.replica)
        let end = range.counter + range.count
        var counter = range.counter
        while counter < end {
            // At most a block, where there are lists, and never past a segment.
            let (kind, next) = kinds(from: counter, by: owner)
            guard kind == .text else { return false }
            let address = Int(replicas.address(of: counter, by: owner))
            let count = Int(min(next, end) - counter)
            for index in address..<address + count where UTF16Unit.isSurrogate(text[index]) { return false }
            counter += UInt32(truncatingIfNeeded: count)
        }
        return true
    }

    /// Deletes units of text that exist, once more if they are deleted already.
    ///
    /// - Complexity: O(log n) for each of the runs, of n, that they lie in.
    mutating func erase(_ range: ElementRange, at place: inout ReplayGap) {
        let owner = Int(range.replica)
        var counter = range.counter
        var left = Int(range.count)
        while left > 0 {
            move(&place.gap, after: replicas.address(of: counter, by: owner))
            let run = tree.run(at: place.gap)
            if run.isDead || !counts.isEmpty {
                let rest = ElementRange(replica: range.replica, counter: counter, count: UInt32(left))
                return eraseCounted(rest, at: &place)
            }
            place.gap.offset &-= 1
            // The elements of a run are consecutive ones of one replica.
            let step = min(left, run.length &- place.gap.offset)
            tree.kill(step, at: &place.gap, &blocks)
            counter &+= UInt32(truncatingIfNeeded: step)
            left &-= step
        }
    }

    @inline(never)
    private mutating func eraseCounted(_ range: ElementRange, at place: inout ReplayGap) {
        var patches = PatchList(isOff: true)
        delete(range, patches: &patches)
        place = beginReplay()
    }

    /// Moves a gap without positions to behind an element.
    @inline(__always)
    private mutating func move(_ gap: inout Gap, after address: UInt32) {
        if gap.leaf != RunTree.none {
            let run = tree.run(at: gap)
            let distance = address &- run.address
            if distance < UInt32(truncatingIfNeeded: run.length) {
                gap.offset = Int(distance) &+ 1
                return
            }
        }
        find(&gap, after: address)
    }

    /// Mostly it is not far away: in the same leaf, what is nearer is looked at first.
    @inline(never)
    private mutating func find(_ gap: inout Gap, after address: UInt32) {
        let leaf = blocks.findLeaf(of: address)
        let first = RunTree.run(leaf, 0)
        let last = first &+ tree.count(of: leaf) &- 1
        var right = first
        if leaf == gap.leaf {
            right = first &+ gap.index
            var left = right
            while left > first, right < last {
                left &-= 1
                right &+= 1
                if take(left, &gap, first, address) || take(right, &gap, first, address) { return }
            }
            if right == last { right = first }
        }
        gap.leaf = leaf
        while !take(right, &gap, first, address) { right &+= 1 }
    }

    /// Whether an element is in a run; the gap is then.
    @inline(__always)
    private mutating func take(_ place: Int, _ gap: inout Gap, _ first: Int, _ address: UInt32) -> Bool {
        let run = tree.runs[place]
        let distance = address &- run.address
        if distance >= UInt32(truncatingIfNeeded: run.length) { return false }
        gap.index = place &- first
        gap.offset = Int(distance) &+ 1
        return true
    }
}
