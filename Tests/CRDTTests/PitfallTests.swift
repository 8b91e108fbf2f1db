import TestSupport
import Testing

@testable import CRDT

/// The pitfalls of `reference/engine.md`, section 0.5, and others that are as easy to fall into.
@Suite("Pitfalls")
struct PitfallTests {
    let root: TextID = "body"

    private func units(_ string: String) -> [UInt16] { Array(string.utf16) }

    private func check(_ document: borrowing Document) {
        #if DEBUG
        document.checkInvariants()
        #endif
    }

    /// Follows a document with a plain array, checking both after every edit.
    private func compare(seed: UInt64, steps: Int, _ edit: (inout SplitMix64, Int) -> (Int, Int, [UInt16])) throws {
        var random = SplitMix64(seed: seed)
        var local = Document(replica: ReplicaID(1))
        var remote = Document(replica: ReplicaID(2))
        var text: [UInt16] = []
        for _ in 0..<steps {
            let (offset, count, insert) = edit(&random, text.count)
            text.replaceSubrange(offset..<offset + count, with: insert)
            let change = try local.edit([TextEdit(text: root, utf16Offset: offset, deleteCount: count, insert: insert)])
            var patches: [Patch] = []
            if let change { try remote.integrate(change, patches: &patches) }
            check(local)
        }
        #expect(local.text(of: root) == text)
        #expect(remote.text(of: root) == text)
        check(remote)
    }

    @Test("1: A node that splits keeps the sums of both halves")
    func nodesSplit() throws {
        try compare(seed: 1, steps: 1500) { random, count in (random.below(count + 1), 0, [97]) }
    }

    @Test("2, 3: Deletions inside of runs split leaves without losing an element or counting one twice")
    func deletionsSplitLeaves() throws {
        try compare(seed: 2, steps: 600) { random, count in
            if count < 200 { return (random.below(count + 1), 0, Array(repeating: 98, count: 1 + random.below(30))) }
            let offset = random.below(count - 5)
            return (offset, 1 + random.below(4), [])
        }
    }

    @Test("4: Slots that are not in use are never read")
    func unusedSlots() throws {
        try compare(seed: 4, steps: 800) { random, count in
            if random.oneIn(3), count > 0 {
                let offset = random.below(count)
                return (offset, min(count - offset, 1 + random.below(20)), [])
            }
            return (random.below(count + 1), 0, [99, 100])
        }
    }

    @Test("5: A run that is continued after a Lamport jump remembers the jump")
    func lamportJumps() throws {
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        var patches: [Patch] = []
        let a = try #require(try first.insert(units("a"), at: 0, in: root))
        try second.integrate(a, patches: &patches)
        let b = try #require(try second.insert(units("zzz"), at: 1, in: root))
        try first.integrate(b, patches: &patches)
        _ = try first.delete(1..<4, in: root)
        // Next to its own "a" by counter, but newer than "zzz".
        _ = try first.insert(units("b"), at: 1, in: root)
        let loaded = try Document(snapshot: first.snapshot(), replica: ReplicaID(3))
        #expect(loaded.snapshot() == first.snapshot())
        #expect(first.store.replicas.lamport(of: 0, by: 0) == 0)
        #expect(first.store.replicas.lamport(of: 1, by: 0) == 4)
        check(first)
    }

    @Test("6: Typing at the end of another's run makes elements of one's own")
    func typingAfterAnother() throws {
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        var patches: [Patch] = []
        try second.integrate(#require(try first.insert(units("abc"), at: 0, in: root)), patches: &patches)
        let change = try #require(try second.insert(units("d"), at: 3, in: root))
        #expect(change.replica == ReplicaID(2))
        try first.integrate(change, patches: &patches)
        try second.integrate(#require(try first.insert(units("e"), at: 3, in: root)), patches: &patches)
        #expect(first.text(of: root) == second.text(of: root))
        #expect(first.string(of: root) == "abced")
        check(first)
        check(second)
    }

    @Test("7, 8, 9, 12: Reading in the middle of typing sees everything and disturbs nothing")
    func readersWhileTyping() throws {
        var local = Document(replica: ReplicaID(1))
        var remote = Document(replica: ReplicaID(2))
        var text = ""
        for index in 0..<300 {
            let letter = String(UnicodeScalar(UInt8(97 + index % 26)))
            text += letter
            let change = try #require(try local.insert(units(letter), at: index, in: root))
            #expect(local.utf16Count(of: root) == index + 1)
            let anchor = local.anchor(at: index / 2, side: .right, in: root)
            #expect(local.utf16Offset(of: anchor, in: root) == index / 2)
            if index % 50 == 0 {
                #expect(local.string(of: root) == text)
                #expect(try Document(snapshot: local.snapshot(), replica: ReplicaID(9)).string(of: root) == text)
            }
            var patches: [Patch] = []
            try remote.integrate(change, patches: &patches)
            #expect(patches == [Patch.splice(root, utf16Offset: index, insert: units(letter))])
        }
        #expect(remote.string(of: root) == text)
    }

    @Test("10: A deletion of thousands of pieces loses none")
    func manyPieces() throws {
        var document = Document(replica: ReplicaID(1))
        var remote = Document(replica: ReplicaID(2))
        var changes: [Change] = []
        for _ in 0..<3000 { changes.append(try #require(try document.insert([97], at: 0, in: root))) }
        changes.append(try #require(try document.delete(0..<3000, in: root)))
        var patches: [Patch] = []
        _ = try remote.receive(changes.dropLast(), patches: &patches)
        patches = []
        try remote.integrate(#require(changes.last), patches: &patches)
        #expect(patches == [Patch.splice(root, utf16Offset: 0, deleteCount: 3000)])
        #expect(document.utf16Count(of: root) == 0)
        #expect(remote.utf16Count(of: root) == 0)
        check(remote)
    }

    @Test("11: Neighbouring addresses of two replicas at the edge of a block do not become one run")
    func blockEdges() throws {
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        var patches: [Patch] = []
        // Fills its block to the last address; the other's block is the next one.
        try second.integrate(
            #require(try first.insert([UInt16](repeating: 97, count: 64), at: 0, in: root)),
            patches: &patches
        )
        try first.integrate(#require(try second.insert([98], at: 64, in: root)), patches: &patches)
        try second.integrate(#require(try first.delete(0..<65, in: root)), patches: &patches)
        try first.integrate(#require(try second.insert([99], at: 0, in: root)), patches: &patches)
        #expect(first.text(of: root) == [99])
        #expect(first.snapshot() == second.snapshot())
        check(first)
        check(second)
    }

    @Test("13: Of two who insert at one place at once, the lower replica's text comes first")
    func ties() throws {
        var low = Document(replica: ReplicaID(1))
        var high = Document(replica: ReplicaID(2))
        let a = try #require(try low.insert(units("low"), at: 0, in: root))
        let b = try #require(try high.insert(units("high"), at: 0, in: root))
        var patches: [Patch] = []
        try low.integrate(b, patches: &patches)
        try high.integrate(a, patches: &patches)
        #expect(low.string(of: root) == "lowhigh")
        #expect(high.string(of: root) == "lowhigh")
    }

    @Test("14: A deletion over several segments, at the ends of leaves and of everything")
    func segments() throws {
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        var patches: [Patch] = []
        // In turn, so that neither's segment is the last one and they cannot be extended in place.
        for _ in 0..<400 {
            try second.integrate(#require(try first.insert([97], at: 0, in: root)), patches: &patches)
            try first.integrate(
                #require(try second.insert([98], at: second.utf16Count(of: root), in: root)),
                patches: &patches
            )
        }
        var third = Document(replica: ReplicaID(3))
        third = try Document(snapshot: first.snapshot(), replica: ReplicaID(3))
        let all = try #require(try third.delete(0..<800, in: root))
        try first.integrate(all, patches: &patches)
        try second.integrate(all, patches: &patches)
        #expect(first.utf16Count(of: root) == 0)
        check(first)
        // All is dead; at the start and at the end is the same place now.
        try second.integrate(#require(try first.insert(units("new"), at: 0, in: root)), patches: &patches)
        #expect(second.string(of: root) == "new")
        #expect(second.snapshot() == first.snapshot())
        check(second)
    }

    @Test("15: A paste larger than the rest of its segment leaves no hole in a run, and no pair apart")
    func segmentRests() throws {
        for offset in 55..<66 {
            var first = Document(replica: ReplicaID(1))
            var second = Document(replica: ReplicaID(2))
            var patches: [Patch] = []
            let start = [UInt16](repeating: 97, count: offset)
            try second.integrate(#require(try first.insert(start, at: 0, in: root)), patches: &patches)
            try first.integrate(#require(try second.insert([98], at: 0, in: root)), patches: &patches)
            let paste = units(String(repeating: "😀", count: 50))
            try second.integrate(#require(try first.insert(paste, at: 5, in: root)), patches: &patches)
            try first.integrate(#require(try second.delete(7..<9, in: root)), patches: &patches)
            check(first)
            check(second)
            #expect(first.text(of: root) == second.text(of: root))
            #expect(first.snapshot() == second.snapshot())
            let loaded = try Document(snapshot: first.snapshot(), replica: ReplicaID(3))
            #expect(loaded.text(of: root) == first.text(of: root))
        }
    }

    @Test("16: A snapshot is the same whatever the order in which the state came about")
    func canonicalSnapshots() throws {
        var documents = (0..<4).map { DocumentBox(ReplicaID(UInt64(40 - $0))) }
        var random = SplitMix64(seed: 16)
        var changes: [Change] = []
        for box in documents {
            for _ in 0..<30 {
                let count = box.document.utf16Count(of: root)
                changes.append(
                    try #require(try box.document.insert(units("abc"), at: random.below(count + 1), in: root))
                )
            }
        }
        var snapshots: [[UInt8]] = []
        for box in documents {
            var patches: [Patch] = []
            _ = try box.document.receive(changes.shuffled(using: &random), patches: &patches)
            snapshots.append(box.document.snapshot())
        }
        #expect(Set(snapshots).count == 1)
        documents.removeAll()
    }
}

/// A document behind a reference, so that it can stand in an array.
final class DocumentBox {
    var document: Document
    init(_ replica: ReplicaID) { document = Document(replica: replica) }
}
