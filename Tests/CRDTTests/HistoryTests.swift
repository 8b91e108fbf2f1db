import TestSupport
import Testing

@testable import CRDT

@Suite("Histories")
struct HistoryTests {
    let root: TextID = "body"

    /// What a few replicas wrote at the same time, in the order in which one of them learnt it.
    private func session(seed: UInt64, steps: Int) throws -> [Change] {
        var random = SplitMix64(seed: seed)
        var documents = (0..<3).map { HistoryBox(ReplicaID(UInt64($0) + 1)) }
        var all: [Change] = []
        var seen = [0, 0, 0]
        var patches: [Patch] = []
        for _ in 0..<steps {
            let index = random.below(3)
            if random.oneIn(4) {
                _ = try documents[index].value.receive(Array(all[seen[index]...]), patches: &patches)
                seen[index] = all.count
            }
            let count = documents[index].value.utf16Count(of: root)
            let changes = try edits(of: documents[index], count, &random)
            all += changes
        }
        documents.removeAll()
        return all
    }

    private func edits(of box: HistoryBox, _ count: Int, _ random: inout SplitMix64) throws -> [Change] {
        var changes: [Change?] = []
        let position = random.below(count + 1)
        switch random.below(8) {
        case 0...2:
            for offset in 0..<1 + random.below(6) {
                changes.append(try box.value.insert([UInt16(97 + random.below(26))], at: position + offset, in: root))
            }
        case 3:
            for offset in 0..<min(position, 1 + random.below(5)) {
                changes.append(try box.value.delete(position - offset - 1..<position - offset, in: root))
            }
        case 4:
            for _ in 0..<min(count - position, 1 + random.below(5)) {
                changes.append(try box.value.delete(position..<position + 1, in: root))
            }
        case 5: changes.append(try box.value.insert(Array("é汉 paste".utf16), at: position, in: root))
        case 6: changes.append(try box.value.delete(position..<min(count, position + 4), in: root))
        default: changes.append(try box.value.set(.number(1), for: Array("k".utf8), in: MapID("map")))
        }
        return changes.compactMap { $0 }
    }

    final class HistoryBox {
        var value: Document
        init(_ replica: ReplicaID) { value = Document(replica: replica) }
    }

    @Test("A history has the bytes that the format says")
    func golden() throws {
        var document = Document(replica: ReplicaID(1))
        var history = History()
        for (offset, unit) in Array("Hi!".utf16).enumerated() {
            try history.append(try #require(try document.insert([unit], at: offset, in: root)))
        }
        for offset in [2, 1] {
            try history.append(try #require(try document.delete(offset..<offset + 1, in: root)))
        }
        #expect(hex(history.encoded) == GoldenVectors.history)
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test("A history gives back the very changes it was given, all of them or those after a version", arguments: 0..<60)
    func givesBack(seed: UInt64) throws {
        let changes = try session(seed: seed, steps: 80)
        var history = History()
        var half = Version()
        for (index, change) in changes.enumerated() {
            try history.append(change)
            if index == changes.count / 2 { half = history.version }
        }
        let read = try History(decoding: history.encoded)
        #expect(read.changes(since: Version()) == changes)
        #expect(read.changes(since: half) == Array(changes[(changes.count / 2 + 1)...]))
        #expect(read.version == history.version)
        #expect(read.encoded == history.encoded)
    }

    @Test("A document at any version of its history is the one that was there", arguments: 0..<30)
    func atVersion(seed: UInt64) throws {
        let changes = try session(seed: seed, steps: 60)
        var history = History()
        var document = Document(replica: ReplicaID(9))
        var patches: [Patch] = []
        var moments: [(version: Version, snapshot: [UInt8])] = []
        for change in changes {
            try history.append(change)
            try document.integrate(change, patches: &patches)
            moments.append((document.version, document.snapshot()))
        }
        for (index, moment) in moments.enumerated() where index % 7 == 0 || index == moments.count - 1 {
            let past = try history.document(at: moment.version, replica: ReplicaID(10))
            #if DEBUG
            past.checkInvariants()
            #endif
            #expect(past.snapshot() == moment.snapshot, "seed \(seed), change \(index)")
        }
        var fresh = Document(replica: ReplicaID(11))
        try fresh.apply(history: history.encoded)
        #expect(fresh.snapshot() == document.snapshot())
        // Once more: all of it is known.
        try fresh.apply(history: history.encoded)
        #expect(fresh.snapshot() == document.snapshot())
    }

    @Test("A history goes on after it was read, and what somebody has already is passed over", arguments: 0..<20)
    func goesOn(seed: UInt64) throws {
        let changes = try session(seed: seed, steps: 60)
        let middle = changes.count / 3
        var history = History()
        for change in changes[..<middle] { try history.append(change) }
        var read = try History(decoding: history.encoded)
        var document = try read.document(replica: ReplicaID(9))
        for change in changes[middle...] { try read.append(change) }
        #expect(read.changes(since: Version()) == changes)
        try document.apply(history: read.encoded)
        var other = Document(replica: ReplicaID(10))
        var patches: [Patch] = []
        _ = try other.receive(changes, patches: &patches)
        #expect(document.snapshot() == other.snapshot())
    }

    @Test("Of a history that starts later nothing earlier is given, and no document is made")
    func startsLater() throws {
        let changes = try session(seed: 3, steps: 40)
        var history = History()
        for change in changes where change.sequence > 2 { try history.append(change) }
        #expect(history.changes(since: Version()) == nil)
        #expect(throws: ChangeError.notReady) { _ = try history.document(replica: ReplicaID(9)) }
        #expect(throws: ChangeError.notReady) { try history.append(changes[0]) }
        var document = Document(replica: ReplicaID(9))
        #expect(throws: ChangeError.notReady) { try document.apply(history: history.encoded) }
    }

    @Test("A few bytes that claim to be very many changes cost what the first refused one costs")
    func claims() throws {
        var document = Document(replica: ReplicaID(1))
        var history = History()
        for offset in 0..<3 {
            try history.append(try #require(try document.insert([97], at: offset, in: root)))
        }
        try history.append(try #require(try document.delete(2..<3, in: root)))
        var bytes = Array(history.encoded.dropLast(4))
        // The last entry's count, 1, becomes 2,097,151: the replica never had that many elements.
        let column = try #require(bytes.indices.first { Array(bytes[$0...].prefix(3)) == [2, 2, 1] })
        bytes.replaceSubrange(column..<column + 3, with: [4, 2, 0xFF, 0xFF, 0x7F])
        bytes.appendLittleEndian(Checksum.crc32(bytes, 0..<bytes.count))
        var fresh = Document(replica: ReplicaID(9))
        #expect(throws: ChangeError.self) { try fresh.apply(history: bytes) }
        #expect(fresh.version[ReplicaID(1)] <= 6)
        var limits = DecodingLimits.default
        limits.maximumChangeCount = 1000
        #expect(throws: FormatError.limitExceeded) { _ = try History(decoding: bytes, limits: limits) }
    }

    @Test("A damaged history is refused or means something, and never more than its bytes can", arguments: 0..<20)
    func hostile(seed: UInt64) throws {
        var history = History()
        for change in try session(seed: seed, steps: 40) { try history.append(change) }
        let bytes = history.encoded
        for count in 0..<bytes.count {
            #expect(throws: FormatError.self) { _ = try History(decoding: Array(bytes[..<count])) }
        }
        var random = SplitMix64(seed: seed)
        for _ in 0..<500 {
            var damaged = Array(bytes.dropLast(4))
            for _ in 0...random.below(3) { damaged[5 + random.below(damaged.count - 5)] = UInt8(random.below(256)) }
            damaged.appendLittleEndian(Checksum.crc32(damaged, 0..<damaged.count))
            var document = Document(replica: ReplicaID(9))
            // Either way is right, as long as it ends.
            do throws(ChangeError) { try document.apply(history: damaged) } catch {}
            #if DEBUG
            document.checkInvariants()
            #endif
            var limits = DecodingLimits.default
            limits.maximumChangeCount = 10_000
            guard let read = try? History(decoding: damaged, limits: limits) else { continue }
            #expect(read.changes(since: read.start)?.count == read.changeCount)
        }
    }
}
