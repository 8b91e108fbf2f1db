extension SnapshotReader {
    // MARK: Keys and containers

    /// Keys ascending by bytes; all of them are used by some entry or container.
    mutating func readKeys(_ source: inout ByteReader) throws(FormatError) {
        let count = try source.count()
        for index in 0..<count {
            let range = try source.prefixedRange()
            guard range.count <= MapTable.maximumKeyCount else { throw .limitExceeded }
            guard UTF8Text.utf16Count(of: bytes, in: range) != nil else { throw .illFormedUTF8 }
            let key = Array(bytes[range])
            if index > 0 {
                guard store.maps.keys[index - 1].lexicographicallyPrecedes(key) else { throw .invalid }
            }
            _ = store.maps.insert(key: key)
        }
        try source.requireEnd()
    }

    mutating func readContainers(_ source: inout ByteReader) throws(FormatError) {
        let rootCount = try source.count(ofSize: 3)
        guard rootCount <= ElementStore.maximumRootCount else { throw .limitExceeded }
        for _ in 0..<rootCount { try readRoot(&source) }
        let nestedCount = try source.count(ofSize: 4)
        var last: (depth: UInt8, replica: Int, counter: UInt32) = (1, 0, 0)
        for _ in 0..<nestedCount {
            let kind = try kind(&source)
            let parent = try source.varint32()
            guard parent < UInt32(store.containers.count) else { throw .invalid }
            let record = store.containers[parent]
            guard record.kind != .text, Int(record.depth) < ContainerTable.maximumDepth else { throw .invalid }
            let holder = try element(&source)
            let depth = record.depth + 1
            let isAscending =
                depth != last.depth
                ? depth > last.depth
                : holder.replica != last.replica ? holder.replica > last.replica : holder.counter > last.counter
            // An element of another depth may come again.
            guard isAscending, store.containers.nested(in: UInt32(holder.replica), holder.counter) == nil
            else { throw .invalid }
            last = (depth, holder.replica, holder.counter)
            let address = store.replicas.address(of: holder.counter, by: holder.replica)
            var slot = address
            if record.kind == .map {
                guard address >= ElementStore.firstAddressOfSets else { throw .invalid }
                slot = try source.varint32()
                guard Int(slot) < store.maps.keys.count else { throw .invalid }
            } else {
                guard address < ElementStore.firstAddressOfSets, store.values.isList(address) else { throw .invalid }
            }
            _ = store.containers.makeNested(
                kind,
                in: parent,
                slot: slot,
                holder: UInt32(holder.replica),
                holder.counter
            )
        }
        try source.requireEnd()
    }

    private mutating func readRoot(_ source: inout ByteReader) throws(FormatError) {
        let kind = try kind(&source)
        let name = try RootName(utf8: Array(bytes[try source.prefixedRange()]))
        if store.containers.count > 0 {
            let number = UInt32(store.containers.count - 1)
            let before = store.containers[number].kind
            let isAscending =
                before == kind
                ? store.containers.name(of: number).utf8.lexicographicallyPrecedes(name.utf8)
                : before.rawValue < kind.rawValue
            guard isAscending else { throw .invalid }
        }
        _ = store.containers.makeRoot(kind, name)
    }

    private func kind(_ source: inout ByteReader) throws(FormatError) -> ContainerKind {
        guard let kind = ContainerKind(rawValue: try source.byte()) else { throw .invalid }
        return kind
    }

    /// An element that exists.
    private func element(_ source: inout ByteReader) throws(FormatError) -> (replica: Int, counter: UInt32) {
        let replica = try source.size()
        let counter = try source.varint32()
        guard replica < store.replicas.count, counter < store.replicas[replica].nextCounter else { throw .invalid }
        return (replica, counter)
    }

    // MARK: Lists

    mutating func readValues(_ source: inout ByteReader) throws(FormatError) {
        for number in 0..<UInt32(store.containers.count) {
            let record = store.containers[number]
            guard record.kind == .list, record.sequence != ContainerRecord.none else { continue }
            var leaf = store.tree.firstLeaf(of: record.sequence)
            while leaf != RunTree.none {
                for index in 0..<store.tree.count(of: leaf) {
                    let run = store.tree.runs[RunTree.run(leaf, index)]
                    for address in run.address..<run.end { try readValue(of: address, in: number, &source) }
                }
                leaf = store.tree.nextLeaf(leaf)
            }
        }
        try source.requireEnd()
        try settleMoves()
        for number in 0..<UInt32(store.containers.count) { try checkHolder(of: number) }
    }

    private mutating func readValue(
        of address: UInt32,
        in list: UInt32,
        _ source: inout ByteReader
    ) throws(FormatError) {
        switch try source.byte() {
        case 7:
            let replica = UInt32(store.blocks.owner(of: address))
            guard let number = store.containers.nested(in: replica, store.blocks.counter(of: address)),
                store.containers[number].parent == list
            else { throw .invalid }
            store.values[address] = .container(number)
        case 8:
            let (replica, counter) = try element(&source)
            let item = store.replicas.address(of: counter, by: replica)
            guard item < ElementStore.firstAddressOfSets, store.values.isList(item), item != address,
                store.container(of: item) == list, store.rank(of: item) < store.rank(of: address)
            else { throw .invalid }
            store.values[address] = .move(item: item)
            moves.append(address)
        case 9: droppedItems.append(address)
        default:
            source.stepBack()
            store.values[address] = try plainValue(&source)
            knownItems.append(address)
        }
    }

    private func plainValue(_ source: inout ByteReader) throws(FormatError) -> StoredValue {
        let value = try source.value { (_) throws(FormatError) -> Operation.Reference in throw .invalid }
        switch value {
        case .null: return .null
        case .bool(let bool): return .bool(bool)
        case .number(let number): return .number(number)
        case .string(let range): return .string(Array(bytes[range]))
        case .bytes(let range): return .bytes(Array(bytes[range]))
        case .new, .unset, .existing, .kept: throw .invalid
        }
    }

    /// Finds where each item is now: its place of the highest rank; all others are dead.
    private mutating func settleMoves() throws(FormatError) {
        for address in moves {
            let item = store.item(at: address)
            if case .move = store.values[item] { throw .invalid }
            let known = store.place(ofItem: item)
            let isNewer = store.rank(of: known) < store.rank(of: address)
            let loser = isNewer ? known : address
            if store.isVisible(loser) { throw .invalid }
            if isNewer { store.places[UInt64(item)] = address }
        }
        // Only the values of deleted items are dropped, and all of them are.
        for item in droppedItems where store.isVisible(store.place(ofItem: item)) { throw .invalid }
        for item in knownItems where !store.isVisible(store.place(ofItem: item)) { throw .invalid }
    }

    /// A container in a list is the value of its item.
    private func checkHolder(of number: UInt32) throws(FormatError) {
        let record = store.containers[number]
        guard record.parent != ContainerRecord.none, store.containers[record.parent].kind == .list else { return }
        guard store.values[record.slot] == .container(number) else { throw .invalid }
    }

    // MARK: Maps

    mutating func readEntries(_ source: inout ByteReader) throws(FormatError) {
        var isUsed = [Bool](repeating: false, count: store.maps.keys.count)
        for number in 0..<UInt32(store.containers.count) {
            let record = store.containers[number]
            if record.parent != ContainerRecord.none, store.containers[record.parent].kind == .map {
                isUsed[Int(record.slot)] = true
            }
        }
        var setters = NumberTable()
        for number in 0..<UInt32(store.containers.count) where store.containers[number].kind == .map {
            let count = try source.count(ofSize: 4)
            guard count > 0 || store.containers[number].parent != ContainerRecord.none else { throw .invalid }
            var last = -1
            for _ in 0..<count {
                let key = try source.size()
                guard key > last, key < isUsed.count else { throw .invalid }
                last = key
                isUsed[key] = true
                try readEntry(number, UInt32(key), &setters, &source)
            }
        }
        try source.requireEnd()
        guard isUsed.allSatisfy({ $0 }) else { throw .invalid }
        for number in 0..<UInt32(store.containers.count) { try checkSetter(of: number) }
    }

    /// A container at a key was put there by a set, which still holds or which a newer one overwrote.
    private func checkSetter(of number: UInt32) throws(FormatError) {
        let record = store.containers[number]
        guard record.parent != ContainerRecord.none, store.containers[record.parent].kind == .map else { return }
        guard let entry = store.maps.entry(record.parent, record.slot) else { throw .invalid }
        let replica = Int(record.holderReplica)
        let lamport = store.replicas.lamport(of: record.holderCounter, by: replica)
        let winner = store.maps[entry]
        if winner.replica == record.holderReplica, winner.counter == record.holderCounter {
            guard winner.isSet, store.maps.value(of: entry) == .container(number) else { throw .invalid }
        } else {
            guard Rank(lamport: lamport, replica: store.replicas[replica].id) < winner.rank else { throw .invalid }
        }
    }

    private mutating func readEntry(
        _ map: UInt32,
        _ key: UInt32,
        _ setters: inout NumberTable,
        _ source: inout ByteReader
    ) throws(FormatError) {
        let (replica, counter) = try element(&source)
        let setter = UInt64(replica) << 32 | UInt64(counter)
        guard store.kind(of: counter, by: replica) == .set, setters[setter] == nil else { throw .invalid }
        setters[setter] = key
        let value: StoredValue?
        switch try source.byte() {
        case 7:
            let container = try source.varint32()
            guard container < UInt32(store.containers.count), store.containers[container].parent == map,
                store.containers[container].slot == key
            else { throw .invalid }
            value = .container(container)
        case WireValue.tagUnset: value = nil
        default:
            source.stepBack()
            value = try plainValue(&source)
        }
        let lamport = store.replicas.lamport(of: counter, by: replica)
        let rank = Rank(lamport: lamport, replica: store.replicas[replica].id)
        _ = store.maps.set(map, key, to: value, rank: rank, by: UInt32(replica), counter)
    }

    // MARK: Deletions

    /// More deletions of one element than any history has: as many more can be added without an overflow.
    private static let maximumExtraCount: UInt64 = 1 << 48

    mutating func readCounts(_ source: inout ByteReader) throws(FormatError) {
        var last: (replica: Int, counter: UInt32, extra: Int64)?
        while source.remaining > 0 {
            let (replica, counter) = try element(&source)
            let count = try source.varint32()
            let extra = ByteReader.unzigzag(try source.varint())
            guard count > 0, count <= store.replicas[replica].nextCounter - counter, extra != 0,
                extra.magnitude <= Self.maximumExtraCount
            else { throw .invalid }
            if let last {
                // `last.counter` is one above the last element: what continues it equally is part of it.
                let isAfter = replica != last.replica ? replica > last.replica : counter >= last.counter
                let continues = replica == last.replica && counter == last.counter && extra == last.extra
                guard isAfter, !continues else { throw .invalid }
            }
            last = (replica, counter + count, extra)
            let range = ElementRange(replica: UInt32(replica), counter: counter, count: count)
            try checkCounted(range, isVisible: extra < 0)
            store.add(extra, to: range)
        }
        try checkPairs()
    }

    /// The halves of a pair are deleted and restored together: no stretch of equal counts starts or ends between them.
    private func checkPairs() throws(FormatError) {
        var isSplit = false
        store.counts.visit { (range, _) in
            let owner = Int(range.replica)
            let first = store.replicas.address(of: range.counter, by: owner)
            let last = store.replicas.address(of: range.counter + range.count - 1, by: owner)
            if UTF16Unit.isLow(store.text[Int(first)]) || UTF16Unit.isHigh(store.text[Int(last)]) { isSplit = true }
        }
        if isSplit { throw .invalid }
    }

    /// Counted are units of text and items, all dead or all visible: looked at by run, because a few bytes count any number.
    private func checkCounted(_ range: ElementRange, isVisible: Bool) throws(FormatError) {
        let replica = Int(range.replica)
        var rest = range
        while rest.count > 0 {
            let (kind, end) = store.kinds(from: rest.counter, by: replica)
            guard kind == .text || kind == .item else { throw .invalid }
            let address = store.replicas.address(of: rest.counter, by: replica)
            var step = Int(min(end - rest.counter, rest.count))
            if kind == .item {
                guard store.isVisible(store.place(ofItem: address)) == isVisible else { throw .invalid }
            } else {
                var gap = store.gap(after: address)
                gap.offset -= 1
                let run = store.tree.run(at: gap)
                guard run.isDead != isVisible else { throw .invalid }
                step = min(Int(rest.count), run.length - gap.offset)
            }
            rest = rest.dropping(first: step)
        }
    }
}
