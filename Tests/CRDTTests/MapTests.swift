import TestSupport
import Testing

@testable import CRDT

@Suite("Maps")
struct MapTests {
    let map = MapID("shapes")
    let key = Array("x".utf8)

    @Test("A key holds what was set last, until it is unset")
    func sets() throws {
        var document = Document(replica: ReplicaID(1))
        #expect(document.value(for: key, in: map) == nil)
        #expect(try document.unset(key, in: map) == nil)
        _ = try document.set(.number(1), for: key, in: map)
        _ = try document.set(.string("two"), for: key, in: map)
        _ = try document.set(.null, for: [], in: map)
        #expect(document.value(for: key, in: map) == .string("two"))
        #expect(document.value(for: [], in: map) == .null)
        #expect(document.keys(of: map) == [[], key])
        #expect(try document.unset(key, in: map) != nil)
        #expect(document.value(for: key, in: map) == nil)
        #expect(document.count(of: map) == 1)
        #expect(try document.unset(key, in: map) == nil)
        document.checkInvariants()
    }

    @Test("A key that is too long or no UTF-8, and a value that is none, are refused")
    func refusals() throws {
        var document = Document(replica: ReplicaID(1))
        #expect(throws: EditError.invalidValue) { try document.set(.null, for: [0xFF], in: map) }
        let long = [UInt8](repeating: 97, count: 257)
        #expect(throws: EditError.invalidValue) { try document.set(.null, for: long, in: map) }
        #expect(throws: EditError.invalidValue) {
            try document.set(.map([Content.Entry(key: long, content: .null)]), for: key, in: map)
        }
        #expect(throws: EditError.invalidValue) { try document.set(.number(.nan), for: key, in: map) }
        #expect(throws: EditError.unknownContainer) {
            let nowhere = MapID(.nested(ElementID(replica: ReplicaID(1), counter: 0)))
            return try document.set(.null, for: key, in: nowhere)
        }
        #expect(document.roots.isEmpty && document.version.isEmpty)
        #expect(try document.set(.null, for: Array(long[..<256]), in: map) != nil)
    }

    @Test("Of sets at the same time the lower replica's wins, and a later one over both")
    func concurrentSets() throws {
        var trio = Trio()
        trio.note(try trio.a.set(.number(1), for: key, in: map))
        trio.note(try trio.b.set(.number(2), for: key, in: map))
        try trio.sync()
        #expect(trio.c.value(for: key, in: map) == .number(1))
        #expect(trio.patches.isEmpty)
        trio.note(try trio.b.set(.number(3), for: key, in: map))
        try trio.sync()
        #expect(trio.c.value(for: key, in: map) == .number(3))
        #expect(trio.patches == [.map(MapPatch(map: map, key: key, value: .number(3)))])
    }

    @Test("An unsetting competes like any set")
    func unsetAgainstSet() throws {
        var trio = Trio()
        trio.note(try trio.a.set(.number(1), for: key, in: map))
        try trio.sync()
        trio.note(try trio.a.unset(key, in: map))
        trio.note(try trio.b.set(.number(2), for: key, in: map))
        try trio.sync()
        #expect(trio.c.value(for: key, in: map) == nil)
        trio.note(try trio.b.unset(key, in: map))
        trio.note(try trio.a.set(.number(4), for: key, in: map))
        trio.note(try trio.a.set(.number(5), for: key, in: map))
        try trio.sync()
        #expect(trio.c.value(for: key, in: map) == .number(5))
    }

    @Test("Different fields of one shape changed at the same time both hold")
    func fields() throws {
        var trio = Trio()
        let entry = Content.Entry(key: key, content: .number(0))
        trio.note(try trio.a.set(.map([entry]), for: Array("shape".utf8), in: map))
        try trio.sync()
        guard case .container(.map(let shape)) = trio.a.value(for: Array("shape".utf8), in: map)
        else { return #expect(Bool(false)) }
        trio.note(try trio.a.set(.number(7), for: key, in: shape))
        trio.note(try trio.b.set(.number(8), for: Array("y".utf8), in: shape))
        try trio.sync()
        #expect(trio.c.value(for: key, in: shape) == .number(7))
        #expect(trio.c.value(for: Array("y".utf8), in: shape) == .number(8))
    }

    @Test("Setting a key again and again takes no room")
    func rewrites() throws {
        var document = Document(replica: ReplicaID(1))
        _ = try document.set(.string("first"), for: key, in: map)
        _ = try document.set(.string("other"), for: key, in: map)
        let size = document.snapshot().count
        for number in 0..<10_000 { _ = try document.set(.number(Double(number)), for: key, in: map) }
        #expect(document.snapshot().count < size + 16)
        #expect(document.store.maps.entryCount == 1)
        #expect(document.store.blocks.end == 0)
    }

    @Test("The same name is one root of each kind")
    func namespaces() throws {
        var trio = Trio()
        trio.note(try trio.a.set(.number(1), for: key, in: map))
        trio.note(try trio.b.insert(numbers(2), at: 0, in: ListID("shapes")))
        trio.note(try trio.a.insert(Array("3".utf16), at: 0, in: "shapes"))
        try trio.sync()
        #expect(trio.a.roots == [.text("shapes"), .list(ListID("shapes")), .map(map)])
        #expect(trio.c.string(of: "shapes") == "3")
        #expect(trio.c.values(of: ListID("shapes")) == values(2))
    }

    @Test("A board of 2,000 shapes with 8 fields each is small")
    func board() throws {
        var document = Document(replica: ReplicaID(1))
        var other = Document(replica: ReplicaID(2))
        let fields = (0..<8).map { Content.Entry(key: Array("field\($0)".utf8), content: .number(Double($0))) }
        var patches: [Patch] = []
        for shape in 0..<2000 {
            let change = try document.set(.map(fields), for: Array("shape\(shape)".utf8), in: map)
            try other.integrate(#require(change), patches: &patches)
        }
        #expect(patches.count == 18_000)
        #expect(other.count(of: map) == 2000)
        #expect(other.snapshot() == document.snapshot())
        #expect(document.snapshot().count < 400_000)
    }
}
