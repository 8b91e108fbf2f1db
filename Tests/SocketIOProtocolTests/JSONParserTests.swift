import SocketIOProtocol
import Testing

@Suite("The JSON parser")
struct JSONParserTests {
    struct Valid: Sendable, CustomTestStringConvertible {
        let text: String
        let value: JSON
        var testDescription: String { self.text }

        init(_ text: String, _ value: JSON) {
            self.text = text
            self.value = value
        }
    }

    @Test(
        "Every form of the grammar gives its value",
        arguments: [
            Valid("null", nil), Valid("true", true), Valid("false", false),
            Valid("0", 0), Valid("-1", -1), Valid("10", 10), Valid("1.5", 1.5), Valid("-0", .double(-0.0)),
            Valid("1e3", .double(1000)), Valid("1E+2", .double(100)), Valid("25e-2", .double(0.25)),
            Valid("1.0", .double(1)), Valid("0.1", .double(0.1)), Valid("123.456e-7", .double(123.456e-7)),
            Valid("9223372036854775807", .int(.max)), Valid("-9223372036854775808", .int(.min)),
            Valid("9223372036854775808", .double(9_223_372_036_854_775_808)),
            Valid("-9223372036854775809", .double(-9_223_372_036_854_775_808)),
            Valid("18446744073709551616", .double(18_446_744_073_709_551_616)),
            Valid("1.7976931348623157e308", .double(.greatestFiniteMagnitude)),
            Valid("5e-324", .double(.leastNonzeroMagnitude)), Valid("1e-400", .double(0)),
            Valid("0e99999999999999999999", .double(0)),
            Valid("2.2250738585072011e-308", .double(.leastNormalMagnitude.nextDown)),
            Valid("9007199254740993", .int(9_007_199_254_740_993)),
            Valid("9007199254740993.0", .double(9_007_199_254_740_992)),
            Valid("\"\"", ""), Valid("\"abc\"", "abc"),
            Valid("\"a longer string than eight bytes\"", "a longer string than eight bytes"),
            Valid(#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            Valid(#""\u00e9\u20AC\ud83d\ude00""#, "é€😀"), Valid("\"é€😀\"", "é€😀"), Valid(#""\u0000""#, "\0"),
            Valid("[]", []), Valid("[ ]", []), Valid("[1,[2,[3]]]", [1, [2, [3]]]),
            Valid("{}", [:]), Valid("{\"a\":{\"b\":[null]}}", ["a": ["b": [nil]]]),
            Valid(" \t\r\n[ 1 , 2 ] \n", [1, 2]), Valid("{ \"a\" : 1 , \"b\" : 2 }", ["a": 1, "b": 2]),
            Valid("{\"a\":1,\"b\":2,\"a\":3}", ["a": 3, "b": 2]),
            Valid("{\"\":0}", ["": 0]),
            Valid("\"\u{7F}\u{2028}\"", "\u{7F}\u{2028}"),
        ]
    )
    func valid(_ example: Valid) throws {
        #expect(try JSON.parse(Array(example.text.utf8)) == example.value)
    }

    @Test("Minus zero keeps its sign")
    func minusZero() throws {
        #expect(try JSON.parse("-0".utf8).doubleValue?.sign == .minus)
    }

    @Test(
        "A string with an escaped surrogate that lacks its other half is kept, unit by unit, and is no text",
        arguments: [
            (#""\ud800""#, [0xD800]), (#""\udc00""#, [0xDC00]), (#""\ud800x""#, [0xD800, 0x78]),
            (#""\ud800\n""#, [0xD800, 0x0A]), (#""\ud800\u0041""#, [0xD800, 0x41]),
            (#""\ud800\ud800\udc00""#, [0xD800, 0xD800, 0xDC00]), (#""\udc00\ud800""#, [0xDC00, 0xD800]),
            (#""é\"\udfff🎈""#, [0xE9, 0x22, 0xDFFF, 0xD83C, 0xDF88]),
        ] as [(String, [UInt16])]
    )
    func loneSurrogates(text: String, units: [UInt16]) throws {
        let value = try JSON.parse(Array(text.utf8))
        #expect(value == .illFormedString(units))
        #expect(value.stringValue == nil)
        #expect(try JSON.parse(value.serialize()) == value)
        let nested = try JSON.parse(Array("[{\"\\ud800\":\"plain\"},\(text),\"after\"]".utf8))
        #expect(nested == [["\u{FFFD}": "plain"], value, "after"])
    }

    struct Malformed: Sendable, CustomTestStringConvertible {
        let bytes: [UInt8]
        let error: JSONError
        var testDescription: String { "\(String(decoding: self.bytes, as: UTF8.self)): \(self.error)" }

        init(_ text: String, _ error: JSONError) {
            self.bytes = Array(text.utf8)
            self.error = error
        }

        init(bytes: [UInt8], _ error: JSONError) {
            self.bytes = bytes
            self.error = error
        }
    }

    @Test(
        "What is not JSON is refused with the documented error",
        arguments: [
            Malformed("", .unexpectedEnd), Malformed("  ", .unexpectedEnd), Malformed("nul", .unexpectedEnd),
            Malformed("nulL", .unexpectedByte), Malformed("tru", .unexpectedEnd), Malformed("True", .unexpectedByte),
            Malformed("falze", .unexpectedByte), Malformed("undefined", .unexpectedByte),
            Malformed("NaN", .unexpectedByte),
            Malformed("Infinity", .unexpectedByte), Malformed("+1", .unexpectedByte), Malformed(".5", .unexpectedByte),
            Malformed("01", .malformedNumber), Malformed("-01", .malformedNumber), Malformed("00", .malformedNumber),
            Malformed("-", .unexpectedEnd), Malformed("-a", .malformedNumber), Malformed("--1", .malformedNumber),
            Malformed("1.", .unexpectedEnd), Malformed("1.a", .malformedNumber), Malformed("1e", .unexpectedEnd),
            Malformed("1e+", .unexpectedEnd), Malformed("1ea", .malformedNumber), Malformed("1e+-1", .malformedNumber),
            Malformed("0x1", .trailingBytes), Malformed("1 2", .trailingBytes), Malformed("nullx", .trailingBytes),
            Malformed("1e400", .numberOutOfRange), Malformed("-1e400", .numberOutOfRange),
            Malformed("1e99999999999999999999", .numberOutOfRange),
            Malformed(String(repeating: "1", count: 1025), .numberTooLong),
            Malformed("\"", .unexpectedEnd), Malformed("\"abc", .unexpectedEnd), Malformed("\"\\", .unexpectedEnd),
            Malformed("\"\\\"", .unexpectedEnd), Malformed("\"\\x\"", .malformedEscape),
            Malformed("\"\\u12\"", .unexpectedEnd), Malformed("\"\\u12G4\"", .malformedEscape),
            Malformed("\"\\ud800\\u12\"", .unexpectedEnd), Malformed("\"\\ud800\\uZZZZ\"", .malformedEscape),
            Malformed("\"a\nb\"", .controlCharacter), Malformed("\"longer than a word\u{1}\"", .controlCharacter),
            Malformed("\"\\n\u{1F}\"", .controlCharacter), Malformed("\"\0\"", .controlCharacter),
            Malformed("'a'", .unexpectedByte), Malformed("\u{FEFF}1", .unexpectedByte),
            Malformed(bytes: [0x22, 0xFF, 0x22], .illFormedUTF8), Malformed(bytes: [0x22, 0xC3, 0x22], .illFormedUTF8),
            Malformed(bytes: [0x22, 0xC0, 0x80, 0x22], .illFormedUTF8),
            Malformed(bytes: [0x22, 0xED, 0xA0, 0x80, 0x22], .illFormedUTF8),
            Malformed(bytes: [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], .illFormedUTF8),
            Malformed(bytes: [0x22, 0xC3] + Array("\\u00a9\"".utf8), .illFormedUTF8),
            Malformed(bytes: [0xFF], .unexpectedByte), Malformed(bytes: [0xC2, 0xA0, 0x31], .unexpectedByte),
            Malformed("[", .unexpectedEnd), Malformed("[1", .unexpectedEnd), Malformed("[1,", .unexpectedEnd),
            Malformed("[1,]", .unexpectedByte), Malformed("[,1]", .unexpectedByte), Malformed("[1 2]", .unexpectedByte),
            Malformed("[1}", .unexpectedByte), Malformed("]", .unexpectedByte), Malformed("[]]", .trailingBytes),
            Malformed("{", .unexpectedEnd), Malformed("{\"a\"", .unexpectedEnd), Malformed("{\"a\":", .unexpectedEnd),
            Malformed("{\"a\":1", .unexpectedEnd), Malformed("{\"a\":1,", .unexpectedEnd),
            Malformed("{\"a\":1,}", .unexpectedByte), Malformed("{a:1}", .unexpectedByte),
            Malformed("{1:1}", .unexpectedByte), Malformed("{\"a\" 1}", .unexpectedByte),
            Malformed("{\"a\"::1}", .unexpectedByte), Malformed("{\"a\":}", .unexpectedByte),
            Malformed("{\"a\":1]", .unexpectedByte), Malformed("{,}", .unexpectedByte),
            Malformed("/**/1", .unexpectedByte),
            Malformed("1//", .trailingBytes),
        ]
    )
    func malformed(_ example: Malformed) {
        #expect(throws: example.error) { try JSON.parse(example.bytes) }
    }

    @Test("Every prefix of a document is refused, never trapped on")
    func prefixes() {
        let text = Array(
            #"{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00y",true,null],"b":{"c":"long enough to be scanned by words"}}"#.utf8
        )
        for count in 0..<text.count {
            #expect(throws: JSONError.self) { try JSON.parse(text[..<count]) }
        }
    }

    @Test("Nesting is bounded at the limit and not before")
    func depth() throws {
        let open64 = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(throws: Never.self) { try JSON.parse(Array(open64.utf8)) }
        #expect(throws: JSONError.tooDeep) { try JSON.parse(Array("[\(open64)]".utf8)) }
        #expect(throws: JSONError.tooDeep) { try JSON.parse(Array(repeating: UInt8(ascii: "["), count: 1 << 20)) }
        let limits = JSON.Limits(maxDepth: .max)
        #expect(throws: JSONError.tooDeep) {
            try JSON.parse(Array(repeating: UInt8(ascii: "["), count: 1 << 20), limits: limits)
        }
    }

    @Test("The number of values is bounded")
    func valueCount() throws {
        let limits = JSON.Limits(maxValues: 4)
        #expect(try JSON.parse("[1,2,3]".utf8, limits: limits) == [1, 2, 3])
        #expect(throws: JSONError.tooManyValues) { try JSON.parse("[1,2,3,4]".utf8, limits: limits) }
    }

    @Test("Of many repeated keys the last wins, in linear time")
    func manyKeys() throws {
        let pairs = (0..<60_000).map { "\"k\($0 % 30_000)\":\($0)" }.joined(separator: ",")
        let object = try #require(JSON.parse("{\(pairs)}".utf8).objectValue)
        #expect(object.count == 30_000)
        #expect(object["k7"] == 30_007)
    }

    @Test("Keys that are only canonically equivalent stay apart")
    func canonicalEquivalence() throws {
        let object = try #require(JSON.parse("{\"\u{E9}\":1,\"e\u{301}\":2}".utf8).objectValue)
        #expect(object.count == 2)
        #expect(object["\u{E9}"] == 1)
        #expect(object["e\u{301}"] == 2)
        #expect(JSON.string("\u{E9}") != JSON.string("e\u{301}"))
    }

    @Test("Strings of every length up to 40 survive, wherever the escape or the accent stands")
    func stringLengths() throws {
        for count in 0...40 {
            for special in ["", "\"", "\\", "\n", "é", "😀", "\u{1}"] {
                for place in 0...count {
                    var text = String(repeating: "a", count: count)
                    text.insert(contentsOf: special, at: text.index(text.startIndex, offsetBy: place))
                    let value = JSON.string(text)
                    #expect(try JSON.parse(value.serialize()) == value)
                }
            }
        }
    }

    @Test("Keys that differ in bytes but are canonically equivalent stay apart, and cost no more than others")
    func equivalentKeys() throws {
        // Marks of different combining classes mean the same in any order, and `String` hashes all the orders alike.
        let marks: [Unicode.Scalar] = [
            "\u{0334}", "\u{0327}", "\u{0321}", "\u{0302}", "\u{031B}", "\u{0345}", "\u{035C}", "\u{0360}",
        ]
        var keys: [String] = []
        func permute(_ used: [Unicode.Scalar], _ left: [Unicode.Scalar]) {
            guard !left.isEmpty else {
                keys.append("a" + String(String.UnicodeScalarView(used)))
                return
            }
            for (place, mark) in left.enumerated() {
                var rest = left
                rest.remove(at: place)
                permute(used + [mark], rest)
            }
        }
        permute([], marks)
        try #require(keys.count == 40_320)
        let text = "{" + keys.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
        let bytes = Array(text.utf8)
        let plain = Array(
            ("{" + keys.indices.map { "\"\(1_000_000_000_000 + $0)\":0" }.joined(separator: ",") + "}").utf8
        )
        let limits = JSON.Limits(maxValues: 1_000_000)
        let clock = ContinuousClock()
        let plainTime = try clock.measure { _ = try JSON.parse(plain, limits: limits) }
        var count: Int?
        let time = try clock.measure { count = try JSON.parse(bytes, limits: limits).objectValue?.count }
        #expect(count == keys.count)
        #expect(time < plainTime * 20, "\(time), plain keys \(plainTime)")
    }
}
