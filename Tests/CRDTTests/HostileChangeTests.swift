import TestSupport
import Testing

@testable import CRDT

/// Changes of replica 1 with one operation, said in bytes, against a document of replica 2.
@Suite("Changes that no honest replica writes")
struct HostileChangeTests {
    /// The elements of replica 2 in ``document()``, by counter.
    private enum Counter {
        static let unit: UInt8 = 0
        static let item: UInt8 = 1
        static let textItem: UInt8 = 2
        static let move: UInt8 = 3
        static let mapSet: UInt8 = 4
        static let plainSet: UInt8 = 5
        static let otherItem: UInt8 = 6
        static let none: UInt8 = 7
    }

    private static let r: [UInt8] = [1, 0x72]
    private static let k: [UInt8] = [1, 0x6B]

    private func document() throws -> Document {
        var document = Document(replica: ReplicaID(2))
        _ = try document.insert(Array("a".utf16), at: 0, in: "r")
        _ = try document.insert([.number(1), .text([])], at: 0, in: ListID("r"))
        _ = try document.move(from: 0, to: 1, in: ListID("r"))
        _ = try document.set(.map([]), for: [0x6B], in: MapID("r"))
        _ = try document.set(.number(1), for: [0x6B], in: MapID("r"))
        _ = try document.insert([.null], at: 0, in: ListID("s"))
        return document
    }

    /// An element of replica 2, as an `eref`.
    private static func element(_ counter: UInt8) -> [UInt8] { [0] + other(counter) }

    /// An element of replica 2, as an origin.
    private static func other(_ counter: UInt8) -> [UInt8] { [0, 2, counter] }

    /// Its first element has the timestamp 7, which is the next one.
    private static func change(_ operation: [UInt8]) -> [UInt8] {
        ChangeFormatTests.change([7] + operation, first: 0x96)
    }

    private static let refused: [(String, [UInt8], ChangeError)] = [
        ("an item after a unit of text", [0x1E] + other(Counter.unit) + [0], .wrongKind),
        ("an item after a set", [0x1E] + other(Counter.mapSet) + [0], .wrongKind),
        ("an item after nothing", [0x1E] + other(Counter.none) + [0], .unknownOrigin),
        ("an item after the author's newest, of which there is none", [0x12, 0], .unknownOrigin),
        ("text after an item", [0x1C] + other(Counter.item) + [0x78], .wrongKind),
        ("text after a move", [0x1C] + other(Counter.move) + [0x78], .wrongKind),
        ("text after a set", [0x1C] + other(Counter.plainSet) + [0x78], .wrongKind),
        ("text at the start of a map", [0x14, 0] + element(Counter.mapSet) + [0x78], .wrongKind),
        ("text at the start of what is no container", [0x14, 0] + element(Counter.item) + [0x78], .unknownContainer),
        ("text at the start of nothing", [0x14, 0] + element(Counter.none) + [0x78], .unknownContainer),
        ("text at the start of a unit of text", [0x14, 0] + element(Counter.unit) + [0x78], .unknownContainer),
        ("text in what the author's missing element holds", [0x14, 0, 1, 0x78], .unknownContainer),
        ("items at the start of a text", [0x16, 0] + element(Counter.textItem) + [0], .wrongKind),
        ("a deletion of a move", [0x0D] + other(Counter.move), .wrongKind),
        ("a deletion of a set", [0x0D] + other(Counter.plainSet), .wrongKind),
        ("a deletion that goes on over a move", [0x25] + other(Counter.unit), .wrongKind),
        ("a deletion of more than there is", [0x15] + other(Counter.otherItem), .unknownElement),
        ("a key of a text", [0x03, 0] + element(Counter.textItem) + k + [0], .wrongKind),
        ("a key of nothing", [0x03, 0] + element(Counter.none) + k + [0], .unknownContainer),
        ("a container at another key", [0x03] + r + [1, 0x6A, 11] + element(Counter.mapSet), .wrongKind),
        ("a container in another map", [0x03, 1, 0x71] + k + [11] + element(Counter.mapSet), .wrongKind),
        ("a list's container in a map", [0x03] + r + k + [11] + element(Counter.textItem), .wrongKind),
        ("a plain set as a container", [0x03] + r + k + [11] + element(Counter.plainSet), .unknownContainer),
        (
            "a container in itself", [0x03, 0] + element(Counter.mapSet) + k + [11] + element(Counter.mapSet),
            .wrongKind
        ),
        ("a move of a unit of text", [0x07] + element(Counter.unit) + [0], .wrongKind),
        ("a move of a move", [0x07] + element(Counter.move) + [0], .wrongKind),
        ("a move of a set", [0x07] + element(Counter.mapSet) + [0], .wrongKind),
        ("a move of nothing", [0x07] + element(Counter.none) + [0], .unknownElement),
        (
            "a move into another list", [0x07] + element(Counter.item) + [1] + element(Counter.otherItem),
            .wrongKind
        ),
        ("a move to after a unit of text", [0x07] + element(Counter.item) + [1] + element(Counter.unit), .wrongKind),
        ("a move to after nothing", [0x07] + element(Counter.item) + [1] + element(Counter.none), .unknownOrigin),
        ("restored text of an item", [0x0B] + element(Counter.item) + [1, 0x61], .wrongKind),
        ("restored text of a set", [0x0B] + element(Counter.mapSet) + [1, 0x61], .wrongKind),
        ("restored text of nothing", [0x0B] + element(Counter.none) + [1, 0x61], .unknownElement),
        ("restored text of another content", [0x0B] + element(Counter.unit) + [1, 0x62], .contentMismatch),
        ("a restored move", [0x0F] + element(Counter.move) + [1, 0], .wrongKind),
        ("a restored item of another value", [0x0F] + element(Counter.item) + [1, 0], .contentMismatch),
        ("a restored container that was a number", [0x0F] + element(Counter.item) + [1, 12], .contentMismatch),
        ("a restored null that was a container", [0x0F] + element(Counter.textItem) + [1, 0], .contentMismatch),
    ]

    @Test("What names a wrong element is refused for that, and nothing changes", arguments: refused)
    func refuses(what: String, operation: [UInt8], error: ChangeError) throws {
        var document = try document()
        let before = document.snapshot()
        let change = try Change(decoding: Self.change(operation))
        var patches: [Patch] = []
        #expect(throws: error, "\(what)") { try document.integrate(change, patches: &patches) }
        var buffer = PatchBuffer()
        #expect(throws: error, "\(what), from bytes") {
            _ = try document.receive(change.encoded.span, patches: &buffer)
        }
        #expect(document.snapshot() == before)
        #expect(patches.isEmpty && buffer.count == 0)
        document.checkInvariants()
    }

    private static let accepted: [(String, [UInt8])] = [
        ("a deletion of a unit and two items", [0x1D] + other(Counter.unit)),
        ("an item after a dead place of another", [0x1E] + other(Counter.item) + [0]),
        ("a move to after its own first place", [0x07] + element(Counter.item) + [1] + element(Counter.item)),
        ("a move to after where it is", [0x07] + element(Counter.item) + [1] + element(Counter.move)),
        ("a container back at its key", [0x03] + r + k + [11] + element(Counter.mapSet)),
        ("an unsetting of a key that was never set", [0x03, 1, 0x71, 0, 10]),
        ("a restoration of what was not deleted", [0x0B] + element(Counter.unit) + [1, 0x61]),
    ]

    @Test("What is unusual and right is done", arguments: accepted)
    func accepts(what: String, operation: [UInt8]) throws {
        var document = try document()
        var patches: [Patch] = []
        try document.integrate(Change(decoding: Self.change(operation)), patches: &patches)
        document.checkInvariants()
        let loaded = try Document(snapshot: document.snapshot(), replica: ReplicaID(3))
        #expect(loaded.snapshot() == document.snapshot(), "\(what)")
    }

    @Test("A timestamp that is not above that of what an operation names is refused, and one above the clock")
    func timestamps() throws {
        var document = try document()
        var patches: [Patch] = []
        func receive(_ bytes: [UInt8]) throws {
            try document.integrate(Change(decoding: bytes), patches: &patches)
        }
        let insertion = [0x1E] + Self.other(Counter.item) + [0]
        let move = [0x07] + Self.element(Counter.item) + [0]
        #expect(throws: ChangeError.lamportTooSmall) { try receive(ChangeFormatTests.change(insertion)) }
        #expect(throws: ChangeError.lamportTooSmall) { try receive(ChangeFormatTests.change(move)) }
        #expect(throws: ChangeError.lamportTooLarge) {
            try receive(ChangeFormatTests.change([8] + move, first: 0x96))
        }
        try receive(ChangeFormatTests.change([2] + insertion, first: 0x96))
    }

    @Test("Containers of one change nest 64 deep, and no deeper")
    func nesting() throws {
        for depth in [63, 64] {
            var operations: [UInt8] = [UInt8(depth), 0x16] + Self.r + [8]
            for _ in 1..<depth { operations += [0x16, 0, 1, 8] }
            let change = try Change(decoding: ChangeFormatTests.change(operations, first: 0x90))
            var document = Document(replica: ReplicaID(2))
            var patches: [Patch] = []
            if depth == 63 {
                try document.integrate(change, patches: &patches)
            } else {
                #expect(throws: ChangeError.nestingTooDeep) { try document.integrate(change, patches: &patches) }
                #expect(document.roots.isEmpty)
            }
        }
    }

    private static let malformed: [(String, [UInt8], FormatError)] = [
        ("an insertion of no item", [0x06] + r + [0], .invalid),
        ("more items than bytes", [0x06] + r + [0xFF, 0xFF, 0x03, 0], .truncated),
        ("a nested origin that is cut off", [0x16, 0], .truncated),
        ("an unset item", [0x12, 10], .invalid),
        ("an existing container as an item", [0x12, 11, 1], .invalid),
        ("a kept container as an item", [0x12, 12], .invalid),
        ("a value of an unknown kind", [0x12, 13], .invalid),
        ("an integer of 2^53", [0x12, 3, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20], .invalid),
        ("an integer as a double", [0x12, 4, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F], .invalid),
        ("not a number", [0x12, 4, 0, 0, 0, 0, 0, 0, 0xF8, 0x7F], .invalid),
        ("infinity", [0x12, 4, 0, 0, 0, 0, 0, 0, 0xF0, 0x7F], .invalid),
        ("half a double", [0x12, 4, 0, 0, 0], .truncated),
        ("a string that is not UTF-8", [0x12, 5, 1, 0xFF], .illFormedUTF8),
        ("a string that is cut off", [0x12, 5, 2, 0x61], .truncated),
        ("bytes that are cut off", [0x12, 6, 0xFF, 0x7F, 0], .truncated),
        ("a key that is not UTF-8", [0x03] + r + [1, 0xC0, 0], .illFormedUTF8),
        ("a key of 257 bytes", [0x03] + r + [0x81, 0x02] + [UInt8](repeating: 97, count: 257) + [0], .limitExceeded),
        ("a kept container at a key", [0x03] + r + k + [12], .invalid),
        ("a set without a value", [0x03] + r + k, .truncated),
        ("a move to nowhere known", [0x07] + element(1) + [2], .invalid),
        ("a restoration of no text", [0x0B] + element(1) + [0], .invalid),
        ("restored text that is not UTF-8", [0x0B] + element(1) + [1, 0x80], .illFormedUTF8),
        ("a restoration of no item", [0x0F] + element(1) + [0], .invalid),
        ("a restored new container", [0x0F] + element(1) + [1, 7], .invalid),
        ("a restored unsetting", [0x0F] + element(1) + [1, 10], .invalid),
        ("an operation of a reserved kind", [0x13], .unknownOperation),
        ("a move with more than its code", [0x27], .unknownOperation),
        ("the author as another", [0x07, 0, 0, 1, 0, 0], .invalid),
        ("something after the value", [0x12, 0, 0], .trailingBytes),
    ]

    @Test("A malformed operation of lists or maps is refused for what is wrong with it", arguments: malformed)
    func refusesMalformed(what: String, operation: [UInt8], error: FormatError) {
        #expect(throws: error, "\(what)") { try Change(decoding: ChangeFormatTests.change(operation)) }
    }
}
