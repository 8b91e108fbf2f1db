import CRDT

/// The rows that are about no recorded session.
public enum SyntheticBenchmark {
    /// How many replicas insert at one place: `20 √N` of crdt-benchmarks for 6000 as the literature counts them, and more.
    static let crowds = [1540, 50_000]
    /// How many characters are inserted at random places, one by one.
    static let randomInsertCount = 1_000_000

    /// Measures everything that needs no trace.
    ///
    /// - Parameters:
    ///   - runs: how often everything is run; at least 1.
    ///   - scale: divides all counts, for tests.
    /// - Returns: the figures.
    /// - Throws: ``WrongResult`` when a document does not end as it must.
    public static func run(runs: Int, scale: Int = 1) throws -> Report {
        try Trial.run(try self.trials(scale: scale), of: "synthetic", runs: runs)
    }

    /// The trials, each of which may be run on its own.
    ///
    /// - Throws: nothing in practice.
    public static func trials(scale: Int = 1) throws -> [Trial] {
        var trials = try self.crowds.map { try self.crowdTrial($0 / scale) }
        trials.append(self.randomInsertTrial(self.randomInsertCount / scale))
        trials += try CRDTBenchmarks.inputs(count: CRDTBenchmarks.count / scale).map { try CRDTBenchmarks.trial($0) }
        trials += ContainerBenchmarks.inputs(count: CRDTBenchmarks.count / scale).map(ContainerBenchmarks.trial)
        return trials
    }

    /// One replica receives what many others inserted at the same place at the same time, one change each.
    private static func crowdTrial(_ count: Int) throws -> Trial {
        var generator = SeededGenerator(seed: 1)
        var changes: [[UInt8]] = []
        var authors = Array(1...count)
        authors.shuffle(using: &generator)
        for author in authors {
            var document = Document(replica: ReplicaID(UInt64(author)))
            let letter = UInt16(0x61 + author % 26)
            changes.append(try document.insert([letter], at: 0, in: Subject.root)?.encoded ?? [])
        }
        // All have the same Lamport timestamp: the lower replica's comes first.
        let expected = (1...count).map { UInt16(0x61 + $0 % 26) }
        let name = "\(Report.figure(Double(count))) replicas insert at position 0"
        return Trial(name, .milliseconds) { stopwatch in
            let sent = SentChanges(changes)
            var replica = Replica(ReplicaID(1 << 40))
            var patches = PatchBuffer()
            let time = try stopwatch.milliseconds {
                for index in 0..<sent.count { try sent.deliver(index, to: &replica, patches: &patches) }
            }
            try WrongResult.check(replica.text, expected, name)
            return time
        }
    }

    private static func randomInsertTrial(_ count: Int) -> Trial {
        var generator = SeededGenerator(seed: 2)
        let places = (0..<count).map { UInt32(Int.random(in: 0...$0, using: &generator)) }
        let name = "\(Report.figure(Double(count))) random inserts, each"
        let script = EditScript(places.map { [Splice(Int($0), 0, [0x78])] })
        return Trial(name, .nanoseconds) { stopwatch in
            var replica = Replica(ReplicaID(1))
            let time = try stopwatch.milliseconds {
                try script.replay(in: &replica, editsPerTransaction: TraceBenchmark.editsPerTransaction)
            }
            guard replica.document.utf16Count(of: Subject.root) == count else { throw WrongResult(description: name) }
            return time * 1e6 / Double(count)
        }
    }
}
