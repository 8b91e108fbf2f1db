import TestSupport
import Testing

@testable import CRDT

@Suite("The format of changes")
struct ChangeFormatTests {
    let root: TextID = "body"

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count < 2 ? "0" + digits : digits
        }.joined()
    }

    /// The vectors that `FORMAT.md` explains byte by byte.
    @Test("Changes have the bytes that the format says")
    func goldenVectors() throws {
        var document = Document(replica: ReplicaID(1))
        var vectors: [String] = []
        func note(_ change: Change?) throws {
            let change = try #require(change)
            vectors.append(hex(change.encoded))
            #expect(try Change(decoding: change.encoded) == change)
        }
        try note(document.insert(Array("Hi".utf16), at: 0, in: root))
        try note(document.insert(Array("!".utf16), at: 2, in: root))
        try note(document.delete(2..<3, in: root))
        try note(document.insert(Array("é😀".utf16), at: 1, in: root))
        var other = Document(replica: ReplicaID(300))
        var patches: [Patch] = []
        _ = try other.receive([], patches: &patches)
        let all = try Document(snapshot: document.snapshot(), replica: ReplicaID(300))
        other = all
        try note(other.insert(Array("x".utf16), at: 1, in: root))
        try note(
            other.edit([
                TextEdit(text: root, utf16Offset: 0, deleteCount: 1),
                TextEdit(text: root, utf16Offset: 0, insert: Array("y".utf16)),
            ])
        )
        #expect(vectors == GoldenVectors.changes)
        #expect(hex(document.version.encoded) == GoldenVectors.version)
        #expect(hex(other.version.encoded) == GoldenVectors.laterVersion)
        #expect(hex(document.anchor(at: 1, side: .left, in: root).encoded) == GoldenVectors.anchor)
        #expect(hex(document.snapshot()) == GoldenVectors.snapshot)
        #expect(hex(ChangeSet.encode([])) == GoldenVectors.emptySet)
    }

    @Test("The checksum is the CRC-32 of everybody else")
    func checksum() {
        let digits = Array("123456789".utf8)
        #expect(Checksum.crc32(digits, 0..<9) == 0xCBF4_3926)
        #expect(Checksum.crc32(digits, 0..<0) == 0)
    }

    @Test("A keystroke of a replica with a small number takes 5 to 9 bytes")
    func keystrokesAreSmall() throws {
        var document = Document(replica: ReplicaID(3))
        for index in 0..<20_000 {
            let change = try #require(try document.insert([97], at: index, in: root))
            if index > 0 { #expect(change.encoded.count <= 7) }
        }
        for index in stride(from: 20_000, to: 0, by: -1) {
            let change = try #require(try document.delete(index - 1..<index, in: root))
            #expect(change.encoded.count <= 9)
        }
    }

    @Test("Every damaged byte and every cut of a change is an error, never another change")
    func damageIsNoticed() throws {
        var document = Document(replica: ReplicaID(1 << 50))
        _ = try document.insert(Array("Hello, 😀 world".utf16), at: 0, in: root)
        let change = try #require(
            try document.edit([
                TextEdit(text: root, utf16Offset: 3, deleteCount: 2, insert: Array("a long text ".utf16)),
                TextEdit(text: "title", utf16Offset: 0, insert: Array("and another root with much to say".utf16)),
            ])
        )
        #expect(change.encoded.count > 64)
        for length in 0..<change.encoded.count {
            #expect(throws: FormatError.self) { try Change(decoding: Array(change.encoded[..<length])) }
        }
        for index in change.encoded.indices {
            for bit in 0..<8 {
                var bytes = change.encoded
                bytes[index] ^= 1 << UInt8(bit)
                #expect(throws: FormatError.self) { try Change(decoding: bytes) }
            }
        }
    }

    /// A change of replica 1 with the given bytes after its header, and the right checksum.
    static func change(_ bytes: [UInt8], first: UInt8 = 0x92, name: [UInt8] = [1]) -> [UInt8] {
        let body = [first] + name + bytes
        if body.count < 64 { return body + [Checksum.short(body, 0..<body.count)] }
        let sum = Checksum.crc32(body, 0..<body.count)
        return body + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt32($0))) }
    }

    static let malformed: [(String, [UInt8], FormatError)] = [
        ("nothing", [], .truncated),
        ("a byte of another format", [0x00, 1, 0, 0], .badMagic),
        ("the version before", [0x82, 1, 0, 0], .unsupportedVersion),
        ("a later version", [0xA2, 1, 0, 0], .unsupportedVersion),
        ("only a first byte", [0x92], .truncated),
        ("a wrong checksum", [0x91, 1, 0x61, 0], .badChecksum),
        ("a small replica that follows", change([0x10, 0x61], name: [7, 6]), .invalid),
        (
            "a sequence beyond 60 bits", change([0x10, 0x61], name: [UInt8](repeating: 0x80, count: 9) + [1]),
            .overflow
        ),
        ("no operation", change([]), .truncated),
        ("zero operations", change([0], first: 0x90), .invalid),
        ("more operations than bytes", change([0xFF, 0x7F], first: 0x90), .truncated),
        ("an unknown operation", change([0x13]), .unknownOperation),
        ("another unknown operation", change([0x23]), .unknownOperation),
        ("an insertion of nothing", change([0x00, 0x00]), .invalid),
        ("text that is cut off", change([0x30, 0x61]), .truncated),
        ("text of a length that overflows", change([0x00] + [UInt8](repeating: 0xFF, count: 9) + [0x01]), .truncated),
        ("a number of eleven bytes", change([0x08] + [UInt8](repeating: 0x80, count: 10) + [0x01]), .overflow),
        ("a number in a longer form than needed", change([0x18, 0x81, 0x00, 0x61]), .invalid),
        ("text that is not UTF-8", change([0x10, 0xFF]), .illFormedUTF8),
        ("an overlong form in UTF-8", change([0x20, 0xC0, 0x80]), .illFormedUTF8),
        ("half a pair in UTF-8", change([0x30, 0xED, 0xA0, 0x80]), .illFormedUTF8),
        ("a scalar beyond Unicode", change([0x40, 0xF4, 0x90, 0x80, 0x80]), .illFormedUTF8),
        ("a typed character beyond ASCII", change([0x80], first: 0x91), .illFormedUTF8),
        ("a nested container without its element", change([0x14, 0x00]), .truncated),
        ("a root's name that is not UTF-8", change([0x14, 0x01, 0x80, 0x61]), .illFormedUTF8),
        (
            "a root's name of 257 bytes", change([0x14, 0x81, 0x02] + [UInt8](repeating: 97, count: 258)),
            .limitExceeded
        ),
        ("a distance of zero", change([0x18, 0x00, 0x61]), .invalid),
        ("a replica that was not named", change([0x1C, 0x01, 0x00, 0x61]), .invalid),
        ("the author named as another", change([0x1C, 0x00, 0x01, 0x00, 0x61]), .invalid),
        ("a counter beyond 32 bits", change([0x1C, 0x00, 0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x61]), .overflow),
        ("a deletion of nothing", change([0x01, 0x01, 0x00]), .invalid),
        ("a deletion past the author's newest", change([0x11, 0x01]), .invalid),
        (
            "a deletion past the last counter", change([0x15, 0x00, 0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]), .overflow
        ),
        ("an erasure of nothing", change([0x00], first: 0x93), .invalid),
        ("bytes after the end", change([0x10, 0x61, 0x00]), .trailingBytes),
        ("empty dependencies", change([0x00, 0x10, 0x61], first: 0x9A), .invalid),
        ("a dependency on nothing", change([0x01, 0x05, 0x00, 0x10, 0x61], first: 0x9A), .invalid),
        ("a dependency on the author", change([0x01, 0x01, 0x01, 0x10, 0x61], first: 0x9A), .invalid),
        ("more dependencies than bytes", change([0x7F, 0x10, 0x61], first: 0x9A), .truncated),
        ("a Lamport advance of zero", change([0x00, 0x10, 0x61], first: 0x96), .invalid),
        (
            "a Lamport advance beyond all",
            change([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10, 0x10, 0x61], first: 0x96), .overflow
        ),
    ]

    @Test("A malformed change is refused for what is wrong with it", arguments: malformed)
    func refusesMalformed(what: String, bytes: [UInt8], error: FormatError) {
        #expect(throws: error, "\(what)") { try Change(decoding: bytes) }
    }

    @Test("A malformed change set is refused, and nothing of it is returned")
    func malformedSets() throws {
        var document = Document(replica: ReplicaID(1))
        let first = try #require(try document.insert([97], at: 0, in: root))
        let second = try #require(try document.insert([98], at: 1, in: root))
        let set = ChangeSet.encode([first, second])
        #expect(try ChangeSet.decode(set) == [first, second])
        #expect(try ChangeSet.decode(first.encoded) == [first])
        #expect(try ChangeSet.decode(ChangeSet.encode([])).isEmpty)
        #expect(throws: FormatError.truncated) { try ChangeSet.decode([]) }
        #expect(throws: FormatError.badMagic) { try ChangeSet.decode([0x7B]) }
        #expect(throws: FormatError.unsupportedVersion) { try ChangeSet.decode([0xC1, 0]) }
        #expect(throws: FormatError.truncated) { try ChangeSet.decode([0xC0, 0xFF, 0xFF, 0xFF, 0x7F]) }
        #expect(throws: FormatError.trailingBytes) { try ChangeSet.decode(set + [0]) }
        var damaged = set
        damaged[4] ^= 1
        #expect(throws: FormatError.self) { try ChangeSet.decode(damaged) }
        #expect(throws: FormatError.limitExceeded) {
            try ChangeSet.decode(set, limits: DecodingLimits(maximumChangeCount: 1))
        }
        #expect(throws: FormatError.limitExceeded) {
            try ChangeSet.decode(set, limits: DecodingLimits(maximumByteCount: 4))
        }
    }
}
