/// A hash table from numbers to numbers: open addressing, linear probing, and no tombstones (Knuth, TAOCP 3, 6.4, algorithms
/// L and R).
///
/// One type for all keys and values of the engine. Each kind of `Dictionary` is compiled anew, several kB of it in the
/// WebAssembly module; this one is there once.
struct NumberTable: Sendable {
    private struct Slot: BitwiseCopyable, Sendable {
        var key: UInt64
        var value: UInt32
    }

    /// The value of an empty slot, and so no value.
    private static let none = UInt32.max

    /// A power of two of them, at least half empty; none before the first entry.
    private var slots: [Slot] = []
    private(set) var count = 0
    private var seed: UInt64 = 0

    init() {}

    var isEmpty: Bool { count == 0 }

    /// The value of a key; set to `nil` it is removed.
    subscript(_ key: UInt64) -> UInt32? {
        get {
            if count == 0 { return nil }
            let value = slots[slot(of: key)].value
            return value == Self.none ? nil : value
        }
        set {
            if let newValue { set(key, newValue) } else { remove(key) }
        }
    }

    /// Forgets the entries, and gives the memory back.
    mutating func removeAll() {
        slots = []
        count = 0
    }

    private func home(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: HashSeed.mix(key, seed)) & (slots.count - 1)
    }

    /// Where a key is, or the empty slot where it would be.
    @inline(never)
    private func slot(of key: UInt64) -> Int {
        var slot = home(key)
        while slots[slot].value != Self.none, slots[slot].key != key { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    @inline(never)
    private mutating func set(_ key: UInt64, _ value: UInt32) {
        precondition(value != Self.none, "A value that stands for none.")
        if (count + 1) * 2 > slots.count { grow() }
        let slot = slot(of: key)
        if slots[slot].value == Self.none { count += 1 }
        slots[slot] = Slot(key: key, value: value)
    }

    private mutating func grow() {
        if slots.isEmpty { seed = HashSeed.value }
        let old = slots
        slots = [Slot](repeating: Slot(key: 0, value: Self.none), count: max(8, old.count * 2))
        for entry in old where entry.value != Self.none { slots[slot(of: entry.key)] = entry }
    }

    /// Empties a slot, and fills it with what was put past it: a search ends at the first empty one.
    @inline(never)
    private mutating func remove(_ key: UInt64) {
        if count == 0 { return }
        var hole = slot(of: key)
        if slots[hole].value == Self.none { return }
        count -= 1
        let mask = slots.count - 1
        var next = (hole + 1) & mask
        while slots[next].value != Self.none {
            if (next - home(slots[next].key)) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole].value = Self.none
    }
}
