import TestSupport
import Testing

@testable import CRDT

@Suite("Versions, logs, names and anchors")
struct VersionTests {
    let root: TextID = "body"

    private func units(_ string: String) -> [UInt16] { Array(string.utf16) }

    private func version(_ entries: [UInt64: UInt64]) -> Version {
        var version = Version()
        for (replica, count) in entries { version[ReplicaID(replica)] = count }
        return version
    }

    @Test("A version covers what it knows, and merging knows what either did")
    func covers() {
        let small = version([1: 2, 9: 1])
        let large = version([1: 2, 5: 7, 9: 3])
        let other = version([1: 3])
        #expect(large.covers(small) && !small.covers(large))
        #expect(!large.covers(other) && !other.covers(large))
        #expect(small.covers(Version()) && !Version().covers(small))
        var merged = large
        merged.merge(other)
        #expect(merged == version([1: 3, 5: 7, 9: 3]))
        merged[ReplicaID(5)] = 0
        #expect(merged == version([1: 3, 9: 3]))
        #expect(merged[ReplicaID(7)] == 0)
        #expect(merged.replicas == [ReplicaID(1), ReplicaID(9)])
    }

    @Test("A version reads back from its bytes, and nothing else is one")
    func versionCoding() throws {
        for version in [
            Version(), version([0: 1]), version([.max: 5]), version([0: 1, 1: 2, .max: 3]), version([7: 1 << 59]),
        ] {
            let bytes = version.encoded
            #expect(try Version(decoding: bytes) == version)
            for length in 0..<bytes.count {
                #expect(throws: FormatError.self) { try Version(decoding: Array(bytes[..<length])) }
            }
            #expect(throws: FormatError.trailingBytes) { try Version(decoding: bytes + [0]) }
        }
        #expect(throws: FormatError.badMagic) { try Version(decoding: [0x80]) }
        #expect(throws: FormatError.unsupportedVersion) { try Version(decoding: [0xD1, 0]) }
        #expect(throws: FormatError.invalid) { try Version(decoding: [0xD0, 1, 1, 0]) }
        let greatest: [UInt8] = [UInt8](repeating: 0xFF, count: 9) + [1]
        #expect(throws: FormatError.overflow) { try Version(decoding: [0xD0, 2] + greatest + [1, 0, 1]) }
        #expect(throws: FormatError.overflow) { try Version(decoding: [0xD0, 2, 1, 1] + greatest + [1]) }
    }

    @Test("A log gives what is missing, and says when it does not reach back far enough")
    func changeLog() throws {
        var document = Document(replica: ReplicaID(1))
        var log = ChangeLog()
        var changes: [Change] = []
        for index in 0..<100 {
            let change = try #require(try document.insert([97], at: index, in: root))
            changes.append(change)
            log.append(change)
        }
        #expect(log.count == 100)
        #expect(log.byteCount == changes.reduce(0) { $0 + $1.encoded.count })
        #expect(log.changes(since: Version()) == changes)
        #expect(log.changes(since: version([1: 40])) == Array(changes[40...]))
        #expect(log.changes(since: version([1: 100, 3: 5])) == [])
        log.removeFirst(30)
        #expect(log.start == version([1: 30]))
        #expect(log.changes(since: version([1: 29])) == nil)
        #expect(log.changes(since: version([1: 30])) == Array(changes[30...]))
        log.removeFirst(1000)
        #expect(log.count == 0 && log.byteCount == 0)
        #expect(log.changes(since: document.version) == [])
    }

    @Test("A root's name is 1 to 256 bytes of UTF-8")
    func names() throws {
        #expect(try RootName(string: "body") == "body")
        #expect(try RootName(utf8: Array("é".utf8)).string == "é")
        #expect(throws: FormatError.limitExceeded) { try RootName(utf8: []) }
        #expect(throws: FormatError.limitExceeded) { try RootName(utf8: [UInt8](repeating: 97, count: 257)) }
        #expect(throws: FormatError.illFormedUTF8) { try RootName(utf8: [0xC0, 0x80]) }
        #expect(try RootName(utf8: [UInt8](repeating: 97, count: 256)).utf8.count == 256)
    }

    @Test("An anchor stays with its neighbour, through insertions, its deletion and a snapshot")
    func anchors() throws {
        let box = DocumentBox(ReplicaID(1))
        _ = try box.document.insert(units("abcd"), at: 0, in: root)
        let left = box.document.anchor(at: 2, side: .left, in: root)
        let right = box.document.anchor(at: 2, side: .right, in: root)
        func offsets(_ document: borrowing Document) -> [Int?] {
            [document.utf16Offset(of: left, in: root), document.utf16Offset(of: right, in: root)]
        }
        #expect(offsets(box.document) == [2, 2])
        _ = try box.document.insert(units("XY"), at: 2, in: root)
        #expect(offsets(box.document) == [2, 4])
        _ = try box.document.delete(1..<2, in: root)
        #expect(offsets(box.document) == [1, 3])
        _ = try box.document.delete(3..<4, in: root)
        #expect(offsets(box.document) == [1, 3])
        #expect(offsets(try Document(snapshot: box.document.snapshot(), replica: ReplicaID(2))) == [1, 3])
        #expect(box.document.utf16Offset(of: left, in: "title") == nil)
        #expect(box.document.utf16Offset(of: .end, in: root) == box.document.utf16Count(of: root))
        let unknown = Anchor(.after(ElementID(replica: ReplicaID(8), counter: 0)))
        #expect(box.document.utf16Offset(of: unknown, in: root) == nil)
        let later = Anchor(.before(ElementID(replica: ReplicaID(1), counter: .max)))
        #expect(box.document.utf16Offset(of: later, in: root) == nil)
    }

    @Test("An anchor never points between the halves of a pair, whatever its bytes say")
    func anchorsAndPairs() throws {
        let box = DocumentBox(ReplicaID(1))
        _ = try box.document.insert(units("a😀b"), at: 0, in: root)
        #expect(box.document.anchor(at: 2, side: .left, in: root) == box.document.anchor(at: 1, side: .left, in: root))
        #expect(box.document.anchor(at: -5, side: .left, in: root) == .start)
        #expect(box.document.anchor(at: 99, side: .right, in: root) == .end)
        let half = try Anchor(decoding: [0xDA, 1, 1])
        #expect(box.document.utf16Offset(of: half, in: root) == 1)
        #expect(try Anchor(decoding: Anchor.start.encoded) == .start)
        #expect(try Anchor(decoding: Anchor.end.encoded) == .end)
        for bytes: [UInt8] in [
            [], [0xD0], [0xDC], [0xD8, 0], [0xDA], [0xDA, 1], [0xDB, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
        ] {
            #expect(throws: FormatError.self) { try Anchor(decoding: bytes) }
        }
    }
}
