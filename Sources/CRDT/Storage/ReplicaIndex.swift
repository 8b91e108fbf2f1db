/// Finds a replica's number by its identifier: a hash table with open addressing and linear probing.
///
/// Beside ``NumberTable``, because the identifiers are with the records already.
struct ReplicaIndex: ~Copyable, Sendable {
    private static let empty = UInt32.max

    /// Numbers; the identifiers are with the records.
    private var slots = Slab<UInt32>()
    private var count = 0
    private let seed: UInt64

    init() {
        seed = HashSeed.value
    }

    @inline(__always)
    private func hash(_ id: UInt64) -> Int {
        Int(truncatingIfNeeded: HashSeed.mix(id, seed)) & (slots.count - 1)
    }

    func find(_ id: UInt64, in records: borrowing Slab<ReplicaRecord>) -> Int? {
        if count == 0 { return nil }
        var slot = hash(id)
        while slots[slot] != Self.empty {
            let index = Int(slots[slot])
            if records[index].id == id { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Adds the newest record, whose identifier is not there yet.
    mutating func insertLast(of records: borrowing Slab<ReplicaRecord>) {
        count = records.count
        if count * 2 > slots.count {
            let capacity = max(8, slots.count * 2)
            slots.removeAll()
            slots.append(repeating: Self.empty, count: capacity)
            for index in 0..<count { place(index, records[index].id) }
        } else {
            place(count - 1, records[count - 1].id)
        }
    }

    private mutating func place(_ index: Int, _ id: UInt64) {
        var slot = hash(id)
        while slots[slot] != Self.empty { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(truncatingIfNeeded: index)
    }
}
