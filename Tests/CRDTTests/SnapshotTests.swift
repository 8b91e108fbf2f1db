import TestSupport
import Testing

@testable import CRDT

@Suite("Snapshots")
struct SnapshotTests {
    let root: TextID = "body"

    private func document() throws -> [UInt8] {
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(900))
        var patches: [Patch] = []
        let text = Array("A text with 😀 and é.".utf16)
        try second.integrate(#require(try first.insert(text, at: 0, in: root)), patches: &patches)
        try second.integrate(#require(try first.delete(12..<15, in: root)), patches: &patches)
        _ = try second.insert(Array("new".utf16), at: 4, in: root)
        _ = try second.insert(Array("Title".utf16), at: 0, in: "title")
        return second.snapshot()
    }

    private func sealed(_ body: [UInt8]) -> [UInt8] {
        let sum = Checksum.crc32(body, 0..<body.count)
        return body + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt32($0))) }
    }

    @Test("Every damaged byte and every cut of a snapshot is an error")
    func damageIsNoticed() throws {
        let snapshot = try document()
        for length in 0..<snapshot.count {
            #expect(throws: FormatError.self) {
                _ = try Document(snapshot: Array(snapshot[..<length]), replica: ReplicaID(2))
            }
        }
        for index in snapshot.indices {
            var bytes = snapshot
            bytes[index] ^= 0x10
            #expect(throws: FormatError.self) { _ = try Document(snapshot: bytes, replica: ReplicaID(2)) }
        }
    }

    @Test("Text of every mixture of short and long characters comes back", arguments: 0..<40 as Range<UInt64>)
    func mixturesOfCharacters(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var document = Document(replica: ReplicaID(1))
        let alphabet = ["a", "b", "c", "d", "e", "f", "g", "h", "é", "€", "😀"].prefix(seed % 2 == 0 ? 8 : 11)
        for _ in 0..<60 {
            let units = (0..<1 + random.below(random.oneIn(4) ? 40 : 4)).flatMap { _ in
                Array(alphabet[random.below(alphabet.count)].utf16)
            }
            var offset = random.below(document.utf16Count(of: root) + 1)
            let text = document.text(of: root)
            if offset < text.count, UTF16Unit.isLow(text[offset]) { offset += 1 }
            _ = try document.insert(units, at: offset, in: root)
            let now = document.text(of: root)
            let start = random.below(now.count)
            let end = min(now.count, start + random.below(6))
            let splits = [start, end].contains { $0 < now.count && UTF16Unit.isLow(now[$0]) }
            if start < end, !splits { _ = try document.delete(start..<end, in: root) }
        }
        let snapshot = document.snapshot()
        let loaded = try Document(snapshot: snapshot, replica: ReplicaID(2))
        #if DEBUG
        loaded.checkInvariants()
        #endif
        #expect(loaded.text(of: root) == document.text(of: root), "seed \(seed)")
        #expect(loaded.snapshot() == snapshot, "seed \(seed)")
    }

    @Test("The checksum of any number of bytes is the CRC-32 of its definition")
    func checksumOfAnyLength() {
        var random = SplitMix64(seed: 7)
        for count in 0..<100 {
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            var sum = UInt32.max
            for byte in bytes {
                sum ^= UInt32(byte)
                for _ in 0..<8 { sum = sum & 1 != 0 ? 0xEDB8_8320 ^ (sum >> 1) : sum >> 1 }
            }
            #expect(Checksum.crc32(bytes, 0..<count) == ~sum, "\(count) bytes")
        }
    }

    @Test("A snapshot whose bytes were changed and sealed again is refused or is another state in its one form")
    func sealedDamage() throws {
        let body = Array(try document().dropLast(4))
        for index in body.indices {
            for value in [UInt8(0), 1, 2, 0x7F, 0x80, 0xFF, body[index] &+ 1, body[index] &- 1] {
                var bytes = body
                bytes[index] = value
                let snapshot = sealed(bytes)
                let limits = DecodingLimits(maximumElementCount: 100_000)
                guard let loaded = try? Document(snapshot: snapshot, replica: ReplicaID(2), limits: limits) else {
                    continue
                }
                #if DEBUG
                loaded.checkInvariants()
                #endif
                #expect(loaded.snapshot() == snapshot)
            }
        }
    }

    @Test("An empty document has a snapshot, and no other form of nothing is one")
    func empty() throws {
        let snapshot = Document(replica: ReplicaID(1)).snapshot()
        #expect(try Document(snapshot: snapshot, replica: ReplicaID(2)).roots.isEmpty)
        // Found by fuzzing: a column of life with a stretch of length zero.
        let other: [UInt8] = [
            0x51, 0x55, 0x49, 0x52, 2, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
        ]
        #expect(throws: FormatError.trailingBytes) { _ = try Document(snapshot: sealed(other), replica: ReplicaID(2)) }
        #expect(throws: FormatError.unsupportedVersion) {
            _ = try Document(snapshot: [0x51, 0x55, 0x49, 0x52, 1, 0, 0, 0, 0, 0], replica: ReplicaID(2))
        }
        #expect(throws: FormatError.badMagic) {
            _ = try Document(snapshot: [UInt8](repeating: 0, count: 20), replica: ReplicaID(2))
        }
    }

    @Test("A loaded document goes on: it is edited, it integrates, and it stays equal")
    func goesOn() throws {
        let snapshot = try document()
        let first = DocumentBox(ReplicaID(5))
        let second = DocumentBox(ReplicaID(6))
        first.document = try Document(snapshot: snapshot, replica: ReplicaID(5))
        second.document = try Document(snapshot: snapshot, replica: ReplicaID(6))
        var random = SplitMix64(seed: 3)
        for _ in 0..<300 {
            var changes: [[Change]] = []
            for box in [first, second] {
                let count = box.document.utf16Count(of: root)
                let offset = random.below(count + 1)
                let change = try? box.document.edit([
                    TextEdit(
                        text: root,
                        utf16Offset: offset,
                        deleteCount: min(random.below(3), count - offset),
                        insert: [97]
                    )
                ])
                changes.append(change.flatMap { $0 }.map { [$0] } ?? [])
            }
            var patches: [Patch] = []
            _ = try first.document.receive(changes[1], patches: &patches)
            _ = try second.document.receive(changes[0], patches: &patches)
        }
        #expect(first.document.snapshot() == second.document.snapshot())
        #if DEBUG
        first.document.checkInvariants()
        second.document.checkInvariants()
        #endif
    }
}
