import Collaboration
import Foundation
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

@Suite("Compressed snapshots")
struct PackedSnapshotTests {
    private static let id = StoreConformance.name("a")
    private static let text = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 / 100) }

    @Test("A snapshot that compresses takes less room, and one that does not takes no more")
    func roundTrip() throws {
        var generator = SplitMix64(seed: 1)
        let noise = (0..<20_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for (bytes, encoding) in [
            (Self.text, PackedSnapshot.Encoding.zlib), (noise, .plain), ([], .plain), ([7], .plain),
        ] {
            let snapshot = StoredSnapshot(revision: Revision(3), bytes: bytes)
            let packed = PackedSnapshot(snapshot)
            #expect(packed.encoding == encoding)
            #expect(packed.bytes.count <= bytes.count)
            #expect(try packed.unpacked() == snapshot)
        }
    }

    @Test("A row that says it inflates to more than its bytes can hold is refused before any room is taken")
    func bombs() throws {
        var packed = PackedSnapshot(StoredSnapshot(revision: Revision(3), bytes: Self.text))
        for length in [Int64(packed.bytes.count) * 1_032 + 1, 1 << 40, .max, -1, .min] {
            packed.byteCount = length
            #expect(throws: PackedSnapshot.Failure.excessiveLength) { try packed.unpacked() }
        }
        for length in [Int64(Self.text.count) - 1, Int64(Self.text.count) + 1, 0] {
            packed.byteCount = length
            #expect(throws: PackedSnapshot.Failure.malformed) { try packed.unpacked() }
        }
    }

    @Test("Bytes that do not inflate whole are refused: cut off, changed, or followed by others")
    func malformed() throws {
        let good = PackedSnapshot(StoredSnapshot(revision: Revision(3), bytes: Self.text))
        var inputs = (0..<good.bytes.count).map { Array(good.bytes[..<$0]) }
        inputs.append(good.bytes + [0])
        for index in good.bytes.indices {
            for bit in 0..<8 as Range<UInt8> {
                var bytes = good.bytes
                bytes[index] ^= 1 << bit
                inputs.append(bytes)
            }
        }
        for bytes in inputs {
            var bad = good
            bad.bytes = bytes
            // A flipped bit in zlib's header that only speaks of the effort made changes nothing.
            if let snapshot = try? bad.unpacked() { #expect(snapshot.bytes == Self.text) }
        }
        var cut = good
        cut.bytes.removeLast()
        #expect(throws: PackedSnapshot.Failure.self) { try cut.unpacked() }
    }

    @Test("A file of the version before compression is taken over, and its snapshots stay good")
    func migration() async throws {
        let database = try TemporaryDatabase()
        let queue = try DatabaseQueue(path: database.path)
        try Schema.migrator.migrate(queue, upTo: "1 documents, changes, snapshots")
        let row = DocumentRow(epoch: Epoch("e"), revision: Revision(2), created: 5)
        let snapshot = StoredSnapshot(revision: Revision(2), bytes: Self.text)
        var checksum = Checksum()
        checksum.add("a")
        checksum.add(Int64(2))
        checksum.add(Self.text)
        let value = Int64(checksum.value)
        try await queue.write { database in
            try database.execute(
                sql: "INSERT INTO documents (name, epoch, revision, created, checksum) VALUES ('a', 'e', 2, 5, ?)",
                arguments: [row.checksum(Self.id)]
            )
            try database.execute(
                sql: "INSERT INTO snapshots (document, revision, bytes, checksum) VALUES ('a', 2, ?, ?)",
                arguments: [Data(Self.text), value]
            )
        }
        try queue.close()

        let store = try database.open()
        #expect(try await store.load(Self.id) == StoredDocument(epoch: Epoch("e"), snapshot: snapshot, entries: []))
        try await StoreConformance.append(StoreConformance.entry("a", 3), to: store).get()
        let next = StoredSnapshot(revision: Revision(3), bytes: Self.text + Self.text)
        try await StoreConformance.save(next, of: "a", keepingEntries: 0, in: store).get()
        #expect(try await store.load(Self.id)?.snapshot == next)
        let sizes = try await database.read {
            try Row.fetchAll($0, sql: "SELECT encoding, length, length(bytes) FROM snapshots ORDER BY revision").map {
                [$0[0] as Int, $0[1], $0[2]]
            }
        }
        #expect(sizes.count == 2)
        #expect(sizes.first == [0, 0, Self.text.count])
        #expect(sizes.last?.prefix(2) == [1, Self.text.count * 2])
        #expect((sizes.last?[2] ?? .max) < Self.text.count / 10)
        await store.close()
    }

    @Test(
        "Damage of a compressed snapshot is noted, and the older one serves",
        arguments: [
            "encoding = 0", "encoding = 2", "length = 1", "length = 9223372036854775807", "length = -1",
            "bytes = x'00'",
        ]
    )
    func damage(assignment: String) async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        try await store.create(Self.id, epoch: Epoch("e"))
        for revision in 1...4 as ClosedRange<UInt64> {
            try await StoreConformance.append(StoreConformance.entry("a", revision), to: store).get()
            if revision % 2 == 0 {
                let snapshot = StoredSnapshot(revision: Revision(revision), bytes: Self.text)
                try await StoreConformance.save(snapshot, of: "a", keepingEntries: 100, in: store).get()
            }
        }
        try await database.write { try $0.execute(sql: "UPDATE snapshots SET \(assignment) WHERE revision = 4") }
        #expect(try await store.load(Self.id)?.snapshot?.revision == Revision(2))
        #expect(try await store.damagedRows().map(\.revision) == [Revision(4)])
        await store.close()
    }

    @Test("A row whose checksum was made to fit its excessive length is damage, not a trap")
    func forgedBomb() async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        try await store.create(Self.id, epoch: Epoch("e"))
        try await StoreConformance.append(StoreConformance.entry("a", 1), to: store).get()
        try await StoreConformance.save(.init(revision: Revision(1), bytes: Self.text), of: "a", in: store).get()
        var forged = PackedSnapshot(StoredSnapshot(revision: Revision(1), bytes: Self.text))
        forged.byteCount = 1 << 50
        let checksum = forged.checksum(Self.id)
        try await database.write {
            try $0.execute(sql: "UPDATE snapshots SET length = ?, checksum = ?", arguments: [Int64(1) << 50, checksum])
        }
        // The log is whole, so the document is too.
        #expect(try await store.load(Self.id)?.snapshot == nil)
        #expect(try await store.load(Self.id)?.entries.count == 1)
        #expect(try await store.damagedRows().count == 1)
        await store.close()
    }
}
