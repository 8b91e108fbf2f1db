import CRDT
import Collaboration
import SocketIOProtocol
import Testing

@testable import QuireServer

@Suite("Values of lists and maps as JSON")
struct WireContentTests {
    private static func map(_ entries: [(String, Content)]) -> Content {
        .map(entries.map { Content.Entry(key: Array($0.0.utf8), content: $0.1) })
    }

    static let table: [(json: String, content: Content)] = [
        ("null", .null), ("true", .bool(true)), ("0", .number(0)), ("-7", .number(-7)), ("0.5", .number(0.5)),
        ("9007199254740991", .number(9_007_199_254_740_991)), (#""é😀""#, .string("é😀")),
        ("[]", .list([])), ("[1,[null]]", .list([.number(1), .list([.null])])),
        ("{}", .map([])), (#"{"a":{"b":1}}"#, map([("a", map([("b", .number(1))]))])),
        (#"{"":"","a/b~":2}"#, map([("", .string("")), ("a/b~", .number(2))])),
        (#"{"$text":"é😀"}"#, .text(Array("é😀".utf16))),
        (#"{"$bytes":""}"#, .bytes([])), (#"{"$bytes":"AP8="}"#, .bytes([0, 255])),
        (#"{"$map":{"$text":"x"}}"#, map([("$text", .string("x"))])),
        (#"{"$map":{"$map":1}}"#, map([("$map", .number(1))])),
        (#"{"$map":{"$else":{"$text":""}}}"#, map([("$else", .text([]))])),
        (#"{"$text":"x","b":1}"#, map([("$text", .string("x")), ("b", .number(1))])),
    ]

    @Test("A value is written as documented, and read back as itself", arguments: table.indices)
    func roundTrip(index: Int) throws {
        let (text, content) = Self.table[index]
        #expect(String(decoding: WireContent.json(content).serialize(), as: UTF8.self) == text)
        #expect(try WireContent.content(JSON.parse(Array(text.utf8))) == content)
    }

    @Test("An attachment is bytes, and a map that needs none may be wrapped all the same")
    func otherWays() throws {
        #expect(try WireContent.content(.binary([1, 2])) == .bytes([1, 2]))
        #expect(try WireContent.content(["$map": ["a": 1]]) == Self.map([("a", .number(1))]))
        #expect(try WireContent.content(.double(1e300)) == .number(1e300))
        #expect(try WireContent.content(.int(1 << 60)) == .number(0x1p60))
    }

    @Test("Every operation is read as it is written")
    func operations() throws {
        let path = try #require(ContainerPath("a/0/b~1c"))
        let key = Array("k".utf8)
        let actions: [PathEdit.Action] = [
            .text(utf16Offset: 1, deleteCount: 2, insert: Array("😀".utf16)),
            .list(index: 1, deleteCount: 2, insert: [.null, .text([])]),
            .list(index: 0, deleteCount: 0, insert: []),
            .move(from: 3, to: 4), .set(key: key, content: .null), .set(key: key, content: nil),
        ]
        for action in actions {
            let edit = PathEdit(path: path, action: action)
            #expect(try WireEdit.edit(WireEdit.json(edit)) == edit)
        }
        #expect(
            try WireEdit.edit(["list": "a", "at": 1])
                == PathEdit(path: ContainerPath(root: "a"), action: .list(index: 1, deleteCount: 0, insert: []))
        )
    }
}
