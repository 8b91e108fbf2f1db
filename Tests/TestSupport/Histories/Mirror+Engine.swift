import CRDT

// The engine's words in the oracle's.

extension NaiveDocument.Kind {
    init(_ kind: ContainerKind) {
        switch kind {
        case .text: self = .text
        case .list: self = .list
        case .map: self = .map
        }
    }
}

extension NaiveDocument.Home {
    init(_ kind: NaiveDocument.Kind, _ place: ContainerPlace) {
        switch place {
        case .root(let name): self = .root(kind, name.utf8)
        case .nested(let element):
            self = .element(.init(replica: element.replica.rawValue, counter: element.counter))
        }
    }

    /// The same in the engine's words.
    var place: ContainerPlace {
        get throws {
            switch self {
            case .root(_, let name): .root(try RootName(utf8: name))
            case .element(let name): .nested(ElementID(replica: ReplicaID(name.replica), counter: name.counter))
            }
        }
    }
}

extension NaiveDocument.Value {
    init(_ value: Value) {
        switch value {
        case .null: self = .null
        case .bool(let bool): self = .bool(bool)
        case .number(let number): self = .number(number)
        case .string(let utf8): self = .string(utf8)
        case .bytes(let bytes): self = .bytes(bytes)
        case .container(let id):
            guard case .nested(let element) = id.place else { preconditionFailure("A root is no value.") }
            let name = NaiveDocument.Name(replica: element.replica.rawValue, counter: element.counter)
            self = .container(.init(id.kind), name)
        }
    }
}

extension Document {
    /// What is in all containers that the mirror knows, and in all roots; those in which nothing is are left out.
    borrowing func content(known mirror: Mirror) throws -> Mirror {
        var content = Mirror()
        for home in mirror.texts.keys { content.texts[home] = text(of: TextID(try home.place)) }
        for home in mirror.lists.keys { content.lists[home] = values(of: ListID(try home.place)).map { .init($0) } }
        for home in mirror.maps.keys { content.maps[home] = entries(of: MapID(try home.place)) }
        for root in roots {
            switch root {
            case .text(let id): content.texts[.init(.text, id.place)] = text(of: id)
            case .list(let id): content.lists[.init(.list, id.place)] = values(of: id).map { .init($0) }
            case .map(let id): content.maps[.init(.map, id.place)] = entries(of: id)
            }
        }
        return content.filled
    }

    borrowing func entries(of map: MapID) -> [[UInt8]: NaiveDocument.Value] {
        var entries: [[UInt8]: NaiveDocument.Value] = [:]
        for key in keys(of: map) {
            if let value = value(for: key, in: map) { entries[key] = .init(value) }
        }
        return entries
    }
}

extension Mirror {
    mutating func follow(_ patches: borrowing PatchBuffer) {
        for index in 0..<patches.count { follow(patches[index]) }
    }

    mutating func follow(_ patch: Patch) {
        switch patch {
        case .text(let patch):
            let home = Home(.text, patch.text.place)
            var text = texts.removeValue(forKey: home) ?? []
            splice(&text, patch.utf16Offset, patch.deleteCount, patch.insert)
            texts[home] = text
        case .list(let patch):
            let home = Home(.list, patch.list.place)
            switch patch.action {
            case .splice(let index, let deleteCount, let insert):
                let values = insert.map { Value($0) }
                var items = lists.removeValue(forKey: home) ?? []
                splice(&items, index, deleteCount, values)
                lists[home] = items
                open(values)
            case .move(let from, let to):
                guard let items = lists[home], items.indices.contains(from), items.indices.contains(to) else {
                    wasMisled = true
                    return
                }
                if let value = lists[home]?.remove(at: from) { lists[home]?.insert(value, at: to) }
            }
        case .map(let patch):
            let value = patch.value.map { Value($0) }
            maps[.init(.map, patch.map.place), default: [:]][patch.key] = value
            if let value { open([value]) }
        }
    }

    private mutating func splice<Element>(_ all: inout [Element], _ start: Int, _ count: Int, _ insert: [Element]) {
        guard start >= 0, count >= 0, start + count <= all.count else {
            wasMisled = true
            return
        }
        all.replaceSubrange(start..<start + count, with: insert)
    }
}
