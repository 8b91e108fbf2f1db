import TestSupport
import Testing

@testable import CRDT

@Suite("Recorded sessions")
struct TraceTests {
    static let sequential = ["automerge-paper", "sveltecomponent", "json-crdt-blog-post", "friendsforever_flat"]
    let root: TextID = "body"

    @Test("A session replayed locally, sent and applied remotely ends in the recorded text", arguments: sequential)
    func replays(name: String) throws {
        let trace = try TraceLoader.load("sequential/" + name)
        let expected = Array(trace.endContent.utf16)
        var local = Document(replica: ReplicaID(1))
        var remote = Document(replica: ReplicaID(2))
        var patches: [Patch] = []
        var byteCount = 0
        var changes: [Change] = []
        for edits in trace.edits(in: root) {
            guard let change = try local.edit(edits) else { continue }
            byteCount += change.encoded.count
            patches.removeAll(keepingCapacity: true)
            try remote.integrate(Change(decoding: change.encoded), patches: &patches)
            changes.append(change)
        }
        #expect(local.text(of: root) == expected)
        #expect(remote.text(of: root) == expected)
        #expect(local.version == remote.version)
        #expect(local.snapshot() == remote.snapshot())
        let loaded = try Document(snapshot: local.snapshot(), replica: ReplicaID(3))
        #expect(loaded.text(of: root) == expected)
        #expect(loaded.snapshot() == local.snapshot())
        #expect(try ChangeSet.decode(ChangeSet.encode(changes)) == changes)
        #if DEBUG
        local.checkInvariants()
        remote.checkInvariants()
        loaded.checkInvariants()
        #endif
        if name == "automerge-paper" {
            // One character a change, 260,000 of them: 3 of the bytes are the sequence number.
            #expect(Double(byteCount) / Double(changes.count) < 7.5)
        }
    }

    /// `friendsforever` has one place where both wrote at the same time: it ends in the recorded text when the lower agent
    /// wins the tie.
    @Test("Two authors' concurrent session ends in the recorded text on both replicas")
    func replaysConcurrent() throws {
        let trace = try TraceLoader.load("concurrent/friendsforever")
        let seen = trace.seen()
        final class Author {
            var document: Document
            var pairs = PairPositions()
            var seen: [Int]
            init(_ agent: Int, of count: Int) {
                document = Document(replica: ReplicaID(UInt64(agent + 1)))
                seen = [Int](repeating: 0, count: count)
            }
        }
        let count = try #require(trace.numAgents)
        let authors = (0..<count).map { Author($0, of: count) }
        var changes = [[[Change]]](repeating: [], count: count)
        func merge(into author: Author, upTo version: [Int]) throws {
            for agent in 0..<count where author.seen[agent] < version[agent] {
                var patches: [Patch] = []
                let missing = changes[agent][author.seen[agent]..<version[agent]].flatMap { $0 }
                _ = try author.document.receive(missing, patches: &patches)
                for patch in patches.compactMap(\.splice) {
                    author.pairs.splice(at: patch.utf16Offset, deleting: patch.deleteCount, inserting: patch.insert)
                }
                author.seen[agent] = version[agent]
            }
        }
        for (index, transaction) in trace.txns.enumerated() {
            let agent = transaction.agent ?? 0
            let author = authors[agent]
            try merge(into: author, upTo: seen[index])
            #expect(author.seen == seen[index], "an author's own state is not an ancestor of what it edits")
            let edits = transaction.patches.map { author.pairs.edit($0, in: root) }
            changes[agent].append(try author.document.edit(edits).map { [$0] } ?? [])
            author.seen[agent] += 1
        }
        for author in authors {
            try merge(into: author, upTo: changes.map(\.count))
            #expect(author.document.backlogCount == 0)
            #expect(author.document.string(of: root) == trace.endContent)
            #expect(author.document.snapshot() == authors[0].document.snapshot())
        }
    }
}
