import SocketIOProtocol
import Testing

@Suite("The JSON writer")
struct JSONWriterTests {
    @Test(
        "Values are written without white space",
        arguments: [
            (nil, "null"), (true, "true"), (false, "false"), (0, "0"), (-12, "-12"),
            (.int(.min), "-9223372036854775808"),
            (.int(.max), "9223372036854775807"), (1.5, "1.5"), (.double(.nan), "null"), (.double(.infinity), "null"),
            ("a\"b\\c", #""a\"b\\c""#), ("\u{0}\u{8}\t\n\u{C}\r\u{1F}", #""\u0000\b\t\n\f\r\u001f""#),
            ("/é😀", "\"/é😀\""),
            ([], "[]"), ([1, [2], "x"], "[1,[2],\"x\"]"), ([:], "{}"),
            (["b": 1, "a": [nil]], "{\"b\":1,\"a\":[null]}"),
            (.binary([1, 2]), "null"),
        ] as [(JSON, String)]
    )
    func writes(value: JSON, text: String) {
        #expect(String(decoding: value.serialize(), as: UTF8.self) == text)
    }

    @Test(
        "Doubles read back as they were",
        arguments: [
            0.1, -0.0, 1, 1e21, 1e-7, 123_456_789.123, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e22,
            1e23,
            4.35, 0.000001, .leastNormalMagnitude, .leastNormalMagnitude.nextDown, 9_007_199_254_740_991, 1e15, 123e300,
        ] as [Double]
    )
    func doubles(value: Double) throws {
        let read = try JSON.parse(JSON.double(value).serialize())
        #expect(read.doubleValue?.bitPattern == value.bitPattern)
    }

    @Test("A value that was read is written as it stood")
    func roundTrip() throws {
        let text = #"{"id":-7,"list":[1.5,"é\n",{"deep":[[],{}]}],"t":true,"n":null}"#
        #expect(String(decoding: try JSON.parse(text.utf8).serialize(), as: UTF8.self) == text)
    }

    @Test("Setting a key to nil removes it, to a value replaces it in its place")
    func objectSubscript() {
        var object: JSONObject = ["a": 1, "b": 2, "a": 3]
        #expect(object.keys == ["a", "b"])
        object["a"] = 4
        object["c"] = 5
        object["b"] = nil
        object["none"] = nil
        #expect(object == ["a": 4, "c": 5])
    }

    @Test("Accessors give nil for other kinds")
    func accessors() {
        let all: [JSON] = [nil, true, 1, 1.5, "s", [1], ["k": 1], .binary([1])]
        #expect(all.map { $0.stringValue != nil } == [false, false, false, false, true, false, false, false])
        #expect(all.map { $0.intValue != nil } == [false, false, true, false, false, false, false, false])
        #expect(all.map { $0.doubleValue != nil } == [false, false, true, true, false, false, false, false])
        #expect(all.map { $0.boolValue != nil } == [false, true, false, false, false, false, false, false])
        #expect(all.map { $0.arrayValue != nil } == [false, false, false, false, false, true, false, false])
        #expect(all.map { $0.objectValue != nil } == [false, false, false, false, false, false, true, false])
        #expect(all.map { $0.bytesValue != nil } == [false, false, false, false, false, false, false, true])
        #expect(all.map(\.isNull) == [true, false, false, false, false, false, false, false])
        #expect(JSON.double(3).intValue == 3)
        #expect(JSON.double(1e300).intValue == nil)
        #expect(all[5][0] == 1)
        #expect(all[5][1] == nil)
        #expect(all[5][-1] == nil)
        #expect(all[6]["k"] == 1)
        #expect(all[6]["x"] == nil)
        #expect(all[5]["k"] == nil)
    }
}
