import NIOCore
import RedisWire
import TestSupport
import Testing

/// A parser with what it has not read yet.
private final class Reader {
    private var parser: RESPParser
    var buffer: ByteBuffer

    init(_ text: String, limits: RESPParser.Limits = .init()) {
        self.parser = RESPParser(limits: limits)
        self.buffer = ByteBuffer(string: text)
    }

    func next() throws -> RESPValue? { try self.parser.next(from: &self.buffer) }
}

@Suite("RESP")
struct RESPTests {
    private static func bulk(_ text: String) -> RESPValue { .bulkString(ByteBuffer(string: text)) }

    /// What redis-server 7.0 answered, and what it is.
    private static let transcript: [(String, RESPValue)] = [
        ("+PONG\r\n", .simpleString("PONG")), ("+OK\r\n", .simpleString("OK")),
        ("$4\r\nv\r\n\0\r\n", bulk("v\r\n\0")), ("$-1\r\n", .null), (":1\r\n", .integer(1)),
        ("-ERR value is not an integer or out of range\r\n", .error("ERR value is not an integer or out of range")),
        (
            "*2\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n*2\r\n$3\r\n2-0\r\n*2\r\n$1\r\nf\r\n$1\r\nw\r\n",
            .array([
                .array([bulk("1-1"), .array([bulk("f"), bulk("v")])]),
                .array([bulk("2-0"), .array([bulk("f"), bulk("w")])]),
            ])
        ),
        (
            "*7\r\n:1\r\n:-2\r\n$1\r\na\r\n+fine\r\n-bad\r\n$-1\r\n*0\r\n",
            .array([.integer(1), .integer(-2), bulk("a"), .simpleString("fine"), .error("bad"), .null, .array([])])
        ),
        (
            "-NOSCRIPT No matching script. Please use EVAL.\r\n",
            .error("NOSCRIPT No matching script. Please use EVAL.")
        ),
        ("*2\r\n$1\r\na\r\n:0\r\n", .array([bulk("a"), .integer(0)])), ("*-1\r\n", .null),
        (
            "*4\r\n$8\r\npmessage\r\n$2\r\na*\r\n$1\r\na\r\n$2\r\nhi\r\n",
            .array([bulk("pmessage"), bulk("a*"), bulk("a"), bulk("hi")])
        ),
        ("$0\r\n\r\n", bulk("")), (":-9223372036854775808\r\n", .integer(.min)),
    ]

    private static func parse(_ pieces: [ByteBuffer]) throws -> [RESPValue] {
        var parser = RESPParser()
        var buffer = ByteBuffer()
        var values: [RESPValue] = []
        for var piece in pieces {
            buffer.writeBuffer(&piece)
            while let value = try parser.next(from: &buffer) { values.append(value) }
            buffer.discardReadBytes()
        }
        #expect(buffer.readableBytes == 0)
        return values
    }

    @Test(
        "What a real server sent is read, whole, byte by byte and in random pieces",
        arguments: 0..<20 as Range<UInt64>
    )
    func transcript(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        var whole = ByteBuffer(string: Self.transcript.map(\.0).joined())
        let expected = Self.transcript.map(\.1)
        #expect(try Self.parse([whole]) == expected)
        var pieces: [ByteBuffer] = []
        while whole.readableBytes > 0 {
            let length = seed == 0 ? 1 : Int.random(in: 1...min(40, whole.readableBytes), using: &generator)
            let piece = whole.readSlice(length: min(length, whole.readableBytes))
            pieces.append(try #require(piece))
        }
        #expect(try Self.parse(pieces) == expected)
    }

    @Test(
        "What is not RESP2 is an error of its own kind",
        arguments: [
            ("hello\r\n", RESPError.unknownType), ("%1\r\n", .unknownType), ("\r\n", .unknownType),
            ("+a\n", .malformedLineEnd),
            ("\n", .malformedLineEnd), ("$3\r\nabcde", .malformedLineEnd), (":\r\n", .malformedNumber),
            (":1x\r\n", .malformedNumber), (":+1\r\n", .malformedNumber),
            (":9223372036854775808\r\n", .malformedNumber),
            ("$\r\n", .malformedNumber), ("$-2\r\n", .negativeLength), ("*-2\r\n", .negativeLength),
            ("*1048577\r\n", .tooManyValues), ("*9223372036854775807\r\n", .tooManyValues),
            (String(repeating: "*1\r\n", count: 17), .tooDeep),
        ]
    )
    func malformed(text: String, error: RESPError) {
        let reader = Reader(text)
        #expect(throws: error) { while try reader.next() != nil {} }
    }

    // Not among the arguments above, which are printed: a pipe that is full of them stalls the run.
    @Test("A line has a bound, with or without an end")
    func longLine() {
        for end in ["", "\r\n"] {
            let reader = Reader("+" + String(repeating: "a", count: 70_000) + end)
            #expect(throws: RESPError.lineTooLong) { try reader.next() }
        }
    }

    @Test("A string that is too large is passed over, and what follows is read")
    func oversized() throws {
        let limits = RESPParser.Limits(maxBulkBytes: 10, maxReplyBytes: 15)
        let text = "*3\r\n$10\r\n0123456789\r\n$6\r\n012345\r\n$5\r\n01234\r\n$11\r\n0123456789"
        let reader = Reader(text, limits: limits)
        let (ten, five) = (Self.bulk("0123456789"), Self.bulk("01234"))
        #expect(try reader.next() == .array([ten, .skipped(byteCount: 6), five]))
        #expect(try reader.next() == nil)
        #expect(reader.buffer.readableBytes == 0, "what is passed over is not kept")
        reader.buffer.writeString("0\r\n+OK\r\n")
        #expect(try reader.next() == .skipped(byteCount: 11))
        #expect(try reader.next() == .simpleString("OK"))
        reader.buffer.writeString("$9223372036854775807\r\nx")
        #expect(try reader.next() == nil)
    }

    @Test("Values are counted for each reply, and a large array takes no room before it comes")
    func counts() throws {
        let reader = Reader("", limits: .init(maxValues: 3))
        for _ in 0..<3 {
            reader.buffer.writeString("*2\r\n:1\r\n:2\r\n")
            #expect(try reader.next()?.array?.count == 2)
        }
        reader.buffer.writeString("*2\r\n*1\r\n:1\r\n:2\r\n")
        #expect(throws: RESPError.tooManyValues) { try reader.next() }
        #expect(try Reader("*1048575\r\n").next() == nil)
    }

    @Test("Commands are arrays of strings, whatever is in them")
    func commands() throws {
        let command = RESPCommand("SET", "é\r\n", .bytes([0, 255]), .int(-5), .buffer(ByteBuffer(string: "x")), 7)
        #expect(
            String(buffer: command.encoded).hasPrefix("*6\r\n$3\r\nSET\r\n$4\r\né\r\n\r\n$2\r\n")
        )
        let reader = Reader("")
        reader.buffer = command.encoded
        let parts = try #require(try reader.next()?.array)
        #expect(
            parts.map { $0.bytes.map { Array($0.readableBytesView) } } == [
                Array("SET".utf8), Array("é\r\n".utf8), [0, 255], Array("-5".utf8), Array("x".utf8), Array("7".utf8),
            ]
        )
        #expect(reader.buffer.readableBytes == 0 && "\(command)" == "SET")
    }

    @Test("Random bytes give values or an error, however they are cut", arguments: Fuzz.blocks.prefix(3))
    func random(seeds: ClosedRange<UInt64>) throws {
        let alphabet = Array("*$+-:0123456789\r\n\r\n\r\nab".utf8)
        for seed in seeds {
            var generator = SplitMix64(seed: seed)
            let input = (0..<200).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
            func read(by size: Int) -> ([RESPValue], RESPError?) {
                var parser = RESPParser(limits: .init(maxBulkBytes: 50))
                var buffer = ByteBuffer()
                var values: [RESPValue] = []
                for start in stride(from: 0, to: input.count, by: size) {
                    buffer.writeBytes(input[start..<min(start + size, input.count)])
                    do {
                        while let value = try parser.next(from: &buffer) { values.append(value) }
                    } catch {
                        return (values, error)
                    }
                }
                return (values, nil)
            }
            let whole = read(by: input.count)
            for size in [1, 7] {
                let cut = read(by: size)
                #expect(cut.0 == whole.0 && cut.1 == whole.1, "seed \(seed), pieces of \(size)")
            }
        }
    }
}
