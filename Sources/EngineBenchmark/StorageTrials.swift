import CRDT

extension TraceBenchmark {
    /// A document that lives on between runs.
    private final class Holder {
        let document: Document
        init(_ document: consuming Document) { self.document = document }
    }

    /// What is about whole documents as bytes: change sets, snapshots, and the memory of what is loaded from them.
    static func storageTrials(_ subject: Subject) throws -> [Trial] {
        var history = History()
        for bytes in subject.changes where !bytes.isEmpty { try history.append(Change(decoding: bytes)) }
        let past = history.encoded
        var whole = Document(replica: self.reader)
        try whole.apply(history: past)
        let snapshot = whole.snapshot()
        let holder = Holder(whole)
        return [
            self.wholeHistoryTrial(subject, past),
            self.loadTrial(subject, snapshot),
            Trial("snapshot encode", .milliseconds) { stopwatch in
                var bytes: [UInt8] = []
                let time = stopwatch.milliseconds { bytes = holder.document.snapshot() }
                guard bytes == snapshot else { throw WrongResult(description: "snapshot encode: other bytes") }
                return time
            },
            Trial("snapshot, text of the dead dropped", .bytes, constant: Double(snapshot.count)),
            Trial("  the same after zlib -6", .bytes, constant: Double(Deflate.packedCount(snapshot))),
            Trial("snapshot with history", .bytes, constant: Double(past.count)),
            Trial("  with history after zlib -6", .bytes, constant: Double(Deflate.packedCount(past))),
            Trial("heap of the loaded document", .bytes) { _ in
                let before = Meter.heapInUse()
                let document = try Document(snapshot: snapshot, replica: self.reader)
                let after = Meter.heapInUse()
                try WrongResult.check(document.text(of: Subject.root), subject.expected, "snapshot load")
                return Double(after - before)
            },
        ]
    }

    /// All changes as one blob of columns, into a document that knows nothing.
    private static func wholeHistoryTrial(_ subject: Subject, _ history: [UInt8]) -> Trial {
        let name = "remote, whole history at once"
        return Trial(name, .milliseconds) { stopwatch in
            var document = Document(replica: self.reader)
            let time = try stopwatch.milliseconds { try document.apply(history: history) }
            try WrongResult.check(document.text(of: Subject.root), subject.expected, name)
            return time
        }
    }

    private static func loadTrial(_ subject: Subject, _ snapshot: [UInt8]) -> Trial {
        // In the middle, but not in the middle of a pair.
        let middle = subject.expected.count / 2
        let isInPair = middle < subject.expected.count && UTF16.isTrailSurrogate(subject.expected[middle])
        let place = isInPair ? middle + 1 : middle
        var expected = subject.expected
        expected.insert(0x78, at: place)
        return Trial("snapshot load and first edit", .milliseconds) { stopwatch in
            var document: Document? = nil
            let time = try stopwatch.milliseconds {
                var loaded = try Document(snapshot: snapshot, replica: self.reader)
                _ = try loaded.insert([0x78], at: place, in: Subject.root)
                document = consume loaded
            }
            try WrongResult.check(document?.text(of: Subject.root) ?? [], expected, "snapshot load and first edit")
            return time
        }
    }
}
