import TestSupport
import Testing

@testable import CRDT

/// What a document accepts of others, and what it refuses without having changed.
@Suite("Integration")
struct IntegrationTests {
    let root: TextID = "body"

    private func units(_ string: String) -> [UInt16] { Array(string.utf16) }

    /// A document of replica 1 with the text "a😀b", and replica 2's with the same.
    private func pair() throws -> (DocumentBox, DocumentBox) {
        let first = DocumentBox(ReplicaID(1))
        let second = DocumentBox(ReplicaID(2))
        var patches: [Patch] = []
        let change = try #require(try first.document.insert(units("a😀b"), at: 0, in: root))
        try second.document.integrate(change, patches: &patches)
        return (first, second)
    }

    /// A change of replica 2, its first, with a single operation of these bytes.
    private func change(_ operation: [UInt8], advance: UInt8? = 4) throws -> Change {
        let body = [advance == nil ? 0x92 : 0x96, 2] + (advance.map { [$0] } ?? []) + operation
        return try Change(decoding: body + [Checksum.short(body, 0..<body.count)])
    }

    @Test("A change that does not fit is refused and leaves everything as it was")
    func refusals() throws {
        let (first, _) = try pair()
        let refused: [([UInt8], UInt8?, ChangeError)] = [
            // Insertions: after an element that is not there, of a replica that is not there, after one's own, between halves.
            ([0x1C, 0x00, 0x01, 0x04, 0x61], 4, .unknownOrigin),
            ([0x1C, 0x00, 0x09, 0x00, 0x61], 4, .unknownOrigin),
            ([0x10, 0x61], 4, .unknownOrigin),
            ([0x18, 0x03, 0x61], 4, .unknownOrigin),
            ([0x1C, 0x00, 0x01, 0x01, 0x61], 4, .splitsSurrogatePair),
            // Deletions: of what is not there, of halves.
            ([0x0D, 0x00, 0x01, 0x04], nil, .unknownElement),
            ([0x2D, 0x00, 0x01, 0x00], nil, .unknownElement),
            ([0x0D, 0x00, 0x07, 0x00], nil, .unknownElement),
            ([0x09, 0x01], nil, .unknownElement),
            ([0x0D, 0x00, 0x01, 0x01], nil, .splitsSurrogatePair),
            ([0x0D, 0x00, 0x01, 0x02], nil, .splitsSurrogatePair),
            ([0x15, 0x00, 0x01, 0x00], nil, .splitsSurrogatePair),
            ([0x15, 0x00, 0x01, 0x02], nil, .splitsSurrogatePair),
            // Lamport timestamps: not above the origin's, above everything.
            ([0x1C, 0x00, 0x01, 0x03, 0x61], 3, .lamportTooSmall),
            ([0x1C, 0x00, 0x01, 0x03, 0x61], nil, .lamportTooSmall),
            ([0x1C, 0x00, 0x01, 0x03, 0x61], 5, .lamportTooLarge),
            ([0x1C, 0x00, 0x01, 0x03, 0x61], 0x7F, .lamportTooLarge),
        ]
        let before = first.document.snapshot()
        for (bytes, advance, error) in refused {
            var patches: [Patch] = []
            let change = try change(bytes, advance: advance)
            #expect(throws: error, "\(bytes)") { try first.document.integrate(change, patches: &patches) }
            #expect(throws: error, "\(bytes)") { _ = try first.document.receive([change], patches: &patches) }
            #expect(patches.isEmpty)
            #expect(first.document.snapshot() == before)
            #if DEBUG
            first.document.checkInvariants()
            #endif
        }
        var patches: [Patch] = []
        try first.document.integrate(change([0x1C, 0x00, 0x01, 0x03, 0x61]), patches: &patches)
        #expect(first.document.string(of: root) == "a😀ba")
    }

    @Test("A change is validated whole: what its last operation refuses, its first has not done")
    func validatesFirst() throws {
        let (first, _) = try pair()
        // Deletes "a", inserts at the start, and then deletes an element that is not there.
        let body: [UInt8] = [0x90, 2, 3, 0x0D, 0x00, 0x01, 0x00, 0x14, 0x01, 0x62, 0x63, 0x0D, 0x01, 0x63]
        let change = try Change(decoding: body + [Checksum.short(body, 0..<body.count)])
        var patches: [Patch] = []
        #expect(throws: ChangeError.unknownElement) { try first.document.integrate(change, patches: &patches) }
        #expect(first.document.string(of: root) == "a😀b")
        #expect(first.document.roots == [.text(root)])
        #expect(first.document.version[ReplicaID(2)] == 0)
    }

    @Test("A change can refer to elements that it inserts itself, but not split their pairs")
    func refersToItself() throws {
        func change(_ operations: [UInt8]) throws -> Change {
            let body = [0x90, 2] + operations
            return try Change(decoding: body + [Checksum.short(body, 0..<body.count)])
        }
        let start: [UInt8] = [0x44, 0x04] + Array("body".utf8) + Array("😀".utf8)
        var patches: [Patch] = []
        for bad: [UInt8] in [[0x18, 0x02, 0x61], [0x09, 0x01], [0x09, 0x02]] {
            let box = DocumentBox(ReplicaID(1))
            #expect(throws: ChangeError.splitsSurrogatePair) {
                try box.document.integrate(change([2] + start + bad), patches: &patches)
            }
            #expect(box.document.roots.isEmpty)
        }
        let box = DocumentBox(ReplicaID(1))
        // Types "x" after the pair, then deletes the pair.
        try box.document.integrate(change([3] + start + [0x10, 0x78, 0x11, 0x03]), patches: &patches)
        #expect(box.document.string(of: root) == "x")
    }

    @Test("Whether a pair is split is answered alike with and without the deleted text")
    func deletedPairs() throws {
        let (first, _) = try pair()
        _ = try first.document.delete(0..<4, in: root)
        let loaded = DocumentBox(ReplicaID(3))
        loaded.document = try Document(snapshot: first.document.snapshot(), replica: ReplicaID(3))
        for (bytes, advance): ([UInt8], UInt8?) in [
            ([0x1C, 0x00, 0x01, 0x01, 0x61], 4), ([0x0D, 0x00, 0x01, 0x01], nil), ([0x0D, 0x00, 0x01, 0x02], nil),
        ] {
            let change = try change(bytes, advance: advance)
            for box in [first, loaded] {
                var patches: [Patch] = []
                #expect(throws: ChangeError.splitsSurrogatePair) {
                    try box.document.integrate(change, patches: &patches)
                }
            }
        }
        for box in [first, loaded] {
            var patches: [Patch] = []
            try box.document.integrate(change([0x1C, 0x00, 0x01, 0x02, 0x61]), patches: &patches)
            #expect(box.document.string(of: root) == "a")
        }
    }

    @Test("What comes twice is a duplicate, what comes early says what it waits for")
    func readiness() throws {
        let (first, second) = try pair()
        let one = try #require(try second.document.insert(units("x"), at: 0, in: root))
        let two = try #require(try second.document.insert(units("y"), at: 1, in: root))
        var third = Document(replica: ReplicaID(3))
        var patches: [Patch] = []
        #expect(first.document.readiness(of: one) == .ready)
        var missing = Version()
        missing[ReplicaID(2)] = 1
        #expect(first.document.readiness(of: two) == .waiting(missing: missing))
        #expect(throws: ChangeError.notReady) { try first.document.integrate(two, patches: &patches) }
        try first.document.integrate(one, patches: &patches)
        #expect(first.document.readiness(of: one) == .duplicate)
        #expect(throws: ChangeError.duplicate) { try first.document.integrate(one, patches: &patches) }
        missing = Version()
        missing[ReplicaID(1)] = 1
        #expect(third.readiness(of: one) == .waiting(missing: missing))
        let receipt = try third.receive([two, one, two, one], patches: &patches)
        #expect(receipt.applied.isEmpty)
        #expect(receipt.duplicates == 2)
        #expect(receipt.waiting == 2)
        #expect(third.backlogCount == 2)
        missing[ReplicaID(2)] = 1
        #expect(third.missing == missing)
    }

    @Test("The backlog frees what a change makes ready, in whatever order it came, and is bounded")
    func backlog() throws {
        var author = Document(replica: ReplicaID(1))
        var reader = Document(replica: ReplicaID(2))
        var changes: [Change] = []
        for index in 0..<2000 { changes.append(try #require(try author.insert(units("ab"), at: index, in: root))) }
        var random = SplitMix64(seed: 5)
        var patches: [Patch] = []
        let rest = Array(changes.dropFirst()).shuffled(using: &random)
        #expect(try reader.receive(rest, patches: &patches).waiting == 1999)
        let receipt = try reader.receive([changes[0]], patches: &patches)
        #expect(receipt.applied.map { $0.sequence } == Array(0..<2000))
        #expect(reader.backlogCount == 0)
        #expect(reader.missing.isEmpty)
        #expect(reader.text(of: root) == author.text(of: root))

        var backlog = Backlog(maximumByteCount: 10_000)
        let lacked = Version.Entry(replica: ReplicaID(1), count: 1)
        var byteCount = 0
        for change in changes where backlog.insert(.init(change), lacking: lacked) == .inserted {
            byteCount += change.encoded.count
        }
        #expect(byteCount > 9_990 && byteCount <= 10_000)
        backlog = Backlog(maximumCount: 10)
        #expect(changes.count { backlog.insert(.init($0), lacking: lacked) == .inserted } == 10)
    }

    @Test("Of many dependencies that come one by one each is looked at once, and what is missing is always said")
    func manyDependencies() throws {
        let count = 2000
        var early = Document(replica: ReplicaID(5000))
        var changes: [Change] = []
        var ignored: [Patch] = []
        for replica in 1...count {
            var document = Document(replica: ReplicaID(UInt64(replica)))
            changes.append(try #require(try document.insert(units("a"), at: 0, in: root)))
        }
        _ = try early.receive(changes, patches: &ignored)
        let last = try #require(try early.insert(units("b"), at: 0, in: root))
        #expect(last.dependencies.replicaCount == count)

        var reader = Document(replica: ReplicaID(6000))
        var patches: [Patch] = []
        var waiting = Backlog.Waiting(last)
        #expect(try reader.receive([last], patches: &patches).waiting == 1)
        #expect(reader.missing.replicaCount == count)
        for (index, change) in changes.enumerated() {
            let lacked = waiting.firstLacking(in: reader.store.replicas)
            // Nothing before it is looked at again.
            #expect(lacked?.replica == change.replica && waiting.position == index + 1)
            let receipt = try reader.receive([change], patches: &patches)
            #expect(receipt.applied.count == (index + 1 < count ? 1 : 2))
            if index % 500 == 0 { #expect(reader.missing.replicaCount == count - index - 1) }
        }
        #expect(waiting.firstLacking(in: reader.store.replicas) == nil)
        #expect(reader.backlogCount == 0 && reader.missing.isEmpty)
        #expect(reader.snapshot().count == early.snapshot().count)
    }

    @Test("A refused change in a batch does not hold up the others")
    func refusedAmongOthers() throws {
        let (first, second) = try pair()
        let good = try #require(try second.document.insert(units("x"), at: 0, in: root))
        let body: [UInt8] = [0x92, 5, 0x0D, 0x00, 0x01, 0x63]
        let bad = try Change(decoding: body + [Checksum.short(body, 0..<body.count)])
        var patches: [Patch] = []
        #expect(throws: ChangeError.unknownElement) { _ = try first.document.receive([bad, good], patches: &patches) }
        #expect(first.document.string(of: root) == "xa😀b")
        #expect(patches == [Patch.splice(root, utf16Offset: 0, insert: units("x"))])
    }

    @Test("A deletion over another's insertion leaves the insertion, and its patches say so")
    func deletesAround() throws {
        let (first, second) = try pair()
        let deletion = try #require(try first.document.delete(0..<4, in: root))
        let insertion = try #require(try second.document.insert(units("!"), at: 3, in: root))
        var patches: [Patch] = []
        try second.document.integrate(deletion, patches: &patches)
        #expect(
            patches == [
                Patch.splice(root, utf16Offset: 0, deleteCount: 3), Patch.splice(root, utf16Offset: 1, deleteCount: 1),
            ]
        )
        try first.document.integrate(insertion, patches: &patches)
        #expect(first.document.string(of: root) == "!")
        #expect(second.document.string(of: root) == "!")
    }

    @Test("A change that deletes the document over and over is refused")
    func repeatedDeletion() throws {
        let box = DocumentBox(ReplicaID(1))
        _ = try box.document.insert([UInt16](repeating: 97, count: 31), at: 0, in: root)
        let body: [UInt8] = [0x90, 2, 5, 0xFD, 0x00, 0x01, 0x00] + (0..<4).flatMap { _ in [0xFD, 0x01, 0x00] }
        let change = try Change(decoding: body + [Checksum.short(body, 0..<body.count)])
        var patches: [Patch] = []
        #expect(throws: ChangeError.unknownElement) { try box.document.integrate(change, patches: &patches) }
        #expect(box.document.utf16Count(of: root) == 31)
    }

    @Test("A document cannot have roots without end")
    func manyRoots() throws {
        var document = Document(replica: ReplicaID(1))
        for index in 0..<ElementStore.maximumRootCount {
            _ = try document.insert([97], at: 0, in: TextID(RootName(string: "root \(index)")))
        }
        #expect(document.roots.count == ElementStore.maximumRootCount)
        #expect(throws: EditError.tooLarge) { _ = try document.insert([97], at: 0, in: "one more") }
        let box = DocumentBox(ReplicaID(2))
        box.document = try Document(snapshot: document.snapshot(), replica: ReplicaID(2))
        var other = Document(replica: ReplicaID(3))
        let change = try #require(try other.insert([97], at: 0, in: "one more"))
        var patches: [Patch] = []
        #expect(throws: ChangeError.tooManyRoots) { try box.document.integrate(change, patches: &patches) }
    }
}
