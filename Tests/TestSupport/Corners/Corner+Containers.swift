import CRDT

private let body: TextID = "body"
private let list = ListID("list")
private let map = MapID("map")

extension Corner {
    static let containers: [Corner] = [
        Corner(name: "times that two keys are rewritten", smallSize: 1000, fullSize: 1_000_000, run: keys),
        Corner(name: "times that one item of a list is moved", smallSize: 500, fullSize: 1_000_000, run: moves),
        Corner(name: "items of a list, moved at random", smallSize: 200, fullSize: 50_000, run: items),
        Corner(name: "shapes with fields", smallSize: 50, fullSize: 10_000, run: shapes),
        Corner(name: "undone and redone keystrokes", smallSize: 300, fullSize: 50_000, run: undoing),
        Corner(name: "times that a text is deleted and restored", smallSize: 50, fullSize: 2000, run: restoring),
    ]

    private static func keys(_ size: Int) throws {
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        for index in 0..<size {
            let key = [UInt8(97 + index % 2)]
            guard let change = try first.set(.number(Double(index)), for: key, in: map) else { continue }
            try second.take(change)
        }
        for key in 0..<2 {
            let last = size - 1 - (size - 1 - key) % 2
            try expect(second.value(for: [UInt8(97 + key)], in: map) == .number(Double(last)), "an old value won")
        }
        // Nothing of the losers is kept.
        try expect(first.snapshot().count < 200, "a snapshot grew with the rewrites")
        try expect(first.snapshot() == second.snapshot(), "the two differ")
    }

    private static func numbers(_ size: Int) -> [Content] { (0..<size).map { .number(Double($0)) } }

    private static func moves(_ size: Int) throws {
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        if let change = try first.insert(numbers(100), at: 0, in: list) { try second.take(change) }
        var place = 0
        for index in 0..<size {
            let to = (index * 37 + 11) % 100
            guard let change = try first.move(from: place, to: to, in: list) else { continue }
            try second.take(change)
            place = to
        }
        try expect(second.value(at: place, in: list) == .number(0), "the item is elsewhere")
        try expect(first.values(of: list) == second.values(of: list), "the two differ")
        try expect(first.count(of: list) == 100, "items were lost or doubled")
    }

    private static func items(_ size: Int) throws {
        var random = SplitMix64(seed: 5)
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        if let change = try first.insert(numbers(size), at: 0, in: list) { try second.take(change) }
        for _ in 0..<size {
            let change = try first.move(from: random.below(size), to: random.below(size), in: list)
            if let change { try second.take(change) }
        }
        try expect(first.values(of: list) == second.values(of: list), "the two differ")
        try expect(first.count(of: list) == size, "items were lost or doubled")
    }

    private static func shapes(_ size: Int) throws {
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        let fields = ["x", "y", "w", "h", "fill", "stroke"].map { Array($0.utf8) }
        for index in 0..<size {
            let shape = Content.map(fields.map { .init(key: $0, content: .number(Double(index))) })
            guard let change = try first.set(shape, for: Array("shape \(index)".utf8), in: MapID("shapes")) else {
                continue
            }
            try second.take(change)
        }
        for index in 0..<size {
            let key = Array("shape \(index)".utf8)
            guard case .container(.map(let shape))? = second.value(for: key, in: MapID("shapes")) else {
                throw CornerFailure(reason: "a shape is missing")
            }
            if let change = try second.set(.number(-1), for: fields[index % 6], in: shape) { try first.take(change) }
        }
        try expect(first.keys(of: MapID("shapes")).count == size, "shapes are missing")
        try expect(
            first.content(of: .map(MapID("shapes"))) == second.content(of: .map(MapID("shapes"))),
            "the two differ"
        )
        let loaded = try Document(snapshot: first.snapshot(), replica: ReplicaID(3))
        try expect(
            loaded.content(of: .map(MapID("shapes"))) == first.content(of: .map(MapID("shapes"))),
            "a snapshot differs"
        )
    }

    private static func undoing(_ size: Int) throws {
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        first.undoLimit = size
        for index in 0..<size {
            if let change = try first.insert([97], at: index / 2, in: body) { try second.take(change) }
            first.closeUndoStep()
        }
        while let change = try first.undo() { try second.take(change) }
        try expect(second.utf16Count(of: body) == 0, "something is left")
        while let change = try first.redo() { try second.take(change) }
        try expect(second.utf16Count(of: body) == size, "something is missing")
    }

    private static func restoring(_ size: Int) throws {
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        first.undoLimit = 10
        let text = (0..<1000).map { UInt16(97 + $0 % 26) }
        if let change = try first.insert(text, at: 0, in: body) { try second.take(change) }
        first.closeUndoStep()
        if let change = try first.delete(0..<1000, in: body) { try second.take(change) }
        for _ in 0..<size {
            if let change = try first.undo() { try second.take(change) }
            if let change = try first.redo() { try second.take(change) }
        }
        if let change = try first.undo() { try second.take(change) }
        try expect(second.text(of: body) == text, "the text is not what it was")
    }
}
