/// Strings of bytes, numbered in the order in which they came.
struct NameTable: Sendable {
    private(set) var names: [[UInt8]] = []
    /// The newest name of a hash.
    private var newest = NumberTable()
    /// For each name an older one of the same hash, or itself: nobody sees two in a lifetime.
    private var older: [UInt32] = []

    init() {}

    var count: Int { names.count }

    /// The number of a name that is there.
    func number(of name: [UInt8]) -> UInt32? { find(name, Self.hash(name)) }

    /// The number of a name, which is given one when it has none.
    mutating func insert(_ name: [UInt8]) -> UInt32 {
        let hash = Self.hash(name)
        if let known = find(name, hash) { return known }
        let number = UInt32(names.count)
        names.append(name)
        older.append(newest[hash] ?? number)
        newest[hash] = number
        return number
    }

    mutating func removeAll() { self = NameTable() }

    @inline(never)
    private func find(_ name: [UInt8], _ hash: UInt64) -> UInt32? {
        guard var number = newest[hash] else { return nil }
        while names[Int(number)] != name {
            let next = older[Int(number)]
            if next == number { return nil }
            number = next
        }
        return number
    }

    /// Eight bytes a step.
    @inline(never)
    private static func hash(_ name: [UInt8]) -> UInt64 {
        let seed = HashSeed.value
        var state = UInt64(name.count)
        var word: UInt64 = 0
        for index in name.indices {
            word = word << 8 | UInt64(name[index])
            if index & 7 == 7 {
                state = HashSeed.mix(state ^ word, seed)
                word = 0
            }
        }
        return HashSeed.mix(state ^ word, seed)
    }
}
