extension Document {
    /// The containers that are roots and that something was ever put into: texts, lists, maps, each by name.
    public var roots: [ContainerID] {
        var roots: [ContainerID] = []
        var names: [[UInt8]] = []
        for number in 0..<UInt32(store.containers.count) {
            let record = store.containers[number]
            if record.parent == ContainerRecord.none {
                let name = store.containers.name(of: number)
                roots.append(ContainerID(record.kind, .root(name)))
                names.append([record.kind.rawValue] + name.utf8)
            }
        }
        return SortOrder.ascending(names).map { roots[$0] }
    }

    /// Whether there is a container of that name: a root that something was ever put into, or a nested one.
    public func contains(_ container: ContainerID) -> Bool { store.container(container.kind, container.place) != nil }

    /// A container with everything below it; a root that there is none of is empty, a nested one `nil`.
    ///
    /// - Complexity: O(n log n) for n values and code units below it.
    public func content(of container: ContainerID) -> Content? {
        guard let number = store.container(container.kind, container.place) else {
            guard case .root = container.place else { return nil }
            switch container.kind {
            case .text: return .text([])
            case .list: return .list([])
            case .map: return .map([])
            }
        }
        return store.content(of: number)
    }

    /// The way to a nested container from its root down; empty for a root, `nil` for one that cannot be reached, because it
    /// or one around it was deleted or overwritten.
    ///
    /// - Complexity: O(d log n) for a depth of d.
    public func path(of container: ContainerID) -> (root: ContainerID, components: [PathComponent])? {
        guard var number = store.container(container.kind, container.place) else {
            if case .root = container.place { return (container, []) }
            return nil
        }
        var components: [PathComponent] = []
        while store.containers[number].parent != ContainerRecord.none {
            guard let component = store.component(of: number) else { return nil }
            components.append(component)
            number = store.containers[number].parent
        }
        return (store.id(of: number), components.reversed())
    }

    /// The value that a path leads to from a root; `nil` when there is none.
    ///
    /// The empty path leads to the root itself.
    public func value(at path: [PathComponent], from root: ContainerID) -> Value? {
        var value = Value.container(root)
        for component in path {
            switch (component, value) {
            case (.key(let key), .container(.map(let map))):
                guard let next = self.value(for: key, in: map) else { return nil }
                value = next
            case (.index(let index), .container(.list(let list))):
                guard let next = self.value(at: index, in: list) else { return nil }
                value = next
            default: return nil
            }
        }
        return value
    }
}

extension ElementStore {
    func content(of container: UInt32) -> Content {
        let record = containers[container]
        switch record.kind {
        case .text: return .text(record.sequence == ContainerRecord.none ? [] : units(ofRoot: record.sequence))
        case .list:
            if record.sequence == ContainerRecord.none { return .list([]) }
            return .list(items(ofRoot: record.sequence).map { content(of: values[$0]) })
        case .map:
            return .map(
                setEntries(of: container).map {
                    Content.Entry(key: maps.keys[Int(maps[$0].key)], content: content(of: maps.value(of: $0)))
                }
            )
        }
    }

    // Containers are at most 64 deep, and so is this.
    private func content(of value: StoredValue) -> Content {
        switch value {
        case .null, .move, .dropped: .null
        case .bool(let bool): .bool(bool)
        case .number(let number): .number(number)
        case .string(let utf8): .string(utf8)
        case .bytes(let bytes): .bytes(bytes)
        case .container(let number): content(of: number)
        }
    }

    /// The units of a text.
    func units(ofRoot root: UInt32) -> [UInt16] {
        var units: [UInt16] = []
        units.reserveCapacity(visibleCount(of: root))
        var leaf = tree.firstLeaf(of: root)
        while leaf != RunTree.none {
            for position in 0..<tree.count(of: leaf) {
                let run = tree.runs[RunTree.run(leaf, position)]
                if !run.isDead { text.read(Int(run.address)..<Int(run.address) + run.length, into: &units) }
            }
            leaf = tree.nextLeaf(leaf)
        }
        return units
    }

    /// Where a nested container is in the one around it; `nil` when it is not there any more.
    func component(of container: UInt32) -> PathComponent? {
        let record = containers[container]
        if containers[record.parent].kind == .map {
            guard let entry = maps.entry(record.parent, record.slot), maps[entry].isSet,
                maps.value(of: entry) == .container(container)
            else { return nil }
            return .key(maps.keys[Int(record.slot)])
        }
        let place = place(ofItem: record.slot)
        let gap = gap(after: place)
        if tree.run(at: gap).isDead { return nil }
        return .index(tree.position(of: gap) - 1)
    }
}
