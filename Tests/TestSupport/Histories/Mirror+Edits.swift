import CRDT

extension Mirror {
    /// Does an edit as it is meant.
    ///
    /// Containers that it creates get names of nobody, numbered from `next` on, until those that the engine gives them are
    /// known.
    mutating func follow(_ edit: Edit, next: inout UInt32) {
        switch edit {
        case .text(let edit):
            let range = edit.utf16Offset..<edit.utf16Offset + edit.deleteCount
            texts[.init(.text, edit.text.place), default: []].replaceSubrange(range, with: edit.insert)
        case .list(let edit):
            let home = Home(.list, edit.list.place)
            switch edit.action {
            case .splice(let index, let deleteCount, let insert):
                let values = insert.map { create($0, next: &next) }
                lists[home, default: []].replaceSubrange(index..<index + deleteCount, with: values)
            case .move(let from, let to):
                if let value = lists[home]?.remove(at: from) { lists[home]?.insert(value, at: to) }
            }
        case .map(let edit):
            let home = Home(.map, edit.map.place)
            maps[home, default: [:]][edit.key] = edit.content.map { create($0, next: &next) }
        }
    }

    static let nobody = UInt64.max

    private mutating func create(_ content: Content, next: inout UInt32) -> Value {
        switch content {
        case .null: return .null
        case .bool(let bool): return .bool(bool)
        case .number(let number): return .number(number)
        case .string(let utf8): return .string(utf8)
        case .bytes(let bytes): return .bytes(bytes)
        case .text, .list, .map: break
        }
        let name = NaiveDocument.Name(replica: Self.nobody, counter: next)
        next += 1
        switch content {
        case .text(let units):
            texts[.element(name)] = units
            return .container(.text, name)
        case .list(let items):
            lists[.element(name)] = items.map { create($0, next: &next) }
            return .container(.list, name)
        case .map(let entries):
            var values: [[UInt8]: Value] = [:]
            for entry in entries { values[entry.key] = create(entry.content, next: &next) }
            maps[.element(name)] = values
            return .container(.map, name)
        default: return .null
        }
    }

    /// Gives the containers of nobody the names that they have in the document; false when the document is different.
    mutating func adopt(_ document: borrowing Document) throws -> Bool {
        for home in Array(lists.keys) where !home.isOfNobody {
            guard lists[home, default: []].contains(where: \.isOfNobody) else { continue }
            let actual = document.values(of: ListID(try home.place)).map { Value($0) }
            guard try adopt(list: home, actual, document) else { return false }
        }
        for home in Array(maps.keys) where !home.isOfNobody {
            guard maps[home, default: [:]].values.contains(where: \.isOfNobody) else { continue }
            guard try adopt(map: home, document.entries(of: MapID(try home.place)), document) else { return false }
        }
        // What is left of nobody was created and deleted again at once.
        texts = texts.filter { !$0.key.isOfNobody }
        lists = lists.filter { !$0.key.isOfNobody }
        maps = maps.filter { !$0.key.isOfNobody }
        return true
    }

    private mutating func adopt(list home: Home, _ actual: [Value], _ document: borrowing Document) throws -> Bool {
        let meant = lists[home, default: []]
        guard meant.count == actual.count else { return false }
        for (meant, actual) in zip(meant, actual) {
            guard try adopt(meant, actual, document) else { return false }
        }
        lists[home] = actual
        return true
    }

    private mutating func adopt(
        map home: Home,
        _ actual: [[UInt8]: Value],
        _ document: borrowing Document
    ) throws -> Bool {
        let meant = maps[home, default: [:]]
        guard meant.count == actual.count else { return false }
        for (key, value) in meant {
            guard let actual = actual[key], try adopt(value, actual, document) else { return false }
        }
        maps[home] = actual
        return true
    }

    private mutating func adopt(_ meant: Value, _ actual: Value, _ document: borrowing Document) throws -> Bool {
        guard meant.isOfNobody else { return meant == actual }
        guard case .container(let kind, let name) = meant, case .container(kind, let given) = actual else {
            return false
        }
        let home = Home.element(given)
        switch kind {
        case .text:
            texts[home] = texts.removeValue(forKey: .element(name))
            return true
        case .list:
            lists[home] = lists.removeValue(forKey: .element(name))
            return try adopt(list: home, document.values(of: ListID(try home.place)).map { Value($0) }, document)
        case .map:
            maps[home] = maps.removeValue(forKey: .element(name))
            return try adopt(map: home, document.entries(of: MapID(try home.place)), document)
        }
    }
}

extension NaiveDocument.Home {
    var isOfNobody: Bool {
        if case .element(let name) = self { name.replica == Mirror.nobody } else { false }
    }
}

extension NaiveDocument.Value {
    var isOfNobody: Bool {
        if case .container(_, let name) = self { name.replica == Mirror.nobody } else { false }
    }
}
