/// Stable merge sort, bottom-up, of indices.
///
/// Not `sort(by:)`: compiled anew for each closure, that is 4 kB a time in the WebAssembly module.
enum SortOrder {
    /// The indices of `keys` with the keys ascending.
    static func ascending(_ keys: [UInt64]) -> [Int] { ascending(keys, []) }

    /// The indices of `names`, ascending by bytes.
    static func ascending(_ names: [[UInt8]]) -> [Int] {
        // Most are told apart by how they begin.
        let keys = names.map { name in
            var key: UInt64 = 0
            for index in 0..<8 { key = key << 8 | (index < name.count ? UInt64(name[index]) : 0) }
            return key
        }
        return ascending(keys, names)
    }

    /// By key, and those of one key by name, where there are names.
    @inline(never)
    private static func ascending(_ keys: [UInt64], _ names: [[UInt8]]) -> [Int] {
        var order = Array(0..<keys.count)
        var merged = order
        var width = 1
        while width < order.count {
            var left = 0
            while left < order.count {
                let middle = min(left + width, order.count)
                let end = min(middle + width, order.count)
                var right = middle
                for place in left..<end {
                    if left < middle, right == end || !precedes(order[right], order[left], keys, names) {
                        merged[place] = order[left]
                        left += 1
                    } else {
                        merged[place] = order[right]
                        right += 1
                    }
                }
                left = end
            }
            swap(&order, &merged)
            width *= 2
        }
        return order
    }

    private static func precedes(_ left: Int, _ right: Int, _ keys: [UInt64], _ names: [[UInt8]]) -> Bool {
        if keys[left] != keys[right] || names.isEmpty { return keys[left] < keys[right] }
        return names[left].lexicographicallyPrecedes(names[right])
    }
}
