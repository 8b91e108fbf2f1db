import TestSupport
import Testing

@testable import CRDT

@Suite("Snapshots of lists and maps")
struct ContainerSnapshotTests {
    /// A document with a bit of everything: moves, lost sets, nested containers out of sight, counted deletions.
    private func document() throws -> Document {
        let list = ListID("l")
        let map = MapID("m")
        let key = Array("k".utf8)
        var trio = Trio()
        trio.note(try trio.a.insert([.number(1), .text(Array("t😀".utf16)), .list(numbers(1))], at: 0, in: list))
        trio.note(try trio.a.set(.map([Content.Entry(key: key, content: .text([]))]), for: key, in: map))
        trio.note(try trio.a.insert(Array("ab😀cd".utf16), at: 0, in: "t"))
        try trio.sync()
        trio.a.closeUndoStep()
        trio.b.closeUndoStep()
        trio.note(try trio.a.move(from: 0, to: 2, in: list))
        trio.note(try trio.b.move(from: 0, to: 1, in: list))
        trio.note(try trio.b.set(.string("x"), for: key, in: map))
        trio.note(try trio.c.unset(key, in: map))
        trio.note(try trio.a.delete(1..<5, in: "t"))
        trio.note(try trio.b.delete(2..<5, in: "t"))
        trio.note(try trio.c.delete(1..<3, in: list))
        trio.note(try trio.b.delete(2..<3, in: list))
        try trio.sync()
        trio.note(try trio.b.undo())
        try trio.sync()
        return try Document(snapshot: trio.a.snapshot(), replica: ReplicaID(4))
    }

    private func sealed(_ body: some Sequence<UInt8>) -> [UInt8] {
        let body = Array(body)
        let sum = Checksum.crc32(body, 0..<body.count)
        return body + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt32($0))) }
    }

    @Test("A snapshot with any byte changed is refused or is the one form of another document")
    func anyByte() throws {
        let snapshot = try document().snapshot()
        let body = snapshot.dropLast(4)
        var loaded = 0
        for index in body.indices {
            for value in [
                0, 1, 2, 7, 8, 9, 10, 0x7F, 0x80, 0xFF, body[index] &+ 1, body[index] &- 1, body[index] ^ 0x40,
            ] {
                var changed = body
                changed[index] = value
                if changed == body { continue }
                let bytes = sealed(changed)
                do throws(FormatError) {
                    let other = try Document(snapshot: bytes, replica: ReplicaID(5))
                    loaded += 1
                    other.checkInvariants()
                    #expect(other.snapshot() == bytes, "byte \(index) set to \(value)")
                } catch {}
            }
        }
        // Names, text, numbers and clocks can be others.
        #expect(loaded > 20)
    }

    @Test("A snapshot cut anywhere, and one with something after it, are refused")
    func cuts() throws {
        let body = Array(try document().snapshot().dropLast(4))
        for count in 0..<body.count {
            #expect(throws: FormatError.self) {
                _ = try Document(snapshot: sealed(body[..<count]), replica: ReplicaID(5))
            }
        }
        #expect(throws: FormatError.trailingBytes) {
            _ = try Document(snapshot: sealed(body + [0]), replica: ReplicaID(5))
        }
    }

    @Test("Who was loaded from a snapshot goes on like who was there all the time")
    func goesOn() throws {
        var first = Document(replica: ReplicaID(1))
        let list = ListID("l")
        let map = MapID("m")
        _ = try first.insert([.number(1), .list([]), .number(3)], at: 0, in: list)
        _ = try first.set(.text(Array("x".utf16)), for: [], in: map)
        _ = try first.move(from: 0, to: 2, in: list)
        _ = try first.delete(1..<2, in: list)
        let snapshot = first.snapshot()
        var second = try Document(snapshot: snapshot, replica: ReplicaID(2))
        var third = try Document(snapshot: snapshot, replica: ReplicaID(1))
        var patches: [Patch] = []
        for change in [
            try second.move(from: 1, to: 0, in: list), try second.insert([.map([])], at: 1, in: list),
            try second.set(.list(numbers(4)), for: [], in: map), try second.insert(Array("y".utf16), at: 0, in: "t"),
        ] {
            let change = try #require(change)
            try first.integrate(change, patches: &patches)
            try third.integrate(change, patches: &patches)
        }
        let change = try #require(try third.insert([.bool(false)], at: 3, in: list))
        _ = try first.receive([change], patches: &patches)
        try second.integrate(change, patches: &patches)
        #expect(first.snapshot() == second.snapshot())
        #expect(first.snapshot() == third.snapshot())
        #expect(
            second.content(of: .list(list)) == .list([.number(1), .map([]), .list([]), .bool(false)])
        )
    }

    @Test("A snapshot where one half of a pair was deleted more often than the other is refused")
    func splitPair() throws {
        var document = Document(replica: ReplicaID(1))
        _ = try document.insert(Array("😀".utf16), at: 0, in: "t")
        // A deletion and one more, which others made at the same time.
        _ = try document.delete(0..<2, in: "t")
        var patches: [Patch] = []
        try document.integrate(
            Change(decoding: ChangeFormatTests.change([0x15, 0, 1, 0], name: [2])),
            patches: &patches
        )
        let body = Array(document.snapshot().dropLast(4))
        // The last column: 4 bytes for replica 0, counter 0, 2 elements, once more.
        #expect(body.suffix(5) == [4, 0, 0, 2, 2])
        for column: [UInt8] in [[4, 0, 0, 1, 2], [4, 0, 1, 1, 2], [8, 0, 0, 1, 2, 0, 1, 1, 4]] {
            #expect(throws: FormatError.invalid) {
                _ = try Document(snapshot: sealed(body.dropLast(5) + column), replica: ReplicaID(5))
            }
        }
        #expect(try Document(snapshot: sealed(body), replica: ReplicaID(5)).utf16Count(of: "t") == 0)
    }
}
