import CRDT
import Collaboration
import SocketIOProtocol
import Testing

@testable import QuireServer

@Suite("Arguments of /docs")
struct DocsRequestTests {
    /// Arguments that must be refused.
    struct Bad: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var event: String
        var arguments: [JSON]
        var code: RequestError.Code

        init(_ description: String, _ event: String, _ arguments: [JSON], _ code: RequestError.Code = .invalidArgument)
        {
            testDescription = "\(event): \(description)"
            self.event = event
            self.arguments = arguments
            self.code = code
        }

        private static func edit(
            _ description: String,
            _ operation: JSON,
            _ code: RequestError.Code = .invalidArgument
        ) -> Bad {
            Bad(description, "edit", ["d", ["rev": 0, "ops": [operation]]], code)
        }

        private static let names: [(String, JSON?)] = [
            ("no name", nil), ("null", .null), ("empty", ""), ("a number", 7), ("a space", "a b"), ("a slash", "a/b"),
            ("a letter beyond ASCII", "ä"), ("a NUL", "a\u{0}"), ("a percent sign", "a%20"),
            ("129 characters", .string(String(repeating: "a", count: 129))), ("binary", .binary([0x61])),
        ]

        static let table: [Bad] =
            names.map { description, name in
                Bad("name is \(description)", "join", [name.map { ["doc": $0] } ?? [:]], .invalidDocument)
            }
            + names.compactMap { description, name in
                name.map { Bad("name is \(description)", "change", [$0, .binary([])], .invalidDocument) }
            }
            + [
                Bad("nothing", "join", []),
                Bad("two arguments", "join", [["doc": "d"], 1]),
                Bad("a string", "join", ["d"]),
                Bad("null", "join", [.null]),
                Bad("an array", "join", [["d"]]),
                Bad("unknown format", "join", [["doc": "d", "format": "xml"]]),
                Bad("format is a number", "join", [["doc": "d", "format": 1]]),
                Bad("version is a string", "join", [["doc": "d", "version": "AA=="]]),
                Bad("version is garbage", "join", [["doc": "d", "version": .binary([1, 2, 3])]]),
                Bad("version is empty", "join", [["doc": "d", "version": .binary([])]]),
                Bad("rev is negative", "join", [["doc": "d", "rev": -1]]),
                Bad("rev is a fraction", "join", [["doc": "d", "rev": 1.5]]),
                Bad("rev is a string", "join", [["doc": "d", "rev": "1"]]),
                Bad("epoch is a number", "join", [["doc": "d", "epoch": 1]]),
                Bad("epoch is empty", "join", [["doc": "d", "epoch": ""]]),
                Bad("epoch is long", "join", [["doc": "d", "epoch": .string(String(repeating: "e", count: 65))]]),
                Bad("presence is binary", "join", [["doc": "d", "presence": ["a": .binary([1])]]]),
                Bad(
                    "presence is large",
                    "join",
                    [["doc": "d", "presence": .string(String(repeating: "p", count: 4096))]],
                    .tooLarge
                ),
                Bad("nothing", "change", []),
                Bad("no bytes", "change", ["d"]),
                Bad("a string for bytes", "change", ["d", "AA=="]),
                Bad("three arguments", "change", ["d", .binary([1]), 1]),
                Bad("nothing", "edit", []),
                Bad("ops are missing", "edit", ["d", ["rev": 0]]),
                Bad("rev is missing", "edit", ["d", ["ops": []]]),
                Bad("rev is negative", "edit", ["d", ["rev": -1, "ops": []]]),
                Bad("rev is a fraction", "edit", ["d", ["rev": 0.5, "ops": []]]),
                Bad("rev is beyond all integers", "edit", ["d", ["rev": 1e300, "ops": []]]),
                Bad("ops are an object", "edit", ["d", ["rev": 0, "ops": [:]]]),
                Bad("options are an array", "edit", ["d", [0, []]]),
                Bad(
                    "too many ops",
                    "edit",
                    ["d", ["rev": 0, "ops": .array(Array(repeating: [:], count: 1001))]],
                    .tooLarge
                ),
                edit("an op is a string", "insert"),
                edit("an op is empty", [:]),
                edit("two containers", ["list": "l", "map": "m", "at": 0, "insert": ["a"]]),
                edit("a list and a string", ["list": "l", "at": 0, "insert": "a"]),
                edit("a list without a place", ["list": "l", "insert": ["a"]]),
                edit("a move to one place", ["list": "l", "move": [1]]),
                edit("a move back before the start", ["list": "l", "move": [1, -1]]),
                edit("a move and a splice", ["list": "l", "move": [1, 2], "at": 0]),
                edit("a map without a key", ["map": "m", "set": 1]),
                edit("a key that is a number", ["map": "m", "key": 1, "set": 1]),
                edit("a key of 257 bytes", ["map": "m", "key": .string(String(repeating: "k", count: 257)), "set": 1]),
                edit("set and unset", ["map": "m", "key": "k", "set": 1, "unset": true]),
                edit("neither set nor unset", ["map": "m", "key": "k"]),
                edit("unset: false", ["map": "m", "key": "k", "unset": false]),
                edit("half a surrogate pair as a value", ["map": "m", "key": "k", "set": .illFormedString([0xD800])]),
                edit("a number that no double is", ["map": "m", "key": "k", "set": .int(9_007_199_254_740_993)]),
                edit("an unknown kind of value", ["map": "m", "key": "k", "set": ["$date": "today"]]),
                edit("a text that is none", ["map": "m", "key": "k", "set": ["$text": 1]]),
                edit("bytes that are no base64", ["map": "m", "key": "k", "set": ["$bytes": "AAA"]]),
                edit("a path of an empty root", ["text": "/s1", "at": 0]),
                edit("a path with a tilde", ["text": "a/~2", "at": 0]),
                edit("a path that ends in a tilde", ["text": "a/b~", "at": 0]),
                edit("a path of 65 steps", ["text": .string(String(repeating: "a/", count: 65)), "at": 0]),
                edit("text is a number", ["text": 1, "at": 0]),
                edit("text is empty", ["text": "", "at": 0]),
                edit("text is long", ["text": .string(String(repeating: "t", count: 257)), "at": 0]),
                edit("at is missing", ["text": "body", "insert": "x"]),
                edit("at is negative", ["text": "body", "at": -1]),
                edit("at is a fraction", ["text": "body", "at": 0.5]),
                edit("at is a string", ["text": "body", "at": "0"]),
                edit("at is beyond all integers", ["text": "body", "at": 1e30]),
                edit("delete is negative", ["text": "body", "at": 0, "delete": -1]),
                edit("delete is null", ["text": "body", "at": 0, "delete": .null]),
                edit("insert is a number", ["text": "body", "at": 0, "insert": 1]),
                edit("insert is binary", ["text": "body", "at": 0, "insert": .binary([0x61])]),
                Bad("no state", "presence", ["d"]),
                Bad("binary", "presence", ["d", ["deep": [["er": .binary([1])]]]]),
                Bad("large", "presence", ["d", .string(String(repeating: "p", count: 4096))], .tooLarge),
                Bad("no payload", "signal", ["d"]),
                Bad("three arguments", "signal", ["d", 1, 2]),
                Bad("no version", "sync", [["doc": "d"]]),
                Bad("version is null", "sync", [["doc": "d", "version": .null]]),
                Bad("two strings", "sync", ["d", "v"]),
                Bad("nothing", "leave", []),
                Bad("an object", "leave", [["doc": "d"]], .invalidDocument),
                Bad("two arguments", "leave", ["d", 1]),
                Bad("no such event", "destroy", ["d"], .unknownEvent),
            ]
    }

    @Test("What does not fit is refused with a code", arguments: Bad.table)
    func refused(_ bad: Bad) {
        let error = #expect(throws: RequestError.self) {
            _ = try DocsRequest(event: bad.event, arguments: bad.arguments, limits: ServerLimits())
        }
        #expect(error?.code == bad.code.rawValue, "\(error?.message ?? "")")
        #expect(error?.acknowledgement["ok"] == false)
    }

    @Test("A join with everything is understood")
    func join() throws {
        var version = Version()
        version[ReplicaID(5)] = 7
        let arguments: [JSON] = [
            [
                "doc": "d", "format": "json", "version": .binary(version.encoded), "rev": 3, "epoch": "e",
                "presence": ["cursor": 1], "later": "ignored",
            ]
        ]
        guard
            case .join(let document, let join) = try DocsRequest(
                event: "join",
                arguments: arguments,
                limits: ServerLimits()
            )
        else { return #expect(Bool(false), "another request") }
        #expect(document.rawValue == "d")
        #expect(join.format == .content)
        #expect(join.version == version)
        #expect(join.epoch == Epoch("e"))
        #expect(join.presence == Array(#"{"cursor":1}"#.utf8))
    }

    @Test("A join of a name alone means a full client without anything")
    func bareJoin() throws {
        for options: JSON in [
            ["doc": "d"],
            ["doc": "d", "format": .null, "version": .null, "rev": .null, "epoch": .null, "presence": .null],
        ] {
            guard case .join(_, let join) = try DocsRequest(event: "join", arguments: [options], limits: ServerLimits())
            else { return #expect(Bool(false), "another request") }
            #expect(join.format == .changes)
            #expect(join.version == nil && join.epoch == nil && join.presence == nil)
        }
    }

    @Test("An edit's offsets count UTF-16 units, and what is left out is nothing")
    func edit() throws {
        let operations: JSON = [
            ["text": "body", "at": 2, "insert": "a😀"], ["text": "body", "at": 1.0, "delete": 3],
        ]
        guard
            case .edit(_, let base, let edits) = try DocsRequest(
                event: "edit",
                arguments: ["d", ["rev": 9, "ops": operations]],
                limits: ServerLimits()
            )
        else { return #expect(Bool(false), "another request") }
        #expect(base == Revision(9))
        #expect(
            edits == [
                PathEdit(
                    path: ContainerPath(root: "body"),
                    action: .text(utf16Offset: 2, deleteCount: 0, insert: [0x61, 0xD83D, 0xDE00])
                ),
                PathEdit(
                    path: ContainerPath(root: "body"),
                    action: .text(utf16Offset: 1, deleteCount: 3, insert: [])
                ),
            ]
        )
    }

    @Test("The longest name and the largest presence that are allowed are accepted")
    func bounds() throws {
        let name = JSON.string(String(repeating: "~", count: 128))
        let state = JSON.string(String(repeating: "p", count: 4094))
        guard
            case .presence(_, let bytes?) = try DocsRequest(
                event: "presence",
                arguments: [name, state],
                limits: ServerLimits()
            )
        else { return #expect(Bool(false), "another request") }
        #expect(bytes.count == 4096)
    }
}
