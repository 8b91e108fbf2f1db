/// Writes what a snapshot has beside texts: containers, values of lists, entries of maps, counts of deletions.
struct SnapshotExtrasWriter {
    private(set) var containers: [UInt8] = []
    private(set) var keys: [UInt8] = []
    private(set) var values: [UInt8] = []
    private(set) var entries: [UInt8] = []
    private(set) var counts: [UInt8] = []

    /// The place of each key that is written among those ascending by bytes.
    private var keyRanks: [Int] = []
    /// The place of each container.
    private var places: [Int] = []

    var byteCount: Int { containers.count + keys.count + values.count + entries.count + counts.count }

    // MARK: Containers

    /// Writes the keys and the containers; their order is returned.
    mutating func writeContainers(_ store: borrowing ElementStore, _ ranks: [Int]) -> [UInt32] {
        let order = store.canonicalContainers(ranks)
        places = [Int](repeating: 0, count: order.count)
        for (place, container) in order.enumerated() { places[Int(container)] = place }
        writeKeys(store)
        var rootCount = 0
        for container in order where store.containers[container].depth == 1 { rootCount += 1 }
        containers.appendVarint(rootCount)
        for container in order[..<rootCount] {
            containers.append(store.containers[container].kind.rawValue)
            containers.appendPrefixed(store.containers.name(of: container).utf8)
        }
        containers.appendVarint(order.count - rootCount)
        for container in order[rootCount...] {
            let record = store.containers[container]
            containers.append(record.kind.rawValue)
            containers.appendVarint(places[Int(record.parent)])
            containers.appendVarint(ranks[Int(record.holderReplica)])
            containers.appendVarint(UInt64(record.holderCounter))
            if store.containers[record.parent].kind == .map { containers.appendVarint(keyRanks[Int(record.slot)]) }
        }
        return order
    }

    private mutating func writeKeys(_ store: borrowing ElementStore) {
        let names = store.maps.keys
        let order = SortOrder.ascending(names)
        keyRanks = [Int](repeating: 0, count: names.count)
        keys.appendVarint(order.count)
        for (rank, key) in order.enumerated() {
            keyRanks[key] = rank
            keys.appendPrefixed(names[key])
        }
    }

    // MARK: Lists

    private static let container: UInt8 = 7
    private static let move: UInt8 = 8
    private static let dropped: UInt8 = 9

    mutating func writeValues(_ run: Run, _ store: borrowing ElementStore, _ ranks: [Int]) {
        for address in run.address..<run.end {
            switch store.values[address] {
            case .move(let item):
                values.append(Self.move)
                values.appendVarint(ranks[store.blocks.owner(of: item)])
                values.appendVarint(UInt64(store.blocks.counter(of: item)))
            case .container: values.append(Self.container)
            case let value:
                // The value of a deleted item is dropped.
                let isKnown = value != .dropped && (!run.isDead || store.isVisible(store.place(ofItem: address)))
                if isKnown { values.appendValue(value) } else { values.append(Self.dropped) }
            }
        }
    }

    // MARK: Maps

    mutating func writeEntries(_ store: borrowing ElementStore, _ ranks: [Int], _ order: [UInt32]) {
        for container in order where store.containers[container].kind == .map {
            var numbers: [UInt32] = []
            var entry = store.maps.firstEntry(of: container)
            while entry != MapEntry.none {
                numbers.append(entry)
                entry = store.maps[entry].next
            }
            let byKey = numbers.map { keyRanks[Int(store.maps[$0].key)] }
            entries.appendVarint(numbers.count)
            for index in SortOrder.ascending(byKey.map(UInt64.init)) {
                write(numbers[index], byKey[index], store, ranks)
            }
        }
    }

    private mutating func write(_ entry: UInt32, _ key: Int, _ store: borrowing ElementStore, _ ranks: [Int]) {
        let record = store.maps[entry]
        entries.appendVarint(key)
        entries.appendVarint(ranks[Int(record.replica)])
        entries.appendVarint(UInt64(record.counter))
        guard record.isSet else {
            entries.append(WireValue.tagUnset)
            return
        }
        let value = store.maps.value(of: entry)
        if case .container(let container) = value {
            entries.append(Self.container)
            entries.appendVarint(places[Int(container)])
        } else {
            entries.appendValue(value)
        }
    }

    // MARK: Deletions

    mutating func writeCounts(_ store: borrowing ElementStore, _ ranks: [Int]) {
        var rows: [(rank: Int, range: ElementRange, extra: Int64)] = []
        store.counts.visit { (range, extra) in rows.append((ranks[Int(range.replica)], range, extra)) }
        let order = SortOrder.ascending(rows.map { UInt64($0.rank) << 32 | UInt64($0.range.counter) })
        for index in order {
            let row = rows[index]
            counts.appendVarint(row.rank)
            counts.appendVarint(UInt64(row.range.counter))
            counts.appendVarint(UInt64(row.range.count))
            counts.appendZigzag(row.extra)
        }
    }
}
