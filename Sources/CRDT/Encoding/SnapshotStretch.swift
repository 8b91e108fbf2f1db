/// Consecutive elements of one replica that are all in texts, all in lists, or all in maps.
struct SnapshotStretch: Equatable {
    enum Place: UInt8 {
        case text = 0
        case list = 1
        case map = 2
    }

    var place: Place
    var count: UInt32
}

extension ElementStore {
    /// What the elements of a replica are, in as few stretches as there are.
    func stretches(of replica: Int) -> [SnapshotStretch] {
        let end = replicas[replica].nextCounter
        if !values.hasLists, maps.entryCount == 0 { return end == 0 ? [] : [SnapshotStretch(place: .text, count: end)] }
        var stretches: [SnapshotStretch] = []
        var counter: UInt32 = 0
        while counter < end {
            let (kind, next) = kinds(from: counter, by: replica)
            let place: SnapshotStretch.Place = kind == .text ? .text : kind == .set ? .map : .list
            if let last = stretches.last, last.place == place {
                stretches[stretches.count - 1].count += next - counter
            } else {
                stretches.append(SnapshotStretch(place: place, count: next - counter))
            }
            counter = next
        }
        return stretches
    }

    /// All containers in an order that depends on nothing but the state: roots by kind and name, then nested ones by
    /// depth and by the element that created them.
    ///
    /// So a container comes after the one that it is in.
    func canonicalContainers(_ ranks: [Int]) -> [UInt32] {
        var order = Array(0..<UInt32(containers.count))
        order.sort { precedes($0, $1, ranks) }
        return order
    }

    private func precedes(_ left: UInt32, _ right: UInt32, _ ranks: [Int]) -> Bool {
        let (a, b) = (containers[left], containers[right])
        if a.depth != b.depth { return a.depth < b.depth }
        if a.depth == 1 {
            if a.kind != b.kind { return a.kind.rawValue < b.kind.rawValue }
            return containers.name(of: left).utf8.lexicographicallyPrecedes(containers.name(of: right).utf8)
        }
        let (first, second) = (ranks[Int(a.holderReplica)], ranks[Int(b.holderReplica)])
        return first != second ? first < second : a.holderCounter < b.holderCounter
    }
}
