import RedisWire
import SocketIOProtocol
import TestSupport
import Testing

@Suite("MessagePack")
struct MessagePackTests {
    @Test("Values are written as Python's msgpack writes them, and read back")
    func values() throws {
        for (value, vector) in MessagePackVectors.numbers {
            #expect(hex(MessagePack.encode(value)) == vector, "\(value)")
            #expect(try MessagePack.decode(bytes(vector)) == value, "\(vector)")
        }
    }

    @Test("Counts take the shortest header, and every header is read")
    func headers() throws {
        for vector in MessagePackVectors.headers {
            let content = [UInt8](repeating: 0x61, count: vector.count)
            let members = (0..<vector.count).map { ("\($0)", JSON.int(1)) }
            let values: [(JSON, String)] = [
                (.string(String(decoding: content, as: UTF8.self)), vector.text), (.binary(content), vector.bytes),
                (.array(content.map { .int(Int($0)) }), vector.array), (.object(JSONObject(members)), vector.map),
            ]
            for (value, header) in values {
                let encoded = MessagePack.encode(value)
                #expect(hex(encoded.prefix(header.utf8.count / 2)) == header, "\(vector.count)")
                #expect(try MessagePack.decode(encoded) == value, "\(vector.count)")
            }
        }
    }

    @Test("What JSON has no place for becomes what the original's library and JSON make of it")
    func foreign() throws {
        for (vector, value) in MessagePackVectors.readOnly {
            #expect(try MessagePack.decode(bytes(vector)) == value, "\(vector)")
        }
    }

    @Test("Every beginning of a value is an error, and so is what follows it")
    func cuts() throws {
        let whole = MessagePack.encode([
            "emitter", ["type": 2, "data": ["news", 70_000, -70_000, 1.5, .binary([1, 2, 3]), "é"]], ["rooms": ["a"]],
        ])
        for end in whole.indices {
            #expect(throws: MessagePackError.unexpectedEnd) { try MessagePack.decode(whole[..<end]) }
        }
        #expect(throws: MessagePackError.trailingBytes) { try MessagePack.decode(whole + [0]) }
    }

    @Test("Announced sizes and depths cost nothing, and have bounds")
    func hostile() {
        let cases: [([UInt8], MessagePackError)] = [
            ([], .unexpectedEnd), ([0xC1], .unknownType), ([0xDD, 0xFF, 0xFF, 0xFF, 0xFF], .tooManyValues),
            ([0xDF, 0xFF, 0xFF, 0xFF, 0xFF], .tooManyValues), ([0xC6, 0xFF, 0xFF, 0xFF, 0xFF], .unexpectedEnd),
            ([0xDB, 0xFF, 0xFF, 0xFF, 0xFF], .unexpectedEnd), ([0xC9, 0xFF, 0xFF, 0xFF, 0xFF, 5], .unexpectedEnd),
            ([0xDD, 0x00, 0x01, 0x00, 0x00], .unexpectedEnd), ([0xA1, 0xFF], .illFormedUTF8),
            ([0xA2, 0xC0, 0x80], .illFormedUTF8), ([0x81, 0x90, 0x00], .unusableKey),
            ([0x81, 0x80, 0x00], .unusableKey),
            ([0x81, 0xC4, 0x01, 0x61, 0x00], .unusableKey), ([UInt8](repeating: 0x91, count: 100_000), .tooDeep),
            ([UInt8](repeating: 0x81, count: 3) + [0x90], .unusableKey),
            ((0..<100).flatMap { _ in [0x81, 0xA0] as [UInt8] }, .tooDeep),
        ]
        for (input, error) in cases {
            #expect(throws: error, "\(hex(input.prefix(20)))") { try MessagePack.decode(input) }
        }
        let limits = JSON.Limits(maxDepth: 2, maxValues: 4)
        #expect(throws: MessagePackError.tooManyValues) { try MessagePack.decode([0x94, 1, 2, 3, 4], limits: limits) }
        #expect(throws: MessagePackError.tooDeep) { try MessagePack.decode([0x91, 0x91, 0x91, 0], limits: limits) }
        #expect(throws: Never.self) { try MessagePack.decode([0x91, 0x91, 0], limits: limits) }
    }

    @Test("Random bytes give a value or an error, and values come back the same", arguments: Fuzz.blocks.prefix(3))
    func random(seeds: ClosedRange<UInt64>) throws {
        for seed in seeds {
            var generator = SplitMix64(seed: seed)
            let count = Int.random(in: 0...64, using: &generator)
            let input = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            guard let value = try? MessagePack.decode(input) else { continue }
            let again = try MessagePack.decode(MessagePack.encode(value))
            #expect(MessagePack.encode(again) == MessagePack.encode(value), "seed \(seed)")
        }
    }
}
