import CRDT

/// The rows of B1 and B3 of crdt-benchmarks that are about lists and maps, in the shapes of ``CRDTBenchmarks``.
enum ContainerBenchmarks {
    /// What one author does in one change.
    enum Action: Sendable {
        /// Inserts items at an index of the list.
        case insert(Int, [Content])
        /// Sets the only key of the map.
        case set(Content)
    }

    /// One of the benchmarks: what each author does; one more replica reads.
    struct Input: Sendable {
        let name: String
        let authors: [[Action]]
    }

    private static let root: RootName = "body"
    private static let key: [UInt8] = Array("v".utf8)

    /// All inputs for an N.
    static func inputs(count: Int) -> [Input] {
        var generator = SeededGenerator(seed: 43)
        let numbers = (0..<count).map { _ in Content.number(Double(Int.random(in: 0..<1000, using: &generator))) }
        let places = (0..<count).map { Int.random(in: 0...$0, using: &generator) }
        let crowd = Int(20 * Double(count).squareRoot())
        func each(_ content: (Int) -> Action) -> [[Action]] { (0..<crowd).map { [content($0)] } }
        return [
            Input(
                name: "B1.8 append N numbers",
                authors: [numbers.enumerated().map { .insert($0.offset, [$0.element]) }]
            ),
            Input(name: "B1.9 insert a list of N numbers", authors: [[.insert(0, numbers)]]),
            Input(name: "B1.10 prepend N numbers", authors: [numbers.map { .insert(0, [$0]) }]),
            Input(
                name: "B1.11 insert N numbers at random places",
                authors: [zip(places, numbers).map { .insert($0.0, [$0.1]) }]
            ),
            Input(name: "B3.1 20 √N replicas set a number in a map", authors: each { .set(.number(Double($0))) }),
            Input(
                name: "B3.2 20 √N replicas set an object in a map",
                authors: each { number in
                    .set(
                        .map([
                            Content.Entry(key: Array("name".utf8), content: .string("\(number)")),
                            Content.Entry(key: Array("address".utf8), content: .string("here")),
                        ])
                    )
                }
            ),
            Input(
                name: "B3.3 20 √N replicas set a string in a map",
                authors: each { .set(.string(String(repeating: "\($0)", count: 3))) }
            ),
            Input(
                name: "B3.4 20 √N replicas insert text in a list",
                authors: each { .insert(0, [.string("\($0)")]) }
            ),
        ]
    }

    /// The measurement of one input.
    static func trial(_ input: Input) -> Trial {
        let reader = input.authors.count
        let names = (0...reader).map { ReplicaID(UInt64($0) + 1) }
        return Trial(input.name, .milliseconds) { stopwatch in
            let replicas = Replicas(names)
            var patches = PatchBuffer()
            let time = try stopwatch.milliseconds {
                for (lane, actions) in input.authors.enumerated() {
                    for action in actions {
                        let change = try self.perform(action, in: replicas[lane])
                        _ = try replicas[reader].pointee.document.receive(change.span, patches: &patches)
                        patches.removeAll()
                    }
                }
            }
            try self.verify(replicas, input)
            return time
        }
    }

    private static func perform(_ action: Action, in replica: UnsafeMutablePointer<Replica>) throws -> [UInt8] {
        switch action {
        case .insert(let index, let items):
            try replica.pointee.document.insert(items, at: index, in: ListID(self.root))?.encoded ?? []
        case .set(let content):
            try replica.pointee.document.set(content, for: self.key, in: MapID(self.root))?.encoded ?? []
        }
    }

    /// The reader has what one author has, or everything of all, or what the winner set.
    private static func verify(_ replicas: borrowing Replicas, _ input: Input) throws {
        let list = ListID(self.root)
        let reader = replicas[input.authors.count]
        let values = reader.pointee.document.values(of: list)
        var expected = values
        if input.authors.count == 1 { expected = replicas[0].pointee.document.values(of: list) }
        var count = 0
        var isMap = false
        for case .insert(_, let items) in input.authors.joined() { count += items.count }
        for case .set in input.authors.joined() { isMap = true }
        let isSet = reader.pointee.document.value(for: self.key, in: MapID(self.root)) != nil
        guard values == expected, values.count == count, isSet == isMap else {
            throw WrongResult(description: "\(input.name): the reader has something else")
        }
    }
}

extension ContainerBenchmarks.Input: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name, isMap, authors
    }

    /// Writes the name, whether it is about a map, and what the authors do.
    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(self.name, forKey: .name)
        var isMap = false
        for case .set in self.authors.joined() { isMap = true }
        try fields.encode(isMap, forKey: .isMap)
        try fields.encode(self.authors, forKey: .authors)
    }
}

extension ContainerBenchmarks.Action: Encodable {
    /// Writes `[index, [items]]`, or `[content]` for a map.
    func encode(to encoder: any Encoder) throws {
        var values = encoder.unkeyedContainer()
        switch self {
        case .insert(let index, let items):
            try values.encode(index)
            try values.encode(items.map(PlainContent.init))
        case .set(let content):
            try values.encode(PlainContent(content: content))
        }
    }
}

/// The content that the inputs have, as plain JSON.
private struct PlainContent: Encodable {
    let content: Content

    func encode(to encoder: any Encoder) throws {
        switch self.content {
        case .number(let number):
            var value = encoder.singleValueContainer()
            try value.encode(number)
        case .string(let bytes):
            var value = encoder.singleValueContainer()
            try value.encode(String(decoding: bytes, as: UTF8.self))
        case .map(let entries):
            var fields = encoder.singleValueContainer()
            let pairs = entries.map { (String(decoding: $0.key, as: UTF8.self), PlainContent(content: $0.content)) }
            try fields.encode(Dictionary(uniqueKeysWithValues: pairs))
        case .null, .bool, .bytes, .text, .list:
            var value = encoder.singleValueContainer()
            try value.encodeNil()
        }
    }
}
