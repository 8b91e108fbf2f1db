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
        let scripts = input.authors.map { EditScript($0.map { [$0] }) }
        let reader = scripts.count
        // The reader of what is not exchanged is the last replica.
        let names = (0...reader).map { ReplicaID(UInt64($0) + 1) }
        return Trial(input.name, .milliseconds) { stopwatch in
            let replicas = Replicas(names)
            var patches = PatchBuffer()
            try self.start(replicas, 0...reader, with: input.start)
            var sent = SentChanges()
            let time = try stopwatch.milliseconds {
                for (lane, script) in scripts.enumerated() {
                    for transaction in script.transactions {
                        try sent.make(transaction, of: script, in: &replicas[lane].pointee)
                        if input.isExchange { continue }
                        try sent.deliver(sent.count - 1, to: &replicas[reader].pointee, patches: &patches)
                    }
                }
                if input.isExchange {
                    // What the others made comes before or after one's own.
                    var first = 0
                    for (author, script) in scripts.enumerated() {
                        let made = first..<first + script.transactions.count
                        for lane in scripts.indices where lane != author {
                            for change in made {
                                try sent.deliver(change, to: &replicas[lane].pointee, patches: &patches)
                            }
                        }
                        first = made.upperBound
                    }
                }
            }
            try Self.verify(replicas, input)
            return time
        }
    }

    /// Gives all replicas the same text, from somebody who takes no part.
    private static func start(_ replicas: borrowing Replicas, _ lanes: ClosedRange<Int>, with text: String) throws {
        guard !text.isEmpty else { return }
        var author = Document(replica: ReplicaID(1 << 20))
        let sent = SentChanges([try author.insert(Array(text.utf16), at: 0, in: Subject.root)?.encoded ?? []])
        var patches = PatchBuffer()
        for lane in lanes { try sent.deliver(0, to: &replicas[lane].pointee, patches: &patches) }
    }

    /// All who took part have the same text; one author's is what an array of code units comes to.
    private static func verify(_ replicas: borrowing Replicas, _ input: Input) throws {
        if input.isExchange {
            try WrongResult.check(replicas[1].pointee.text, replicas[0].pointee.text, input.name)
        } else if input.authors.count == 1 {
            var expected: [UInt16] = []
            for edit in input.authors[0] {
                let start = edit.utf16Offset
                expected.replaceSubrange(start..<start + edit.deleteCount, with: edit.insert)
            }
            try WrongResult.check(replicas[0].pointee.text, expected, input.name)
            try WrongResult.check(replicas[1].pointee.text, expected, input.name)
        } else {
            let count = input.authors.joined().reduce(0) { $0 + $1.insert.count }
            guard replicas[input.authors.count].pointee.text.count == count else {
                throw WrongResult(description: "\(input.name): something is missing")
            }
        }
    }
}
