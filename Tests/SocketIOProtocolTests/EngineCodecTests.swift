import SocketIOProtocol
import Testing

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

private let handshake = EngineHandshake(
    sessionID: "lv_VI97HAXpY6yYWAAAC",
    upgrades: ["websocket"],
    pingInterval: .seconds(25),
    pingTimeout: .seconds(20),
    maxPayload: 1_000_000
)

@Suite("Engine.IO packets")
struct EngineCodecTests {
    @Test(
        "Text packets are a digit and data",
        arguments: [
            (
                .open(handshake),
                #"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#
            ),
            (.close, "1"), (.ping([]), "2"), (.ping(bytes("probe")), "2probe"), (.pong(bytes("probe")), "3probe"),
            (.message(.text(bytes("hello €"))), "4hello €"), (.message(.text([])), "4"), (.upgrade, "5"), (.noop, "6"),
        ] as [(EnginePacket, String)]
    )
    func textPackets(packet: EnginePacket, text: String) throws {
        let encoded = EnginePacketCodec.encodeWebSocket(packet)
        #expect(String(decoding: encoded.payload, as: UTF8.self) == text)
        #expect(!encoded.isBinary)
        #expect(try EnginePacketCodec.decodeWebSocketText(bytes(text)) == packet)
        #expect(try PollingPayload.decode(bytes(text)) == [packet])
    }

    @Test("A binary message is a bare binary frame, and b with base64 in a payload")
    func binaryPackets() throws {
        let packet = EnginePacket.message(.binary([1, 2, 3, 4]))
        let encoded = EnginePacketCodec.encodeWebSocket(packet)
        #expect(encoded.payload == [1, 2, 3, 4])
        #expect(encoded.isBinary)
        #expect(EnginePacketCodec.decodeWebSocketBinary([1, 2, 3, 4]) == packet)
        #expect(String(decoding: PollingPayload.encode([packet]), as: UTF8.self) == "bAQIDBA==")
    }

    @Test(
        "A malformed packet is refused with the documented error, on a WebSocket and in a payload",
        arguments: [
            ("", .empty), ("abc", .unknownType), ("7", .unknownType), ("9x", .unknownType), (" 4", .unknownType),
            ("1x", .unexpectedData), ("5x", .unexpectedData), ("6x", .unexpectedData),
            ("2" + String(repeating: "x", count: 126), .heartbeatTooLong),
            ("3" + String(repeating: "x", count: 126), .heartbeatTooLong),
            ("0", .malformedHandshake), ("0{}", .malformedHandshake), ("0[]", .malformedHandshake),
            ("0{\"sid\":\"a\"}", .malformedHandshake),
            ("0{\"sid\":\"\",\"pingInterval\":1,\"pingTimeout\":1}", .malformedHandshake),
            ("0{\"sid\":\"a\",\"pingInterval\":-1,\"pingTimeout\":1}", .malformedHandshake),
            ("0{\"sid\":\"a\",\"pingInterval\":0,\"pingTimeout\":0}", .malformedHandshake),
            ("0{\"sid\":1,\"pingInterval\":1,\"pingTimeout\":1}", .malformedHandshake),
            ("0" + String(repeating: "[", count: 40_000), .malformedHandshake),
        ] as [(String, EnginePacketError)]
    )
    func malformed(text: String, error: EnginePacketError) {
        #expect(throws: error) { try EnginePacketCodec.decodeWebSocketText(bytes(text)) }
        #expect(throws: error) { try PollingPayload.decode(bytes(text)) }
    }

    @Test(
        "A polling body is UTF-8 as a whole",
        arguments: [[0x34, 0xFF, 0xFE], [0x34, 0xE2, 0x82], [0x34, 0xED, 0xA0, 0x80]]
    )
    func illFormedText(body: [UInt8]) throws {
        #expect(throws: EnginePacketError.illFormedText) { try PollingPayload.decode(body) }
        #expect(try PollingPayload.decode(Array("4grüße 🎈".utf8)) == [.message(.text(Array("grüße 🎈".utf8)))])
    }

    @Test("A b is no packet type on a WebSocket")
    func base64OnWebSocket() {
        #expect(throws: EnginePacketError.unknownType) { try EnginePacketCodec.decodeWebSocketText(bytes("bAQID")) }
    }

    @Test(
        "A malformed payload is refused whole",
        arguments: [
            ("4a\u{1E}", .empty), ("\u{1E}4a", .empty), ("4a\u{1E}\u{1E}4b", .empty), ("4a\u{1E}abc", .unknownType),
            ("bA", .malformedBase64), ("bAQI", .malformedBase64), ("bAQ=I", .malformedBase64),
            ("bA===", .malformedBase64),
            ("b====", .malformedBase64), ("bAQ-_", .malformedBase64), ("bAQ ID", .malformedBase64),
            ("bAQID=", .malformedBase64), ("b=AAA", .malformedBase64), ("4a\u{1E}b!", .malformedBase64),
        ] as [(String, EnginePacketError)]
    )
    func malformedPayloads(text: String, error: EnginePacketError) {
        #expect(throws: error) { try PollingPayload.decode(bytes(text)) }
    }

    @Test("A payload is bounded in bytes and in packets")
    func payloadBounds() throws {
        #expect(throws: EnginePacketError.payloadTooLarge) { try PollingPayload.decode(bytes("4abc"), maxPayload: 3) }
        #expect(throws: EnginePacketError.tooManyPackets) {
            try PollingPayload.decode(bytes("4\u{1E}4\u{1E}4"), maxPackets: 2)
        }
        #expect(try PollingPayload.decode(bytes("4\u{1E}4"), maxPayload: 3, maxPackets: 2).count == 2)
    }

    @Test("Several packets stand with 0x1E between them")
    func payloads() throws {
        let packets: [EnginePacket] = [
            .message(.text(bytes("hello"))), .ping([]), .message(.binary([1, 2, 3])), .message(.text(bytes("€"))),
            .noop,
        ]
        let body = PollingPayload.encode(packets)
        #expect(String(decoding: body, as: UTF8.self) == "4hello\u{1E}2\u{1E}bAQID\u{1E}4€\u{1E}6")
        #expect(try PollingPayload.decode(body) == packets)
    }

    @Test("Binary messages of every length up to 100 survive base64")
    func base64() throws {
        for count in 0...100 {
            let packets = [
                EnginePacket.message(.binary((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }))
            ]
            #expect(try PollingPayload.decode(PollingPayload.encode(packets)) == packets)
        }
    }

    @Test(
        "Server frames have the shortest header that fits",
        arguments: [
            (0, [0x82, 0]), (125, [0x82, 125]), (126, [0x82, 126, 0, 126]), (65_535, [0x82, 126, 0xFF, 0xFF]),
            (65_536, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] as [(Int, [UInt8])]
    )
    func frames(count: Int, header: [UInt8]) {
        let payload = Array(repeating: UInt8(7), count: count)
        #expect(WebSocketFraming.serverFrame(opcode: .binary, payload: payload) == header + payload)
    }

    @Test("Messages are framed one behind the other, text with its 4")
    func messageFrames() {
        let frames = WebSocketFraming.serverFrames([.text(bytes("2[]")), .binary([9])])
        #expect(frames == [0x81, 4] + bytes("42[]") + [0x82, 1, 9])
        #expect(
            WebSocketFraming.serverFrames([.text(Array(repeating: 97, count: 125))]).prefix(4) == [0x81, 126, 0, 126]
        )
    }
}

@Suite("Engine.IO requests")
struct EngineRequestTests {
    struct Example: Sendable {
        var method = EngineRequest.Method.get
        var query: String
        var isUpgrade = false
        var session: EngineTransport?
        var error: EngineErrorCode
    }

    @Test(
        "A request that does not fit is refused with the protocol's code",
        arguments: [
            Example(query: "", error: .transportUnknown),
            Example(query: "EIO=4", error: .transportUnknown),
            Example(query: "EIO=4&transport=abc", error: .transportUnknown),
            Example(query: "EIO=4&transport=webtransport", error: .transportUnknown),
            Example(query: "EIO=4&transport=", error: .transportUnknown),
            Example(query: "transport=polling", error: .unsupportedProtocolVersion),
            Example(query: "transport=websocket", isUpgrade: true, error: .unsupportedProtocolVersion),
            Example(query: "EIO=abc&transport=polling", error: .unsupportedProtocolVersion),
            Example(query: "EIO=3&transport=polling", error: .unsupportedProtocolVersion),
            Example(method: .post, query: "EIO=4&transport=polling", error: .badHandshakeMethod),
            Example(method: .other, query: "EIO=4&transport=polling", error: .badHandshakeMethod),
            Example(query: "EIO=4&transport=websocket", error: .badRequest),
            Example(query: "EIO=4&transport=polling", isUpgrade: true, error: .badRequest),
            Example(query: "EIO=4&transport=polling&sid=gone", error: .sessionIDUnknown),
            // Of several faults the one that the reference meets first: transport, sid, method, upgrade, version.
            Example(method: .post, query: "EIO=3&transport=abc&sid=gone", error: .transportUnknown),
            Example(query: "transport=polling&sid=gone", error: .sessionIDUnknown),
            Example(method: .other, query: "EIO=3&transport=polling&sid=gone", error: .sessionIDUnknown),
            Example(query: "transport=websocket&sid=gone", error: .sessionIDUnknown),
            Example(query: "transport=polling&sid=a", session: .webSocket, error: .badRequest),
            Example(method: .post, query: "transport=polling", error: .badHandshakeMethod),
            Example(method: .other, query: "EIO=3&transport=websocket", error: .badHandshakeMethod),
            Example(method: .post, query: "EIO=4&transport=polling&sid=", error: .badHandshakeMethod),
            Example(query: "transport=websocket", error: .badRequest),
            Example(query: "EIO=3&transport=polling", isUpgrade: true, error: .badRequest),
            Example(query: "EIO=4&transport=websocket&sid=gone", isUpgrade: true, error: .sessionIDUnknown),
            Example(query: "EIO=4&transport=polling&sid=a", session: .webSocket, error: .badRequest),
            Example(method: .post, query: "EIO=4&transport=polling&sid=a", session: .webSocket, error: .badRequest),
            Example(method: .other, query: "EIO=4&transport=polling&sid=a", session: .polling, error: .badRequest),
            Example(query: "EIO=4&transport=websocket&sid=a", session: .polling, error: .badRequest),
        ]
    )
    func refused(_ example: Example) {
        let request = EngineRequest(method: example.method, query: Array(example.query.utf8))
        #expect(throws: example.error) {
            try request.check(
                isWebSocketUpgrade: example.isUpgrade,
                transports: [.polling, .webSocket],
                session: example.session
            )
        }
    }

    @Test("What fits is a handshake or belongs to its session")
    func accepted() throws {
        func purpose(
            _ query: String,
            method: EngineRequest.Method = .get,
            isUpgrade: Bool = false,
            session: EngineTransport? = nil
        ) throws -> EngineRequest.Purpose {
            try EngineRequest(method: method, query: Array(query.utf8))
                .check(isWebSocketUpgrade: isUpgrade, transports: [.polling, .webSocket], session: session)
        }
        #expect(try purpose("EIO=4&transport=polling&t=abc") == .handshake(.polling))
        #expect(try purpose("EIO=4&transport=websocket", isUpgrade: true) == .handshake(.webSocket))
        #expect(try purpose("EIO=4&transport=polling&sid=a", session: .polling) == .session("a", .polling))
        #expect(
            try purpose("EIO=4&transport=polling&sid=a", method: .post, session: .polling) == .session("a", .polling)
        )
        #expect(
            try purpose("EIO=4&transport=websocket&sid=a", isUpgrade: true, session: .polling)
                == .session("a", .webSocket)
        )
        // The version is asked for at the handshake only, and an empty `sid` is none.
        #expect(try purpose("transport=polling&sid=a", session: .polling) == .session("a", .polling))
        #expect(
            try purpose("EIO=3&transport=websocket&sid=a", isUpgrade: true, session: .polling)
                == .session("a", .webSocket)
        )
        #expect(try purpose("EIO=4&transport=polling&sid=") == .handshake(.polling))
        // A second WebSocket is let in: the session accepts and closes it.
        #expect(
            try purpose("EIO=4&transport=websocket&sid=a", isUpgrade: true, session: .webSocket)
                == .session("a", .webSocket)
        )
    }

    @Test("A transport that the server does not offer is unknown")
    func transportNotOffered() {
        let request = EngineRequest(method: .get, query: Array("EIO=4&transport=polling".utf8))
        #expect(throws: EngineErrorCode.transportUnknown) {
            try request.check(isWebSocketUpgrade: false, transports: [.webSocket], session: nil)
        }
    }

    @Test("Parameters are percent-decoded, and broken escapes stand for themselves")
    func decoding() {
        let request = EngineRequest(method: .get, query: Array("a=%C3%A9+b&b&=x&c=%zz%4&&d=1=2&a=second&e=%ff".utf8))
        #expect(request["a"] == "é b")
        #expect(request["b"] == "")
        #expect(request[""] == "x")
        #expect(request["c"] == "%zz%4")
        #expect(request["d"] == "1=2")
        #expect(request["e"] == "\u{FFFD}")
        #expect(request["none"] == nil)
    }

    @Test("No more than 64 parameters are read")
    func parameterBound() {
        let query = (0..<1000).map { "p\($0)=1" }.joined(separator: "&")
        #expect(EngineRequest(method: .get, query: Array(query.utf8)).parameters.count == 64)
    }

    @Test("Error bodies are JSON with code and message")
    func errorBodies() {
        let bodies = EngineErrorCode.allCases.map { String(decoding: $0.response().body, as: UTF8.self) }
        #expect(
            bodies == [
                #"{"code":0,"message":"Transport unknown"}"#, #"{"code":1,"message":"Session ID unknown"}"#,
                #"{"code":2,"message":"Bad handshake method"}"#, #"{"code":3,"message":"Bad request"}"#,
                #"{"code":4,"message":"Forbidden"}"#, #"{"code":5,"message":"Unsupported protocol version"}"#,
            ]
        )
        #expect(EngineErrorCode.allCases.map(\.httpStatus) == [400, 400, 400, 400, 403, 400])
        #expect(EngineErrorCode.forbidden.response(message: "Origin not allowed").status == 403)
    }
}
