/// Consecutive elements of one replica.
struct ElementRange: BitwiseCopyable, Sendable {
    var replica: UInt32
    var counter: UInt32
    var count: UInt32
}

extension ElementStore {
    /// Deletes visible elements on the right of a gap, which is after them then, and notes which they were.
    ///
    /// - Precondition: there are that many.
    mutating func delete(_ count: Int, at gap: inout Gap, noting ranges: inout Slab<ElementRange>) {
        var left = count
        while left > 0 {
            let run = tree.run(at: gap)
            if run.isDead || gap.offset == run.length {
                let moved = tree.advance(&gap)
                precondition(moved, "A deletion reached past the end of its text.")
                continue
            }
            let killed = min(left, run.length - gap.offset)
            note(run.address &+ UInt32(truncatingIfNeeded: gap.offset), killed, in: &ranges)
            tree.kill(killed, at: &gap, &blocks)
            left -= killed
        }
    }

    /// Notes elements that were deleted; those that continue the range before are added to it.
    @inline(__always)
    private func note(_ address: UInt32, _ count: Int, in ranges: inout Slab<ElementRange>) {
        let replica = UInt32(truncatingIfNeeded: blocks.owner(of: address))
        let counter = blocks.counter(of: address)
        if ranges.count > 0 {
            var last = ranges[ranges.count - 1]
            if last.replica == replica, last.counter &+ last.count == counter {
                last.count += UInt32(truncatingIfNeeded: count)
                ranges[ranges.count - 1] = last
                return
            }
        }
        ranges.append(ElementRange(replica: replica, counter: counter, count: UInt32(truncatingIfNeeded: count)))
    }

    /// Deletes elements by name; what was deleted before stays so.
    ///
    /// - Precondition: they exist.
    mutating func delete(_ range: ElementRange, patches: inout PatchList) {
        var counter = range.counter
        var left = Int(range.count)
        while left > 0 {
            let owner = Int(range.replica)
            let count = min(left, replicas.contiguousCount(from: counter, by: owner))
            delete(replicas.address(of: counter, by: owner), count, patches: &patches)
            counter &+= UInt32(truncatingIfNeeded: count)
            left -= count
        }
    }

    private mutating func delete(_ first: UInt32, _ count: Int, patches: inout PatchList) {
        var address = first
        var left = count
        while left > 0 {
            var gap = gap(after: address)
            gap.offset -= 1
            let run = tree.run(at: gap)
            let step = min(left, run.length - gap.offset)
            if !run.isDead {
                patches.delete(step, at: gap.runStart + gap.offset, in: rootNames[Int(gap.root)])
                tree.kill(step, at: &gap, &blocks)
                cursor = gap
            }
            address &+= UInt32(truncatingIfNeeded: step)
            left -= step
        }
    }
}

/// Patches of one change, joined where one continues the other.
struct PatchList: ~Copyable {
    private(set) var patches: [Patch]
    /// Those before are of earlier changes and stay as they are.
    private let first: Int

    init(_ patches: consuming [Patch]) {
        first = patches.count
        self.patches = patches
    }

    mutating func delete(_ count: Int, at utf16Offset: Int, in root: RootName) {
        if patches.count > first {
            let last = patches.count - 1
            if patches[last].insert.isEmpty, patches[last].root == root {
                if patches[last].utf16Offset == utf16Offset {
                    patches[last].deleteCount += count
                    return
                }
                if patches[last].utf16Offset == utf16Offset + count {
                    patches[last].utf16Offset = utf16Offset
                    patches[last].deleteCount += count
                    return
                }
            }
        }
        patches.append(Patch(root: root, utf16Offset: utf16Offset, deleteCount: count))
    }

    mutating func insert(_ units: [UInt16], at utf16Offset: Int, in root: RootName) {
        if patches.count > first {
            let last = patches.count - 1
            if patches[last].insert.isEmpty, patches[last].utf16Offset == utf16Offset, patches[last].root == root {
                patches[last].insert = units
                return
            }
        }
        patches.append(Patch(root: root, utf16Offset: utf16Offset, insert: units))
    }

    consuming func take() -> [Patch] { patches }
}
