import CRDT

/// B1 to B3 of crdt-benchmarks (github.com/dmonad/crdt-benchmarks): text that one, two or many replicas write.
///
/// The inputs come from a seeded generator and are printed by `quire bench inputs`, so that other engines edit exactly the
/// same. In B1 a replica edits and another applies each change at once; in B2 two edit apart, then each applies the other's
/// changes; in B3 one applies what many others made. Editing, encoding, decoding and applying are all measured.
enum CRDTBenchmarks {
    /// The N of crdt-benchmarks.
    static let count = 6000

    /// One of the benchmarks: what each author does.
    struct Input: Sendable, Encodable {
        /// The name that crdt-benchmarks gives it, and what it does.
        let name: String
        /// What every replica has before anything is measured.
        let start: String
        /// Whether the edits of all authors are concurrent and everybody receives them; else one author's go to one reader.
        let isExchange: Bool
        /// The edits of each author: offset, deleted, inserted; ASCII only.
        let authors: [[Splice]]
    }

    /// All inputs for an N.
    static func inputs(count: Int) -> [Input] {
        var generator = SeededGenerator(seed: 42)
        let text = generator.word(count...count)
        func alone(_ name: String, _ edits: [Splice]) -> Input {
            Input(name: name, start: "", isExchange: false, authors: [edits])
        }
        var inputs = [
            alone("B1.1 append N characters", text.enumerated().map { Splice($0.offset, 0, [$0.element]) }),
            alone("B1.2 insert a string of length N", [Splice(0, 0, text)]),
            alone("B1.3 prepend N characters", text.map { Splice(0, 0, [$0]) }),
            alone("B1.4 insert N characters at random places", Self.insertions(count, 1...1, &generator)),
            alone("B1.5 insert N words at random places", Self.insertions(count, 3...9, &generator)),
            alone("B1.6 insert a string, then delete it", [Splice(0, 0, text), Splice(0, count, [])]),
            alone("B1.7 insert and delete at random places", Self.splices(count, from: 0, &generator)),
        ]
        let start = generator.word(100...100)
        func together(_ name: String, start: [UInt16], _ edits: [[Splice]]) {
            let string = String(decoding: start, as: UTF16.self)
            inputs.append(Input(name: name, start: string, isExchange: true, authors: edits))
        }
        together(
            "B2.1 two insert a string of length N at 0",
            start: [],
            (0..<2).map { _ in [Splice(0, 0, generator.word(count...count))] }
        )
        together(
            "B2.2 two insert N characters at random places",
            start: start,
            (0..<2).map { _ in Self.insertions(count, 1...1, from: 100, &generator) }
        )
        together(
            "B2.3 two insert N words at random places",
            start: start,
            (0..<2).map { _ in Self.insertions(count, 3...9, from: 100, &generator) }
        )
        together(
            "B2.4 two insert and delete at random places",
            start: start,
            (0..<2).map { _ in Self.splices(count, from: 100, &generator) }
        )
        let crowd = Int(20 * Double(count).squareRoot())
        inputs.append(
            Input(
                name: "B3.5 20 √N replicas insert text at 0",
                start: "",
                isExchange: false,
                authors: (0..<crowd).map { _ in [Splice(0, 0, generator.word(1...9))] }
            )
        )
        return inputs
    }

    private static func insertions(
        _ count: Int,
        _ lengths: ClosedRange<Int>,
        from start: Int = 0,
        _ generator: inout SeededGenerator
    ) -> [Splice] {
        var length = start
        return (0..<count).map { _ in
            let word = generator.word(lengths)
            let place = Int.random(in: 0...length, using: &generator)
            length += word.count
            return Splice(place, 0, word)
        }
    }

    private static func splices(_ count: Int, from start: Int, _ generator: inout SeededGenerator) -> [Splice] {
        var length = start
        return (0..<count).map { _ in
            let place = Int.random(in: 0...length, using: &generator)
            if place == length || Bool.random(using: &generator) {
                let word = generator.word(2...8)
                length += word.count
                return Splice(place, 0, word)
            }
            let deleted = Int.random(in: 1...min(9, length - place), using: &generator)
            length -= deleted
            return Splice(place, deleted, [])
        }
    }

    /// The measurement of one input.
    static func trial(_ input: Input) throws -> Trial {
        let edits = input.authors.map { $0.map { Self.textEdits($0) } }
        let reader = edits.count
        // The reader of what is not exchanged is the last replica.
        let replicas = (0...reader).map { ReplicaID(UInt64($0) + 1) }
        let start = Array(input.start.utf16)
        return Trial(input.name, .milliseconds) {
            let documents = Replicas(replicas)
            if !start.isEmpty {
                var author = Document(replica: ReplicaID(1 << 20))
                let change = try author.insert(start, at: 0, in: Subject.root)?.encoded ?? []
                for lane in 0...reader { _ = try documents.receive(change, by: lane) }
            }
            let time = try Meter.milliseconds {
                if input.isExchange {
                    var changes: [[[UInt8]]] = []
                    for (lane, edits) in edits.enumerated() {
                        changes.append(try edits.map { try documents.edit($0, by: lane) })
                    }
                    for lane in edits.indices {
                        for other in edits.indices where other != lane {
                            for change in changes[other] { _ = try documents.receive(change, by: lane) }
                        }
                    }
                } else {
                    for (lane, edits) in edits.enumerated() {
                        for edit in edits {
                            _ = try documents.receive(documents.edit(edit, by: lane), by: reader)
                        }
                    }
                }
            }
            try Self.verify(documents, input)
            return time
        }
    }

    private static func textEdits(_ edit: Splice) -> [TextEdit] {
        [
            TextEdit(
                root: Subject.root,
                utf16Offset: edit.utf16Offset,
                deleteCount: edit.deleteCount,
                insert: edit.insert
            )
        ]
    }

    /// All who took part have the same text; one author's is what an array of code units comes to.
    private static func verify(_ documents: borrowing Replicas, _ input: Input) throws {
        if input.isExchange {
            try WrongResult.check(documents.text(of: 1), documents.text(of: 0), input.name)
        } else if input.authors.count == 1 {
            var expected: [UInt16] = []
            for edit in input.authors[0] {
                let start = edit.utf16Offset
                expected.replaceSubrange(start..<start + edit.deleteCount, with: edit.insert)
            }
            try WrongResult.check(documents.text(of: 0), expected, input.name)
            try WrongResult.check(documents.text(of: 1), expected, input.name)
        } else {
            let count = input.authors.joined().reduce(0) { $0 + $1.insert.count }
            guard documents.text(of: input.authors.count).count == count else {
                throw WrongResult(description: "\(input.name): something is missing")
            }
        }
    }
}
