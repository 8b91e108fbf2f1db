import TestSupport
import Testing

@testable import CRDT

/// What deletes or restores again and again costs in proportion to its bytes.
@Suite("Counts of deletions that no honest replica makes")
struct HostileCountTests {
    private let body: TextID = "body"

    /// Change `sequence` of replica 3: delete so many elements of replica 1, from one on.
    private func deletion(from counter: Int, _ count: Int, sequence: UInt64) throws -> Change {
        var bytes: [UInt8] = []
        var name: [UInt8] = []
        name.appendVarint(sequence << 3 | 3)
        // Replicas have numbers in an operation, and a change without dependencies names each anew.
        bytes += [0x05, 0, 1]
        bytes.appendVarint(counter)
        bytes.appendVarint(count)
        return try Change(decoding: ChangeFormatTests.change(bytes, name: name))
    }

    private func restoration(of counter: UInt8, _ text: String, sequence: UInt64) throws -> Change {
        var name: [UInt8] = []
        name.appendVarint(sequence << 3 | 3)
        let bytes = [0x0B, 0, 0, 1, counter, UInt8(text.utf8.count)] + Array(text.utf8)
        return try Change(decoding: ChangeFormatTests.change(bytes, name: name))
    }

    private func sealed(_ body: [UInt8]) -> [UInt8] {
        let sum = Checksum.crc32(body, 0..<body.count)
        return body + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt32($0))) }
    }

    @Test("Elements deleted again and again are one stretch, and so they come back from a snapshot")
    func deletedAgain() throws {
        let size = 100_000
        var document = Document(replica: ReplicaID(1))
        _ = try document.insert([UInt16](repeating: 0x78, count: size), at: 0, in: body)
        var patches: [Patch] = []
        // One look at each element takes 10^9 steps here.
        for sequence in 0..<10_000 {
            try document.integrate(deletion(from: 0, size, sequence: UInt64(sequence)), patches: &patches)
        }
        #expect(document.string(of: body).isEmpty && patches.count == 1)
        #expect(document.store.counts.stepCount == 2)
        #expect(document.store.counts.settledCount(from: 0, by: 0, size) == size)
        let snapshot = document.snapshot()
        #expect(snapshot.count < 100)
        let loaded = try Document(snapshot: snapshot, replica: ReplicaID(2))
        #expect(loaded.store.counts.stepCount == 2)
        #expect(loaded.store.counts.extra(of: 5, by: 0) == 9999)
        #expect(loaded.snapshot() == snapshot)
    }

    @Test("Elements of lists deleted again and again are one stretch as well")
    func itemsDeletedAgain() throws {
        let size = 1000
        var document = Document(replica: ReplicaID(1))
        let list = ListID("l")
        _ = try document.insert([Content](repeating: .null, count: size), at: 0, in: list)
        var patches: [Patch] = []
        for sequence in 0..<10_000 {
            try document.integrate(deletion(from: 0, size, sequence: UInt64(sequence)), patches: &patches)
        }
        #expect(document.values(of: list).isEmpty)
        #expect(document.store.counts.stepCount == 2)
        document.checkInvariants()
    }

    @Test("Stretches that were deleted differently often do not have to be looked at one by one")
    func deletedDifferently() throws {
        let size = 2000
        var document = Document(replica: ReplicaID(1))
        _ = try document.insert([UInt16](repeating: 0x78, count: size), at: 0, in: body)
        var patches: [Patch] = []
        var sequence: UInt64 = 0
        func delete(_ counter: Int, _ count: Int) throws {
            try document.integrate(deletion(from: counter, count, sequence: sequence), patches: &patches)
            sequence += 1
        }
        try delete(0, size)
        for counter in stride(from: 0, to: size, by: 2) { try delete(counter, 1) }
        #expect(document.store.counts.stepCount == size)
        #expect(document.store.counts.settledCount(from: 0, by: 0, size) == 1)
        // This one has to look at all that are not counted yet; from then on they are.
        try delete(0, size)
        #expect(document.store.counts.settledCount(from: 0, by: 0, size) == size)
        #expect(document.store.counts.stepCount == size + 1)
        document.checkInvariants()
        let loaded = try Document(snapshot: document.snapshot(), replica: ReplicaID(2))
        #expect(loaded.snapshot() == document.snapshot())
    }

    @Test("What is restored as often as it was deleted is not counted any more")
    func nothingLeft() throws {
        var document = Document(replica: ReplicaID(1))
        _ = try document.insert(Array("x😀y".utf16), at: 0, in: body)
        var patches: [Patch] = []
        for sequence in 0..<3 {
            try document.integrate(deletion(from: 1, 2, sequence: UInt64(sequence)), patches: &patches)
        }
        let isCounted = !document.store.counts.isEmpty
        #expect(isCounted)
        for sequence in 3..<6 {
            try document.integrate(restoration(of: 1, "😀", sequence: UInt64(sequence)), patches: &patches)
        }
        let isCleared = document.store.counts.isEmpty
        #expect(isCleared)
        #expect(document.string(of: body) == "x😀y")
        document.checkInvariants()
    }

    // MARK: Snapshots

    /// A snapshot of replica 1 whose elements, of text, are all dead, or all alive; with one count for them all.
    private func snapshot(_ elements: Int, text: [UInt8], extra: Int64) -> [UInt8] {
        var bytes: [UInt8] = [0x51, 0x55, 0x49, 0x52, 2, 1, 1, 1]
        bytes.appendVarint(elements)
        bytes += [1, 0, 0, 0]
        func column(_ body: (inout [UInt8]) -> Void) {
            var column: [UInt8] = []
            body(&column)
            bytes.appendPrefixed(column)
        }
        column { $0 += [1, 0, 1, 0x74, 0] }
        column { $0 += [0] }
        column { $0 += [1] }
        column { $0 += [0, 1] }
        column { $0 += [0] }
        column { $0.appendVarint(elements) }
        column {
            if extra > 0 { $0.append(0) }
            $0.appendVarint(elements)
        }
        column { _ in }
        column { $0 += text }
        column { _ in }
        column { _ in }
        column {
            $0 += [0, 0]
            $0.appendVarint(elements)
            $0.appendZigzag(extra)
        }
        return sealed(bytes)
    }

    @Test("A snapshot of ten million elements deleted twice is loaded, and the counts are one stretch")
    func manyCounted() throws {
        let bytes = snapshot(10_000_000, text: [], extra: 1)
        let document = try Document(snapshot: bytes, replica: ReplicaID(2))
        #expect(document.store.counts.stepCount == 2)
        #expect(document.snapshot() == bytes)
    }

    @Test("Elements that the columns do not have get no memory")
    func claims() {
        // 2^27 elements, in lists or in texts; no columns with any.
        for kinds: [UInt8] in [[1, 0x81, 0x80, 0x80, 0x80, 0x02], [0]] {
            let head: [UInt8] = [0x51, 0x55, 0x49, 0x52, 2, 1, 1, 1, 0x80, 0x80, 0x80, 0x40, 1, 0, 0] + kinds
            let bytes = sealed(head + [1, 0, 1, 0] + [UInt8](repeating: 0, count: 10))
            #expect(throws: FormatError.invalid) { _ = try Document(snapshot: bytes, replica: ReplicaID(2)) }
        }
    }

    @Test("No local deletion writes the millions of operations that a snapshot says it takes")
    func surplus() throws {
        let text: TextID = "t"
        let bytes = snapshot(2, text: [0x61, 0x62], extra: -(1 << 24))
        var document = try Document(snapshot: bytes, replica: ReplicaID(2))
        #expect(document.string(of: text) == "ab")
        #expect(throws: EditError.tooLarge) { _ = try document.delete(0..<1, in: text) }
        let edits = [
            TextEdit(text: text, utf16Offset: 1, deleteCount: 1), TextEdit(text: text, utf16Offset: 0, insert: [0x63]),
        ]
        #expect(throws: EditError.tooLarge) { _ = try document.edit(edits) }
        #expect(document.string(of: text) == "ab")
        // What else there is can be edited.
        _ = try document.insert(Array("cd".utf16), at: 2, in: text)
        let change = try #require(try document.delete(2..<4, in: text))
        #expect(change.encoded.count < 20)
        #expect(document.string(of: text) == "ab")
        // The most that a snapshot can say, of more elements than 64 bits can count it for.
        let units = [UInt8](repeating: 0x61, count: 70_000)
        var large = try Document(snapshot: snapshot(70_000, text: units, extra: 1 - (1 << 48)), replica: ReplicaID(2))
        #expect(throws: EditError.tooLarge) { _ = try large.delete(0..<70_000, in: text) }
        #expect(throws: EditError.tooLarge) { _ = try large.edit(edits) }
    }

    @Test("What was restored a thousand times too often is deleted by a thousand operations")
    func boundedSurplus() throws {
        let text: TextID = "t"
        var document = try Document(snapshot: snapshot(2, text: [0x61, 0x62], extra: -1000), replica: ReplicaID(2))
        let change = try #require(try document.delete(0..<2, in: text))
        #expect(change.encoded.count < 10_000)
        let isCleared = document.store.counts.isEmpty
        #expect(document.string(of: text).isEmpty && isCleared)
    }
}
