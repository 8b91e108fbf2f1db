import CRDT

extension TraceBenchmark {
    /// A document that lives on between runs.
    private final class Holder {
        let document: Document
        init(_ document: consuming Document) { self.document = document }
    }

    /// What is about whole documents as bytes: change sets, snapshots, and the memory of what is loaded from them.
    static func storageTrials(_ subject: Subject) throws -> [Trial] {
        let list = try subject.changes.filter { !$0.isEmpty }.map { try Change(decoding: $0) }
        let set = ChangeSet.encode(list)
        var whole = Document(replica: self.reader)
        var patches = PatchBuffer()
        _ = try whole.receive(set.span, patches: &patches)
        let snapshot = whole.snapshot()
        let holder = Holder(whole)
        return [
            self.wholeHistoryTrial(subject, set),
            Trial("change set of the whole history", .bytes, constant: Double(set.count)),
            self.loadTrial(subject, snapshot),
            Trial("snapshot encode", .milliseconds) { stopwatch in
                var bytes: [UInt8] = []
                let time = stopwatch.milliseconds { bytes = holder.document.snapshot() }
                guard bytes == snapshot else { throw WrongResult(description: "snapshot encode: other bytes") }
                return time
            },
            Trial("snapshot, text of the dead dropped", .bytes, constant: Double(snapshot.count)),
            Trial("  the same after zlib -6", .bytes, constant: Double(Deflate.packedCount(snapshot))),
            Trial("heap of the loaded document", .bytes) { _ in
                let before = Meter.heapInUse()
                let document = try Document(snapshot: snapshot, replica: self.reader)
                let after = Meter.heapInUse()
                try WrongResult.check(document.text(of: Subject.root), subject.expected, "snapshot load")
                return Double(after - before)
            },
        ]
    }

    private static func wholeHistoryTrial(_ subject: Subject, _ set: [UInt8]) -> Trial {
        let name = "remote, whole history as one change set"
        return Trial(name, .milliseconds) { stopwatch in
            var document = Document(replica: self.reader)
            var patches = PatchBuffer()
            let time = try stopwatch.milliseconds { _ = try document.receive(set.span, patches: &patches) }
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
