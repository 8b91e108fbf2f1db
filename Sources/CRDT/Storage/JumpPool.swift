/// One step of a function that is constant between steps: from `key` on its value is `value`.
struct Jump: BitwiseCopyable, Sendable {
    var key: UInt32
    var value: UInt64
}

/// Where one list of jumps lies in a ``JumpPool``.
struct JumpList: BitwiseCopyable, Sendable {
    var start: UInt32 = 0
    var count: UInt32 = 0
    var capacity: UInt32 = 0
}

/// Many short lists of jumps in one slab: a replica costs no allocation of its own.
///
/// A list that outgrows its place moves to the end with twice the room; what it leaves behind is at most as much as it
/// has.
struct JumpPool: ~Copyable, Sendable {
    private var jumps = Slab<Jump>()

    subscript(_ list: JumpList, _ index: Int) -> Jump {
        assert(index >= 0 && index < Int(list.count), "A jump out of its list.")
        return jumps[Int(list.start) + index]
    }

    /// Adds a jump whose key is above those before it.
    mutating func append(_ jump: Jump, to list: inout JumpList) {
        if list.count == list.capacity { enlarge(&list) }
        jumps[Int(list.start) + Int(list.count)] = jump
        list.count += 1
    }

    /// The last jump whose key is not above `key`.
    ///
    /// - Complexity: O(1) for the last jump, else O(log n).
    @inline(__always)
    func last(of list: JumpList, notAbove key: UInt32) -> Jump {
        assert(list.count > 0, "A lookup in an empty list of jumps.")
        let newest = jumps[Int(list.start) + Int(list.count) - 1]
        return newest.key <= key ? newest : search(list, key)
    }

    /// The index of the last jump whose key is not above `key`.
    func index(in list: JumpList, notAbove key: UInt32) -> Int {
        var low = 0
        var high = Int(list.count) - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if jumps[Int(list.start) + middle].key <= key { low = middle } else { high = middle - 1 }
        }
        return low
    }

    @inline(never)
    private func search(_ list: JumpList, _ key: UInt32) -> Jump {
        jumps[Int(list.start) + index(in: list, notAbove: key)]
    }

    @inline(never)
    private mutating func enlarge(_ list: inout JumpList) {
        let empty = Jump(key: 0, value: 0)
        if list.capacity > 0, Int(list.start) + Int(list.capacity) == jumps.count {
            jumps.append(repeating: empty, count: Int(list.capacity))
            list.capacity *= 2
            return
        }
        let start = jumps.count
        let capacity = max(1, list.capacity * 2)
        jumps.append(repeating: empty, count: Int(capacity))
        jumps.move(from: Int(list.start), to: start, count: Int(list.count))
        list.start = UInt32(start)
        list.capacity = capacity
    }
}
