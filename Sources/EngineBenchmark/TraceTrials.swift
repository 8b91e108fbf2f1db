import CRDT

/// The rows that are about a recorded session.
public enum TraceBenchmark {
    /// How often a session is repeated in one document, for the row about large documents.
    static let repetitions = 100
    /// How many edits are one transaction, where no change is wanted for each.
    static let editsPerTransaction = 1024
    /// Who reads what others wrote.
    static let reader = ReplicaID(1 << 20)

    /// Measures everything that can be measured on a trace.
    ///
    /// - Parameters:
    ///   - trace: a session of one author or of several.
    ///   - name: what the report calls it.
    ///   - runs: how often everything is run; at least 1.
    /// - Returns: the figures.
    /// - Throws: ``WrongResult`` when a replay does not end in the recorded text.
    public static func run(_ trace: Trace, named name: String, runs: Int) throws -> Report {
        try Trial.run(try self.trials(trace), of: name, runs: runs)
    }

    /// The trials of a trace, each of which may be run on its own.
    ///
    /// - Throws: ``WrongResult`` when the trace does not lead to its own text.
    public static func trials(_ trace: Trace) throws -> [Trial] {
        let subject = try Subject(trace)
        let script = EditScript(subject.transactions.map(\.edits))
        var trials: [Trial] = []
        if subject.isSequential {
            trials += [self.localTrial(subject, script), self.changesTrial(subject, script)]
        } else {
            trials.append(self.collaborationTrial(subject, script))
        }
        trials.append(self.remoteTrial(subject))
        trials += try self.storageTrials(subject)
        if subject.isSequential { trials.append(self.repetitionTrial(subject, script)) }
        return trials
    }

    /// Edits only: many are one transaction, the change of which is encoded and dropped.
    private static func localTrial(_ subject: Subject, _ script: EditScript) -> Trial {
        Trial("local replay", .milliseconds) { stopwatch in
            var replica = Replica(subject.replicas[0])
            let time = try stopwatch.milliseconds {
                try script.replay(in: &replica, editsPerTransaction: self.editsPerTransaction)
            }
            try WrongResult.check(replica.text, subject.expected, "local replay")
            return time
        }
    }

    private static func changesTrial(_ subject: Subject, _ script: EditScript) -> Trial {
        let count = max(subject.changes.count { !$0.isEmpty }, 1)
        return Trial([
            Trial.Row(name: "local replay, one change per transaction", unit: .milliseconds),
            Trial.Row(name: "bytes of such a change", unit: .bytes),
        ]) { stopwatch in
            var replica = Replica(subject.replicas[0])
            var changes = ChangeBuffer()
            var byteCount = 0
            let time = try stopwatch.milliseconds { byteCount = try script.replay(in: &replica, to: &changes) }
            try WrongResult.check(replica.text, subject.expected, "local replay, one change per transaction")
            changes.forEach(from: 0) { byteCount += $0.count }
            return [time, Double(byteCount) / Double(count)]
        }
    }

    /// Every replica edits and encodes, and decodes and applies what the authors of its next edits had seen; in the end all.
    private static func collaborationTrial(_ subject: Subject, _ script: EditScript) -> Trial {
        Trial("whole collaboration", .milliseconds) { stopwatch in
            let replicas = Replicas(subject.replicas)
            var changes = SentChanges()
            var patches = PatchBuffer()
            let time = try stopwatch.milliseconds {
                for (index, transaction) in subject.transactions.enumerated() {
                    let replica = replicas[transaction.lane]
                    for received in transaction.received {
                        try changes.deliver(received, to: &replica.pointee, patches: &patches)
                    }
                    try changes.make(script.transactions[index], of: script, in: &replica.pointee)
                }
            }
            for lane in subject.replicas.indices {
                try WrongResult.check(
                    replicas[lane].pointee.text,
                    subject.expected,
                    "collaboration, replica \(lane + 1)"
                )
            }
            return time
        }
    }

    private static func remoteTrial(_ subject: Subject) -> Trial {
        let name = "remote, one change per transaction"
        let changes = subject.changes.filter { !$0.isEmpty }
        let bytes = Array(changes.joined())
        var ends: [Int] = []
        for change in changes { ends.append((ends.last ?? 0) + change.count) }
        return Trial(name, .milliseconds) { stopwatch in
            var replica = Replica(self.reader)
            var patches = PatchBuffer()
            let time = try stopwatch.milliseconds {
                let ends = ends.span
                var start = 0
                for index in ends.indices {
                    let change = bytes.span.extracting(start..<ends[index])
                    _ = try replica.document.receive(change, patches: &patches)
                    patches.removeAll()
                    start = ends[index]
                }
            }
            try WrongResult.check(replica.text, subject.expected, name)
            return time
        }
    }

    private static func repetitionTrial(_ subject: Subject, _ script: EditScript) -> Trial {
        let name = "\(self.repetitions) x the session in one document"
        let expected = Array(repeatElement(subject.expected, count: self.repetitions).joined())
        return Trial([
            Trial.Row(name: name, unit: .milliseconds),
            Trial.Row(name: "  heap of that", unit: .bytes),
        ]) { stopwatch in
            let before = Meter.heapInUse()
            var replica = Replica(subject.replicas[0])
            let time = try stopwatch.milliseconds {
                for _ in 0..<self.repetitions {
                    try script.replay(in: &replica, editsPerTransaction: self.editsPerTransaction)
                }
            }
            let after = Meter.heapInUse()
            try WrongResult.check(replica.text, expected, name)
            return [time, Double(after - before)]
        }
    }
}
