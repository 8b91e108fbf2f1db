import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import SocketIO

/// The groups of Autobahn|Testsuite 1-7, 9 and 10, over real sockets with raw frames.
@Suite("WebSocket endpoints")
struct EndpointTests {
    static let lengths = [0, 1, 125, 126, 127, 128, 65_535, 65_536, 300_000]

    @Test("Messages of every length class come back with their opcode", arguments: lengths)
    func messages(size: Int) async throws {
        try await withEndpoint { harness in
            let client = try await harness.webSocket()
            let text = (0..<size).map { UInt8(ascii: "a") + UInt8($0 % 26) }
            for (opcode, payload) in [(UInt8(1), text), (2, text.map { $0 ^ 0xFF })] {
                try await client.send(RawClient.frame(opcode: opcode, payload))
                #expect(try await client.receiveFrame() == RawFrame(opcode: opcode, payload: payload))
                // In chops that split the header too.
                let bytes = RawClient.frame(opcode: opcode, payload)
                for start in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 7)) {
                    try await client.send(bytes[start..<min(start + max(1, bytes.count / 7), bytes.count)])
                }
                #expect(try await client.receiveFrame() == RawFrame(opcode: opcode, payload: payload))
            }
        }
    }

    @Test("Pings are answered in order with their payload, pongs ignored")
    func pings() async throws {
        try await withEndpoint { harness in
            let client = try await harness.webSocket()
            let payloads: [[UInt8]] = [[], Array("hello".utf8), [0, 255, 254], Array(repeating: 7, count: 125)]
            for payload in payloads { try await client.send(RawClient.frame(opcode: 9, payload)) }
            try await client.send(RawClient.frame(opcode: 10, Array("unasked".utf8)))
            for number in 0..<10 { try await client.send(RawClient.frame(opcode: 9, [UInt8(number)])) }
            for payload in payloads + (0..<10).map({ [UInt8($0)] }) {
                #expect(try await client.receiveFrame() == RawFrame(opcode: 10, payload: payload))
            }
        }
    }

    @Test("Control frames may come between fragments, and empty fragments count for nothing")
    func fragments() async throws {
        try await withEndpoint { harness in
            let client = try await harness.webSocket()
            var bytes = RawClient.frame(opcode: 1, [], isFinal: false)
            bytes += RawClient.frame(opcode: 9, [1])
            bytes += RawClient.frame(opcode: 0, Array("grü".utf8.dropLast()), isFinal: false)
            bytes += RawClient.frame(opcode: 0, Array("grü".utf8.suffix(1)), isFinal: false)
            bytes += RawClient.frame(opcode: 9, [2])
            bytes += RawClient.frame(opcode: 0, [])
            try await client.send(bytes)
            #expect(try await client.receiveFrame() == RawFrame(opcode: 10, payload: [1]))
            #expect(try await client.receiveFrame() == RawFrame(opcode: 10, payload: [2]))
            #expect(try await client.receiveFrame() == RawFrame(opcode: 1, payload: Array("grü".utf8)))
        }
    }

    /// Each breach, and the code it is answered with.
    static let breaches: [(String, [UInt8], Int)] =
        [
            ("ping of 126 bytes", RawClient.frame(opcode: 9, Array(repeating: 0, count: 126)), 1002),
            ("fragmented pong", RawClient.frame(opcode: 10, [], isFinal: false), 1002),
            ("unmasked", RawClient.frame(opcode: 2, [1], isMasked: false), 1002),
            ("RSV1 that nobody agreed on", RawClient.frame(opcode: 1, [], isCompressed: true), 1002),
            ("RSV2", [0xA1, 0x80, 0, 0, 0, 0], 1002),
            ("RSV3", [0x91, 0x80, 0, 0, 0, 0], 1002),
            ("RSV on a ping", [0xF9, 0x80, 0, 0, 0, 0], 1002),
            ("RSV on a close", [0xF8, 0x80, 0, 0, 0, 0], 1002),
            ("continuation of nothing", RawClient.frame(opcode: 0, []), 1002),
            (
                "continuation after the end",
                RawClient.frame(opcode: 2, [], isFinal: false) + RawClient.frame(opcode: 0, [])
                    + RawClient.frame(opcode: 0, []), 1002
            ),
            (
                "message inside a message",
                RawClient.frame(opcode: 1, [], isFinal: false) + RawClient.frame(opcode: 2, []), 1002
            ),
            ("close of one byte", RawClient.frame(opcode: 8, [3]), 1002),
            ("close with an ill-formed reason", RawClient.frame(opcode: 8, [3, 232, 0xC0, 0xAF]), 1007),
            ("close of 126 bytes", RawClient.frame(opcode: 8, [3, 232] + Array(repeating: 65, count: 124)), 1002),
            ("too big", RawClient.frame(opcode: 2, Array(repeating: 0, count: 400_001)), 1009),
        ]
        + ([3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as [UInt8]).map { opcode in
            ("opcode \(opcode)", RawClient.frame(opcode: opcode, []), 1002)
        }
        + [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map { code in
            ("close code \(code)", RawClient.frame(opcode: 8, [UInt8(code >> 8), UInt8(code & 255)]), 1002)
        }

    @Test(
        "Every breach is answered with its code, and what came before it still comes back",
        arguments: breaches.indices
    )
    func breach(index: Int) async throws {
        let (name, bytes, code) = Self.breaches[index]
        try await withEndpoint({ $0.maxMessageBytes = 400_000 }) { harness in
            let client = try await harness.webSocket()
            try await client.send(RawClient.frame(opcode: 1, [65]) + bytes)
            let first = try await client.receiveFrame()
            if first.opcode == 1 { #expect(try await client.receiveClose().closeCode == code, "\(name)") }
            #expect(first.opcode == 1, "\(name)")
            try await client.waitForClose()
        }
    }

    @Test(
        "Codes that may travel are echoed, whatever the reason",
        arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
    )
    func closeCodes(code: Int) async throws {
        try await withEndpoint { harness in
            for reason in [[], Array("bye 🎈".utf8), Array(repeating: UInt8(65), count: 123)] {
                let client = try await harness.webSocket()
                // A message behind the close frame is nothing to answer.
                try await client.send(
                    RawClient.frame(opcode: 8, [UInt8(code >> 8), UInt8(code & 255)] + reason)
                        + RawClient.frame(opcode: 1, [65])
                )
                let answer = try await client.receiveFrame()
                #expect(answer.opcode == 8 && answer.closeCode == code)
                try await client.waitForClose()
            }
        }
    }

    /// Well-formed texts, and ill-formed ones with the length of what can still become well-formed (RFC 3629, section 4).
    static let texts: [([UInt8], Bool)] = [
        (Array("κόσμε".utf8), true), ([0xC2, 0x80], true), ([0xE0, 0xA0, 0x80], true),
        ([0xF0, 0x90, 0x80, 0x80], true),
        ([0xED, 0x9F, 0xBF], true), ([0xEE, 0x80, 0x80], true), ([0xEF, 0xBF, 0xBF], true),
        ([0xF4, 0x8F, 0xBF, 0xBF], true), ([0x00], true), ([0xC0, 0x80], false), ([0xC1, 0xBF], false),
        ([0xE0, 0x9F, 0xBF], false), ([0xED, 0xA0, 0x80], false), ([0xED, 0xBF, 0xBF], false),
        ([0xF0, 0x8F, 0xBF, 0xBF], false), ([0xF4, 0x90, 0x80, 0x80], false), ([0xF5, 0x80, 0x80, 0x80], false),
        ([0xFE], false), ([0xFF], false), ([0x80], false), ([0xBF], false), ([0xE2, 0x82], false),
        ([0xC2], false), ([0xF0, 0x9F, 0x8E], false), ([0xF8, 0x88, 0x80, 0x80, 0x80], false),
        ([0x41, 0xE2, 0x28, 0xA1, 0x41], false),
    ]

    @Test("Text is well-formed UTF-8 over all fragments, or the connection ends with 1007", arguments: texts.indices)
    func utf8(index: Int) async throws {
        let (text, isWellFormed) = Self.texts[index]
        try await withEndpoint { harness in
            for isInFragments in [false, true] {
                let client = try await harness.webSocket()
                var bytes: [UInt8] = []
                for (index, byte) in text.enumerated() where isInFragments {
                    bytes += RawClient.frame(opcode: index == 0 ? 1 : 0, [byte], isFinal: index == text.count - 1)
                }
                try await client.send(isInFragments ? bytes : RawClient.frame(opcode: 1, text))
                if isWellFormed {
                    #expect(try await client.receiveFrame() == RawFrame(opcode: 1, payload: text))
                } else {
                    #expect(try await client.receiveClose().closeCode == 1007)
                }
                // The same bytes as a binary message are anybody's business.
                let other = try await harness.webSocket()
                try await other.send(RawClient.frame(opcode: 2, text))
                #expect(try await other.receiveFrame() == RawFrame(opcode: 2, payload: text))
            }
        }
    }

    @Test("Ill-formed text ends the connection at its fragment, before the message does")
    func failsFast() async throws {
        try await withEndpoint { harness in
            let client = try await harness.webSocket()
            try await client.send(RawClient.frame(opcode: 1, [0x41, 0xF4, 0x90], isFinal: false))
            #expect(try await client.receiveClose().closeCode == 1007)
        }
    }

    @Test("Ill-formed text ends the connection at its byte, before the rest of the frame is there")
    func failsInsideFrame() async throws {
        try await withEndpoint { harness in
            let client = try await harness.webSocket()
            // 0xF4 may still begin a character; not with what follows it.
            let frame = RawClient.frame(opcode: 1, [0x41, 0xF4, 0x90, 0x80, 0x80, 0x41])
            for byte in frame.dropLast(3) { try await client.send([byte]) }
            #expect(try await client.receiveClose().closeCode == 1007)
            try await client.waitForClose()
        }
    }

    @Test("A client that does not read is closed when too much waits for it")
    func slowReader() async throws {
        try await withEndpoint({ $0.maxBufferedBytes = 100_000 }) { harness in
            let client = try await harness.webSocket()
            try await client.setReading(false)
            let message = RawClient.frame(opcode: 2, Array(repeating: 1, count: 1 << 19))
            let flood = Task { while true { try await client.send(message) } }
            await #expect(throws: (any Error).self) { try await flood.value }
        }
    }

    @Test("Pages of origins that are not allowed are refused; programs and allowed pages are not")
    func origins() async throws {
        try await withEndpoint({ $0.allowedOrigins = ["https://good.example"] }) { harness in
            for (origin, status) in [("https://good.example", 101), ("https://evil.example", 403), ("null", 403)] {
                let client = try await RawClient.connect(to: harness.port)
                #expect(try await client.upgrade("/echo", headers: ["Origin": origin]).status == status)
            }
            let old = try await RawClient.connect(to: harness.port)
            #expect(try await old.upgrade("/echo", headers: ["Sec-WebSocket-Version": "8"]).status == 426)
            let keyless = try await RawClient.connect(to: harness.port)
            #expect(try await keyless.upgrade("/echo", headers: ["Sec-WebSocket-Key": "short"]).status == 400)
        }
    }

    @Test(
        "An upgrade that announces a body is refused at its head",
        arguments: ["Content-Length: 10", "Transfer-Encoding: chunked"]
    )
    func body(header: String) async throws {
        try await withEndpoint { harness in
            let client = try await RawClient.connect(to: harness.port)
            var request = "GET /echo HTTP/1.1\r\nHost: x\r\n\(header)\r\n"
            for (name, value) in RawClient.upgradeHeaders { request += "\(name): \(value)\r\n" }
            try await client.send(request + "\r\n")
            #expect(try await client.receiveResponse().status == 400)
            try await client.waitForClose()
        }
    }

    @Test(
        "An upgrade waits for the answers to the requests before it, and outlives HTTP's timers",
        arguments: [false, true]
    )
    func besideSocketIO(isEndpointFirst: Bool) async throws {
        var configuration = SocketIOConfiguration()
        configuration.idleTimeout = .milliseconds(600)
        configuration.pingInterval = .milliseconds(400)
        configuration.pingTimeout = .seconds(20)
        await Turnstile.shared.enter()
        defer { Turnstile.shared.leave() }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = SocketIOServer(configuration: configuration, eventLoopGroup: group, logger: Logger(label: "test"))
        let endpoint = WebSocketEndpoint(path: "/echo") { connection in
            connection.onMessage { connection.send($0) }
        }
        let listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    if isEndpointFirst { try pipeline.addHandler(endpoint.makeGate(isSecure: false)) }
                    try pipeline.addHandler(Gate(server: server, isSecure: false))
                    if !isEndpointFirst { try pipeline.addHandler(endpoint.makeGate(isSecure: false)) }
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let client = try await RawClient.connect(to: try #require(listener.localAddress?.port))
        let polling = "/socket.io/?EIO=4&transport=polling"
        let sid = try #require(try await client.request("GET", polling).body.split(separator: "\"").dropFirst(3).first)
        // The GET is answered by the heartbeat; the upgrade comes in the same packet.
        var request = "GET \(polling)&sid=\(sid) HTTP/1.1\r\nHost: x\r\n\r\nGET /echo HTTP/1.1\r\nHost: x\r\n"
        for (name, value) in RawClient.upgradeHeaders { request += "\(name): \(value)\r\n" }
        try await client.send(request + "\r\n")
        #expect(try await client.receiveResponse().body == "2")
        #expect(try await client.receiveResponse().status == 101)
        try await Task.sleep(for: .milliseconds(1500))
        try await client.sendText("still here")
        #expect(try await client.receiveText() == "still here")
        try await client.close()
        try await listener.close()
        await server.shutdown()
        try await group.shutdownGracefully()
    }
}
