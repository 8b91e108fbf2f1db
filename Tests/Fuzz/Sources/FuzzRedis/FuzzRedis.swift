public import FuzzKit
import NIOCore
import RedisWire
import SocketIOProtocol

/// What comes from Redis: its own protocol, and the messages of the adapter and of Python's manager.
public enum FuzzRedis {
    /// One target a format.
    public static let targets: [FuzzTarget] = [resp, messagePack]

    /// Reads values, in pieces of any size: the same as at once, or the same error.
    static let resp = FuzzTarget(
        name: "resp",
        run: { generator, input in
            let limits = RESPParser.Limits(maxBulkBytes: 64, maxReplyBytes: 128, maxDepth: 4, maxValues: 64)
            let whole = read(input, limits) { input.count }
            let cut = read(input, limits) { 1 + generator.below(8) }
            precondition(whole.values == cut.values && whole.error == cut.error, "Pieces are read as something else")
            precondition(whole.values.allSatisfy { byteCount($0) <= 128 }, "More bytes than the limit")
        },
        corpus: {
            [
                "+PONG\r\n", "-ERR no\r\n:-5\r\n", "$4\r\nv\r\n\0\r\n$-1\r\n", "*2\r\n$1\r\na\r\n:0\r\n*-1\r\n*0\r\n",
                "*2\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n*1\r\n$0\r\n\r\n", "$70\r\n0123456789",
                "*4\r\n$8\r\npmessage\r\n$2\r\na*\r\n$1\r\na\r\n$2\r\nhi\r\n",
            ].map { Array($0.utf8) }
        }
    )

    private static func read(
        _ input: [UInt8],
        _ limits: RESPParser.Limits,
        size: () -> Int
    ) -> (values: [RESPValue], error: RESPError?) {
        var parser = RESPParser(limits: limits)
        var buffer = ByteBuffer()
        var values: [RESPValue] = []
        var rest = input[...]
        while !rest.isEmpty {
            let piece = rest.prefix(size())
            rest = rest.dropFirst(piece.count)
            buffer.writeBytes(piece)
            do throws(RESPError) {
                while let value = try parser.next(from: &buffer) { values.append(value) }
            } catch {
                return (values, error)
            }
        }
        return (values, nil)
    }

    private static func byteCount(_ value: RESPValue) -> Int {
        switch value {
        case .bulkString(let bytes): bytes.readableBytes
        case .array(let elements): elements.reduce(0) { $0 + byteCount($1) }
        case .simpleString, .error, .integer, .null, .skipped: 0
        }
    }

    /// Decodes; what was read is written, read again and written to the same.
    static let messagePack = FuzzTarget(
        name: "message-pack",
        run: { _, input in
            guard let value = try? MessagePack.decode(input) else { return }
            let written = MessagePack.encode(value)
            guard let again = try? MessagePack.decode(written) else {
                preconditionFailure("\(value) is not read again")
            }
            precondition(MessagePack.encode(again) == written, "\(value) is not stable")
        },
        corpus: {
            let values: [JSON] = [
                nil, true, 1, -1, 300, 70_000, 5_000_000_000, -200, -40_000, -3_000_000_000, 1.5, "text",
                .binary([1, 2]),
                [
                    "emitter", ["type": 2, "data": ["news", .binary([0])], "nsp": "/"], ["rooms": ["a"], "except": []],
                ],
                ["uid": "x", "requestId": "y", "type": 7, "opts": ["flags": ["timeout": 5]]],
                .string(String(repeating: "a", count: 300)), .array([JSON](repeating: 0, count: 20)),
            ]
            let extensions: [[UInt8]] = [
                [0xD6, 0xFF, 0x6B, 0x04, 0xEF, 0xA0], [0xD4, 0, 0], [0xC7, 3, 5, 1, 2, 3],
                [0xC7, 12, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            ]
            return values.map { MessagePack.encode($0) } + extensions
        }
    )
}
