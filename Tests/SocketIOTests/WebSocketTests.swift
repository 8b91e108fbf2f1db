import NIOCore
import SocketIO
import Testing

@Suite("WebSockets")
struct WebSocketTests {
    @Test("The handshake answers with RFC 6455's example and offers no extension")
    func handshake() async throws {
        try await withServer(setUp: echo) { harness in
            let client = try await harness.connect()
            let response = try await client.upgrade(
                "/socket.io/?EIO=4&transport=websocket",
                headers: ["Sec-WebSocket-Extensions": "permessage-deflate", "Sec-WebSocket-Protocol": "chat"]
            )
            #expect(response.status == 101)
            #expect(response.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            #expect(response.headers["sec-websocket-extensions"] == nil)
            #expect(response.headers["sec-websocket-protocol"] == nil)
            let open = try await client.receiveText()
            #expect(open.contains(#""upgrades":[]"#))
        }
    }

    @Test("A malformed handshake is refused and the connection closed")
    func badHandshake() async throws {
        let changes = [
            (["Sec-WebSocket-Version": "8"], 426), (["Sec-WebSocket-Key": "c2hvcnQ="], 400),
            (["Sec-WebSocket-Key": ""], 400),
        ]
        try await withServer { harness in
            for (headers, status) in changes {
                let client = try await harness.connect()
                let response = try await client.upgrade("/socket.io/?EIO=4&transport=websocket", headers: headers)
                #expect(response.status == status)
                #expect(response.headers["sec-websocket-version"] == "13")
                try await client.waitForClose()
            }
            let unknown = try await harness.connect()
            #expect(try await unknown.upgrade("/socket.io/?EIO=4&transport=websocket&sid=nobody").status == 400)
        }
    }

    @Test("A later request of a keep-alive connection can be upgraded, behind foreign ones too")
    func lateUpgrade() async throws {
        try await withServer(setUp: echo) { harness in
            let client = try await harness.connect()
            #expect(try await client.request("GET", "/else").status == 404)
            #expect(try await client.request("GET", "/socket.io/?EIO=4&transport=polling").status == 200)
            #expect(try await client.upgrade("/socket.io/?EIO=4&transport=websocket").status == 101)
            #expect(try await client.receiveText().hasPrefix("0{"))
            try await client.sendText("40")
            #expect(try await client.receiveText().hasPrefix("40{"))
        }
    }

    @Test("Binary events and acks go both ways in frames of every length class")
    func binary() async throws {
        try await withServer(setUp: echo) { harness in
            let client = try await harness.socket()
            for size in [0, 1, 125, 126, 65_535, 65_536, 300_000] {
                let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                try await client.sendText(#"451-12["ask",{"_placeholder":true,"num":0}]"#)
                try await client.sendBinary(bytes)
                #expect(try await client.receiveText() == #"461-12[{"_placeholder":true,"num":0}]"#)
                #expect(try await client.receiveFrame() == RawFrame(opcode: 2, payload: bytes))
            }
        }
    }

    @Test("A message may come byte by byte, in fragments, with pings in between")
    func fragments() async throws {
        try await withServer(setUp: echo) { harness in
            let client = try await harness.socket()
            let text = Array(#"421["ask","grüße 🎈"]"#.utf8)
            var bytes: [UInt8] = []
            for (index, byte) in text.enumerated() {
                let isLast = index == text.count - 1
                bytes += RawClient.frame(opcode: index == 0 ? 1 : 0, [byte], isFinal: isLast)
                if index % 5 == 1 { bytes += RawClient.frame(opcode: 9, [7, 7]) }
            }
            for byte in bytes { try await client.send([byte]) }
            var pongs = 0
            while true {
                let frame = try await client.receiveFrame()
                guard frame.opcode == 10 else {
                    #expect(frame.text == #"431["grüße 🎈"]"#)
                    break
                }
                #expect(frame.payload == [7, 7])
                pongs += 1
            }
            #expect(pongs > 2)
        }
    }

    /// Each breach of RFC 6455 with the code that it must be answered with.
    static let breaches: [(String, [UInt8], Int)] = [
        ("unmasked frame", RawClient.frame(opcode: 1, [0x34], isMasked: false), 1002),
        ("reserved opcode", RawClient.frame(opcode: 3, []), 1002),
        ("reserved control opcode", RawClient.frame(opcode: 11, []), 1002),
        ("reserved bit", [0xC1, 0x80, 0, 0, 0, 0], 1002),
        ("continuation of nothing", RawClient.frame(opcode: 0, [1]), 1002),
        (
            "message inside a message",
            RawClient.frame(opcode: 1, [0x34], isFinal: false) + RawClient.frame(opcode: 1, [0x34]), 1002
        ),
        ("fragmented ping", RawClient.frame(opcode: 9, [], isFinal: false), 1002),
        ("long ping", RawClient.frame(opcode: 9, Array(repeating: 0, count: 126)), 1002),
        ("ill-formed text", RawClient.frame(opcode: 1, [0x34, 0xC0, 0x80]), 1007),
        ("half a character at the end", RawClient.frame(opcode: 1, [0x34, 0xE2, 0x82]), 1007),
        ("big message", RawClient.frame(opcode: 2, Array(repeating: 0, count: 2001)), 1009),
        (
            "big message in fragments",
            RawClient.frame(opcode: 2, Array(repeating: 0, count: 1500), isFinal: false)
                + RawClient.frame(opcode: 0, Array(repeating: 0, count: 501)), 1009
        ),
        ("absurd length", [0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], 1009),
        (
            "many fragments",
            RawClient.frame(opcode: 2, [], isFinal: false)
                + (0..<20).flatMap { _ in RawClient.frame(opcode: 0, [], isFinal: false) }, 1008
        ),
        ("close with one byte", RawClient.frame(opcode: 8, [3]), 1002),
        ("close with a code that may not travel", RawClient.frame(opcode: 8, [0x03, 0xED]), 1002),
        ("close with an ill-formed reason", RawClient.frame(opcode: 8, [0x03, 0xE8, 0xFF]), 1007),
    ]

    @Test("A breach of RFC 6455 is answered with its close code", arguments: breaches.indices)
    func breach(index: Int) async throws {
        let (name, bytes, code) = Self.breaches[index]
        let reasons = Recorder<DisconnectReason>()
        try await withServer(
            configure: {
                $0.maxPayload = 2000
                $0.maxFragments = 10
            },
            setUp: { server in
                server.of("/").onConnection { socket in socket.onDisconnect { reasons.record($0) } }
            }
        ) { harness in
            let client = try await harness.socket()
            try await client.send(bytes)
            #expect(try await client.receiveClose().closeCode == code, "\(name)")
            try await client.waitForClose()
            try await eventually("disconnect") { reasons.all == [.transportClose] }
        }
    }

    @Test("A close frame is echoed with its code and the connection closed")
    func close() async throws {
        try await withServer(setUp: echo) { harness in
            for payload: [UInt8] in [[], [0x03, 0xE8], [0x0F, 0xA0, 0x62, 0x79, 0x65]] {
                let client = try await harness.socket()
                try await client.send(RawClient.frame(opcode: 8, payload))
                #expect(try await client.receiveClose().payload == Array(payload.prefix(2)))
                try await client.waitForClose()
            }
            try await eventually("no connection is left") { harness.server.connectionCount == 0 }
        }
    }

    @Test("A client that vanishes, and one that never answers a close frame, are let go")
    func vanished() async throws {
        try await withServer(setUp: echo) { harness in
            let vanishing = try await harness.socket()
            try await vanishing.close()
            let stubborn = try await harness.socket()
            harness.server.of("/").disconnectSockets(close: true)
            #expect(try await stubborn.receiveText() == "41")
            _ = try await stubborn.receiveClose()
            try await stubborn.waitForClose(timeout: .seconds(8))
            try await eventually("no connection is left") { harness.server.connectionCount == 0 }
        }
    }

    @Test(
        "What is no Engine.IO or Socket.IO packet closes the connection",
        arguments: [
            "", "x", "4", "4abc", "42{}", #"42abc["message"]"#, #"42["disconnect"]"#, "2", "0{}", "5", "49[]",
            #"42/nowhere,["message"]"#, "40", #"451-["message",{"_placeholder":true,"num":3}]"#, "4599-[]",
        ]
    )
    func nonsense(text: String) async throws {
        try await withServer(setUp: echo) { harness in
            let client = try await harness.socket()
            try await client.sendText(text)
            if text.hasPrefix("451-") { try await client.sendBinary([1]) }
            _ = try await client.receiveClose()
            try await client.send(RawClient.frame(opcode: 8, []))
            try await client.waitForClose()
        }
    }

    @Test("The heartbeat runs over a WebSocket, and its absence ends the connection")
    func heartbeat() async throws {
        try await withServer(
            configure: {
                $0.pingInterval = .milliseconds(700)
                $0.pingTimeout = .milliseconds(2000)
            },
            setUp: echo
        ) { harness in
            let client = try await harness.socket()
            for _ in 0..<2 {
                #expect(try await client.receiveFrame().text == "2")
                try await client.sendText("3")
            }
            _ = try await client.receiveClose(timeout: .seconds(5))
            try await eventually("gone") { harness.server.connectionCount == 0 }
        }
    }
}
