import CRDT
import TestSupport
import Testing

@testable import Collaboration

/// Who wrote what.
@Suite("Attribution")
struct AttributionTests {
    @Test("Each part of a text has its author; what the log no longer has has none")
    func segments() throws {
        var ada = Document(replica: ReplicaID(1))
        var grace = Document(replica: ReplicaID(2))
        var entries: [LogEntry] = []
        func log(_ change: Change?, _ user: String) {
            guard let change else { return }
            let revision = Revision(UInt64(entries.count + 5))
            let entry = LogEntry(
                document: StoreConformance.name("a"),
                revision: revision,
                changes: change.encoded,
                user: user,
                timestamp: Int64(revision.rawValue) * 10
            )
            entries.append(entry)
        }
        _ = try ada.insert(Array("old ".utf16), at: 0, in: "body")
        let snapshot = StoredSnapshot(revision: Revision(4), bytes: ada.snapshot())
        grace = try Document(snapshot: snapshot.bytes, replica: ReplicaID(2))
        var patches: [Patch] = []
        for (index, letter) in "new".utf16.enumerated() {
            let change = try #require(try ada.insert([letter], at: 4 + index, in: "body"))
            log(change, "ada")
            try grace.integrate(change, patches: &patches)
        }
        log(try grace.insert(Array("<>".utf16), at: 5, in: "body"), "grace")
        log(try grace.delete(0..<1, in: "body"), "grace")
        log(try grace.insert(Array("else".utf16), at: 0, in: "title"), "grace")
        let stored = StoredDocument(epoch: Epoch("e"), snapshot: snapshot, entries: entries)
        let attribution = try Attribution(stored, of: StoreConformance.name("a"), root: try RootName(string: "body"))
        #expect(grace.string(of: "body") == "ld n<>ew")
        #expect(attribution.segments.map(\.utf16Count) == [3, 1, 2, 2])
        #expect(attribution.segments.map(\.origin?.user) == [nil, "ada", "grace", "ada"])
        #expect(attribution.segments[2].origin?.revision == Revision(8))
        #expect(attribution.segments(in: 2..<5).map(\.utf16Count) == [1, 1, 1])
        #expect(attribution.segments(in: 7..<90).map(\.origin?.user) == ["ada"])
    }
}
