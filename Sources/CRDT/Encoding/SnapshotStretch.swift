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
        var roots: [UInt32] = []
        var names: [[UInt8]] = []
        var others: [UInt32] = []
        var holders: [UInt64] = []
        for number in 0..<UInt32(containers.count) {
            let record = containers[number]
            if record.depth == 1 {
                roots.append(number)
                names.append([record.kind.rawValue] + containers.name(of: number).utf8)
            } else {
                others.append(number)
                holders.append(UInt64(ranks[Int(record.holderReplica)]) << 32 | UInt64(record.holderCounter))
            }
        }
        // The second order keeps the first where the depths are the same.
        others = SortOrder.ascending(holders).map { others[$0] }
        others = SortOrder.ascending(others.map { UInt64(containers[$0].depth) }).map { others[$0] }
        return SortOrder.ascending(names).map { roots[$0] } + others
    }
}
