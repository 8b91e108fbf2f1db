/// What a key of a map holds.
struct MapEntry: BitwiseCopyable, Sendable {
    var map: UInt32
    var key: UInt32
    /// The set that won: the one of the highest rank.
    var rank: Rank
    var replica: UInt32
    var counter: UInt32
    /// The next entry of the same map, or `none`.
    var next: UInt32
    /// Whether the key holds something at the moment.
    var isSet: Bool

    static let none = UInt32.max
}

/// The entries of all maps.
///
/// Of each key only the newest set is kept, so that setting again and again takes no room.
struct MapTable: ~Copyable, Sendable {
    static let maximumKeyCount = 256

    /// Different maps often have the same keys.
    private var keyNames = NameTable()
    private var entries = Slab<MapEntry>()
    private var values: [StoredValue] = []
    private var index = NumberTable()
    /// Container to the newest entry of that map.
    private var heads = NumberTable()

    init() {}

    var entryCount: Int { entries.count }

    /// Key by number.
    var keys: [[UInt8]] { keyNames.names }

    func number(ofKey key: [UInt8]) -> UInt32? { keyNames.number(of: key) }

    mutating func insert(key: [UInt8]) -> UInt32 { keyNames.insert(key) }

    /// The entry of a key, set or not; `nil` when the key was never set.
    func entry(_ map: UInt32, _ key: UInt32) -> UInt32? { index[UInt64(map) << 32 | UInt64(key)] }

    subscript(_ entry: UInt32) -> MapEntry { entries[Int(entry)] }

    /// What an entry holds; meaningless when it is not set.
    func value(of entry: UInt32) -> StoredValue { values[Int(entry)] }

    /// Sets a key unless a set of a higher rank is known; `nil` unsets it.
    ///
    /// Whether it won is returned.
    mutating func set(
        _ map: UInt32,
        _ key: UInt32,
        to value: StoredValue?,
        rank: Rank,
        by replica: UInt32,
        _ counter: UInt32
    ) -> Bool {
        if let known = entry(map, key) {
            guard entries[Int(known)].rank < rank else { return false }
            entries[Int(known)].rank = rank
            entries[Int(known)].replica = replica
            entries[Int(known)].counter = counter
            entries[Int(known)].isSet = value != nil
            values[Int(known)] = value ?? .null
            return true
        }
        let number = UInt32(entries.count)
        entries.append(
            MapEntry(
                map: map,
                key: key,
                rank: rank,
                replica: replica,
                counter: counter,
                next: heads[UInt64(map)] ?? MapEntry.none,
                isSet: value != nil
            )
        )
        values.append(value ?? .null)
        heads[UInt64(map)] = number
        index[UInt64(map) << 32 | UInt64(key)] = number
        return true
    }

    /// The newest entry of a map, from which `next` leads to the others; `none` when there is none.
    func firstEntry(of map: UInt32) -> UInt32 { heads[UInt64(map)] ?? MapEntry.none }
}
