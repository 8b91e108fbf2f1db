import CRDT

/// The rows that are about a recorded session.
public enum TraceBenchmark {
    /// How often a session is repeated in one document, for the row about large documents.
    static let repetitions = 100

    /// Measures everything that can be measured on a trace.
    ///
    /// - Parameters:
    ///   - trace: a session of one author or of several.
    ///   - name: what the report calls it.
    ///   - runs: how often everything is run; at least 1.
    /// - Returns: the figures.
    /// - Throws: ``WrongResult`` when a replay does not end in the recorded text.
    public static func run(_ trace: Trace, named name: String, runs: Int) throws -> Report {
        let subject = try Subject(trace)
        var trials = subject.isSequential ? self.localTrials(subject) : self.collaborationTrials(subject)
        trials += self.remoteTrials(subject)
        trials += try self.storageTrials(subject)
        if subject.isSequential { trials.append(self.repetitionTrial(subject)) }
        return try Trial.run(trials, of: name, runs: runs)
    }

    private static func localTrials(_ subject: Subject) -> [Trial] {
        let transactions = subject.transactions.map(\.textEdits)
        let count = subject.changes.count { !$0.isEmpty }
        return [
            Trial("local replay", .milliseconds) {
                var document = Document(replica: subject.replicas[0])
                let time = try Meter.milliseconds {
                    for edits in transactions { _ = try document.edit(edits) }
                }
                try WrongResult.check(document.text(of: Subject.root), subject.expected, "local replay")
                return time
            },
            Trial([
                Trial.Row(name: "local replay, one change per transaction", unit: .milliseconds),
                Trial.Row(name: "bytes of such a change", unit: .bytes),
            ]) {
                var document = Document(replica: subject.replicas[0])
                var byteCount = 0
                let time = try Meter.milliseconds {
                    for edits in transactions {
                        byteCount += try document.edit(edits)?.encoded.count ?? 0
                    }
                }
                try WrongResult.check(document.text(of: Subject.root), subject.expected, "local replay")
                return [time, Double(byteCount) / Double(max(count, 1))]
            },
        ]
    }

    private static func collaborationTrials(_ subject: Subject) -> [Trial] {
        let transactions = subject.transactions.map { ($0.lane, $0.received, $0.textEdits) }
        return [
            Trial("whole collaboration", .milliseconds) {
                let documents = Replicas(subject.replicas)
                var changes: [[UInt8]] = []
                changes.reserveCapacity(transactions.count)
                let time = try Meter.milliseconds {
                    for (lane, received, edits) in transactions {
                        for transaction in received where !changes[transaction].isEmpty {
                            _ = try documents.receive(changes[transaction], by: lane)
                        }
                        changes.append(edits.isEmpty ? [] : try documents.edit(edits, by: lane))
                    }
                }
                for lane in subject.replicas.indices {
                    try WrongResult.check(documents.text(of: lane), subject.expected, "collaboration")
                }
                return time
            }
        ]
    }

    private static func remoteTrials(_ subject: Subject) -> [Trial] {
        let changes = subject.changes.filter { !$0.isEmpty }
        return [
            Trial("remote, one change per transaction", .milliseconds) {
                var document = Document(replica: ReplicaID(1 << 20))
                var patches: [Patch] = []
                let time = try Meter.milliseconds {
                    for change in changes {
                        patches.removeAll(keepingCapacity: true)
                        try document.integrate(Change(decoding: change), patches: &patches)
                    }
                }
                try WrongResult.check(document.text(of: Subject.root), subject.expected, "remote, change by change")
                return time
            }
        ]
    }

    private static func storageTrials(_ subject: Subject) throws -> [Trial] {
        var whole = Document(replica: ReplicaID(1 << 20))
        var patches: [Patch] = []
        var list: [Change] = []
        for bytes in subject.changes where !bytes.isEmpty {
            let change = try Change(decoding: bytes)
            try whole.integrate(change, patches: &patches)
            list.append(change)
        }
        let set = ChangeSet.encode(list)
        let snapshot = whole.snapshot()
        // A row that measures writing needs a document that lives on.
        final class Holder {
            let document: Document
            init(_ document: consuming Document) { self.document = document }
        }
        let holder = Holder(whole)
        // In the middle, but not in the middle of a pair.
        let middle = subject.expected.count / 2
        let isInPair = middle < subject.expected.count && UTF16.isTrailSurrogate(subject.expected[middle])
        let place = isInPair ? middle + 1 : middle
        return [
            Trial("remote, whole history as one change set", .milliseconds) {
                var document = Document(replica: ReplicaID(1 << 20))
                var patches: [Patch] = []
                let time = try Meter.milliseconds {
                    _ = try document.receive(ChangeSet.decode(set), patches: &patches)
                }
                try WrongResult.check(document.text(of: Subject.root), subject.expected, "remote, whole history")
                return time
            },
            Trial("change set of the whole history", .bytes, constant: Double(set.count)),
            Trial("snapshot load and first edit", .milliseconds) {
                var document: Document? = nil
                let time = try Meter.milliseconds {
                    var loaded = try Document(snapshot: snapshot, replica: ReplicaID(1 << 20))
                    _ = try loaded.insert([0x78], at: place, in: Subject.root)
                    document = consume loaded
                }
                var expected = subject.expected
                expected.insert(0x78, at: place)
                try WrongResult.check(document?.text(of: Subject.root) ?? [], expected, "snapshot load")
                return time
            },
            Trial("snapshot encode", .milliseconds) {
                var bytes: [UInt8] = []
                let time = Meter.milliseconds { bytes = holder.document.snapshot() }
                guard bytes == snapshot else { throw WrongResult(description: "snapshot encode: other bytes") }
                return time
            },
            Trial("snapshot, text of the dead dropped", .bytes, constant: Double(snapshot.count)),
            Trial("  the same after zlib -6", .bytes, constant: Double(Deflate.packedCount(snapshot))),
            Trial("heap of the loaded document", .bytes) {
                let before = Meter.heapInUse()
                let document = try Document(snapshot: snapshot, replica: ReplicaID(1 << 20))
                let after = Meter.heapInUse()
                try WrongResult.check(document.text(of: Subject.root), subject.expected, "snapshot load")
                return Double(after - before)
            },
        ]
    }

    private static func repetitionTrial(_ subject: Subject) -> Trial {
        let transactions = subject.transactions.map(\.textEdits)
        let name = "\(self.repetitions) x the session in one document"
        let expected = Array(repeatElement(subject.expected, count: self.repetitions).joined())
        return Trial([
            Trial.Row(name: name, unit: .milliseconds),
            Trial.Row(name: "  heap of that", unit: .bytes),
        ]) {
            let before = Meter.heapInUse()
            var document = Document(replica: subject.replicas[0])
            let time = try Meter.milliseconds {
                for _ in 0..<self.repetitions {
                    for edits in transactions { _ = try document.edit(edits) }
                }
            }
            let after = Meter.heapInUse()
            try WrongResult.check(document.text(of: Subject.root), expected, name)
            return [time, Double(after - before)]
        }
    }
}
