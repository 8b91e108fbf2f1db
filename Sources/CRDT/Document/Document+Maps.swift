extension Document {
    // MARK: Reading

    /// What a key holds; `nil` when nothing.
    ///
    /// - Complexity: O(1) on average.
    public func value(for key: [UInt8], in map: MapID) -> Value? {
        guard let container = store.container(.map, map.place), let number = store.maps.number(ofKey: key),
            let entry = store.maps.entry(container, number), store.maps[entry].isSet
        else { return nil }
        return store.value(store.maps.value(of: entry))
    }

    /// The keys that hold something, ascending by their bytes.
    ///
    /// - Complexity: O(n log n) for n keys that ever held something.
    public func keys(of map: MapID) -> [[UInt8]] {
        guard let container = store.container(.map, map.place) else { return [] }
        return store.setEntries(of: container).map { store.maps.keys[Int(store.maps[$0].key)] }
    }

    /// How many keys hold something.
    ///
    /// - Complexity: O(n) for n keys that ever held something.
    public func count(of map: MapID) -> Int {
        guard let container = store.container(.map, map.place) else { return 0 }
        var count = 0
        var entry = store.maps.firstEntry(of: container)
        while entry != MapEntry.none {
            if store.maps[entry].isSet { count += 1 }
            entry = store.maps[entry].next
        }
        return count
    }

    // MARK: Editing

    /// Sets a key, as one change; `nil` in a transaction.
    ///
    /// Of sets at the same time the one with the higher Lamport timestamp wins, and of equal ones that of the lower
    /// replica.
    ///
    /// - Throws: when the edit is not possible. Nothing is edited then.
    /// - Complexity: O(1) on average, and what the content takes.
    public mutating func set(_ content: Content, for key: [UInt8], in map: MapID) throws(EditError) -> Change? {
        try edit([.map(MapEdit(map: map, key: key, content: content))])
    }

    /// Unsets a key, as one change; `nil` when it holds nothing, or in a transaction.
    ///
    /// - Throws: when the edit is not possible. Nothing is edited then.
    public mutating func unset(_ key: [UInt8], in map: MapID) throws(EditError) -> Change? {
        try edit([.map(MapEdit(map: map, key: key, content: nil))])
    }

    // MARK: Doing what was found possible

    mutating func perform(_ edit: MapEdit, by author: Int) {
        guard let content = edit.content else {
            guard value(for: edit.key, in: edit.map) != nil, let container = store.container(.map, edit.map.place)
            else { return }
            return write(edit.key, in: container, to: .unset, by: author)
        }
        guard let container = open(.map, edit.map.place) else { return }
        set(edit.key, in: container, to: content, by: author)
    }

    mutating func set(_ key: [UInt8], in container: UInt32, to content: Content, by author: Int) {
        let counter = store.replicas[author].nextCounter
        write(key, in: container, to: Self.written(content), by: author)
        fill(store.containers.nested(in: UInt32(author), counter), content, by: author)
    }

    private mutating func write(
        _ key: [UInt8],
        in container: UInt32,
        to value: ChangeWriter.WrittenValue,
        by author: Int
    ) {
        let setting = settingToNote(key, in: container, by: author)
        writer.set(key, in: target(container, by: author), to: value)
        performWritten(by: author)
        note(setting, ofKey: key)
    }
}

extension ElementStore {
    /// The entries of a map that hold something, ascending by their keys.
    func setEntries(of container: UInt32) -> [UInt32] {
        var entries: [UInt32] = []
        var entry = maps.firstEntry(of: container)
        while entry != MapEntry.none {
            if maps[entry].isSet { entries.append(entry) }
            entry = maps[entry].next
        }
        let keys = entries.map { maps.keys[Int(maps[$0].key)] }
        return SortOrder.ascending(keys).map { entries[$0] }
    }
}
