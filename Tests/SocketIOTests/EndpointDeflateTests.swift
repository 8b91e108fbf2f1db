import NIOCore
import SocketIOProtocol
import TestSupport
import Testing

@testable import SocketIO

/// The groups of Autobahn|Testsuite 12 and 13, over real sockets with raw frames.
@Suite("permessage-deflate on sockets")
struct EndpointDeflateTests {
    private static func configure(_ configuration: inout WebSocketEndpoint.Configuration) {
        configuration.perMessageDeflate = PerMessageDeflate()
        configuration.perMessageDeflate?.threshold = 0
        configuration.maxMessageBytes = 400_000
    }

    /// What clients offer, the answer, and what that means.
    static let agreements:
        [(offer: String, answer: String, clientBits: Int, serverBits: Int, client: Bool, server: Bool)] = [
            ("permessage-deflate", "permessage-deflate", 15, 15, true, true),
            (
                "permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=15", 15, 15,
                true,
                true
            ),
            (
                "permessage-deflate; client_no_context_takeover; client_max_window_bits",
                "permessage-deflate; client_no_context_takeover; client_max_window_bits=15", 15, 15, false, true
            ),
            (
                "permessage-deflate; server_no_context_takeover; client_max_window_bits=9",
                "permessage-deflate; server_no_context_takeover; client_max_window_bits=9", 9, 15, true, false
            ),
            (
                "permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9", 15, 9,
                true,
                true
            ),
            (
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=8",
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=8",
                15,
                8, false, false
            ),
            (
                "permessage-deflate; server_max_window_bits=42, permessage-deflate; server_max_window_bits=12",
                "permessage-deflate; server_max_window_bits=12", 15, 12, true, true
            ),
        ]

    @Test(
        "Compressed messages of every size come back, text and binary, in frames and fragments",
        arguments: agreements.indices
    )
    func messages(index: Int) async throws {
        let agreement = Self.agreements[index]
        try await withEndpoint(Self.configure) { harness in
            let client = try await harness.webSocket(offering: agreement.offer, answer: agreement.answer)
            let compression = ClientCompression(
                clientBits: agreement.clientBits,
                serverBits: agreement.serverBits,
                clientKeeps: agreement.client,
                serverKeeps: agreement.server
            )
            for size in [0, 16, 64, 256, 1024, 4096, 8192, 32_768, 131_072, 0, 5000] {
                // Repeats at every distance up to 40,000, so that a window too large shows.
                let message = (0..<size).map { UInt8(ascii: "a") + UInt8(($0 % 40_000) * 7919 % 53 % 26) }
                for opcode: UInt8 in [1, 2] {
                    let packed = try compression.pack(message)
                    let pieces =
                        size % 3 == 0 ? [packed[...]] : [packed[..<(packed.count / 3)], packed[(packed.count / 3)...]]
                    var bytes: [UInt8] = []
                    for (index, piece) in pieces.enumerated() {
                        bytes += RawClient.frame(
                            opcode: index == 0 ? opcode : 0,
                            Array(piece),
                            isFinal: index == pieces.count - 1,
                            isCompressed: index == 0
                        )
                    }
                    try await client.send(bytes)
                    let answer = try await client.receiveFrame()
                    #expect(answer.opcode == opcode && answer.isCompressed)
                    #expect(try compression.unpack(answer) == message, "size \(size)")
                }
            }
            try await client.send(RawClient.frame(opcode: 2, [], isCompressed: true))
            #expect(try compression.unpack(try await client.receiveFrame()) == [])
            // A message that is not worth it may come as it is.
            try await client.send(RawClient.frame(opcode: 1, Array("plain".utf8)))
            #expect(try compression.unpack(try await client.receiveFrame()) == Array("plain".utf8))
        }
    }

    @Test("Every window is agreed on and kept to, in both directions", arguments: 8...15)
    func windows(bits: Int) async throws {
        let offer = "permessage-deflate; server_max_window_bits=\(bits); client_max_window_bits=\(bits)"
        try await withEndpoint(Self.configure) { harness in
            let client = try await harness.webSocket(offering: offer, answer: offer)
            // An inflater with just this window refuses what reaches back further.
            let compression = ClientCompression(clientBits: bits, serverBits: bits)
            // Noise that comes again from a little inside of the window, and from far outside of it.
            var random = SplitMix64(seed: UInt64(bits))
            let noise = (0..<max(64, (1 << bits) - 300)).map { _ in UInt8(random.below(256)) }
            for message in [noise, noise, noise + noise.reversed() + noise] {
                try await client.send(RawClient.frame(opcode: 2, try compression.pack(message), isCompressed: true))
                #expect(try compression.unpack(try await client.receiveFrame()) == message)
            }
        }
    }

    @Test("A message at the limit that does not compress is taken, though it is longer when packed")
    func incompressible() async throws {
        try await withEndpoint(Self.configure) { harness in
            let client = try await harness.webSocket(offering: "permessage-deflate", answer: "permessage-deflate")
            let compression = ClientCompression()
            var random = SplitMix64(seed: 1)
            let noise = (0..<400_000).map { _ in UInt8(random.below(256)) }
            let packed = try compression.pack(noise)
            #expect(packed.count > noise.count)
            try await client.send(RawClient.frame(opcode: 2, packed, isCompressed: true))
            #expect(try compression.unpack(try await client.receiveFrame()) == noise)
            // Empty blocks inflate to nothing, and may not go on for ever either.
            let empty = [[UInt8]](repeating: [0, 0, 0, 0xFF, 0xFF], count: 90_100).flatMap { $0 }
            try await client.send(RawClient.frame(opcode: 2, empty, isCompressed: true))
            #expect(try await client.receiveClose().closeCode == 1009)
        }
    }

    @Test("What compresses well costs few bytes, and less the second time only where the context is kept")
    func takeover() async throws {
        try await withEndpoint(Self.configure) { harness in
            var generator = SystemRandomNumberGenerator()
            let message = (0..<3000).map { _ in UInt8.random(in: 0...255, using: &generator) }
            for (offer, keeps) in [
                ("permessage-deflate", true), ("permessage-deflate; server_no_context_takeover", false),
            ] {
                let client = try await harness.webSocket(offering: offer, answer: offer)
                var lengths: [Int] = []
                for _ in 0..<2 {
                    try await client.send(RawClient.frame(opcode: 2, message))
                    lengths.append(try await client.receiveFrame().payload.count)
                }
                #expect(lengths[0] > 2900)
                #expect(keeps ? lengths[1] < 200 : lengths[1] > 2900)
            }
        }
    }

    /// Each breach, and the code it is answered with.
    static let breaches: [(String, [UInt8], Int)] = [
        ("RSV1 on a ping", RawClient.frame(opcode: 9, [], isCompressed: true), 1002),
        ("RSV1 on a close", RawClient.frame(opcode: 8, [], isCompressed: true), 1002),
        (
            "RSV1 on a continuation",
            RawClient.frame(opcode: 2, [], isFinal: false) + RawClient.frame(opcode: 0, [], isCompressed: true), 1002
        ),
        ("RSV2 beside it", [0xE1, 0x80, 0, 0, 0, 0], 1002),
        (
            "garbage behind a last block",
            RawClient.frame(opcode: 2, [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0xFF, 0xFF], isCompressed: true), 1007
        ),
        ("no deflate stream", RawClient.frame(opcode: 2, [0xFF, 0xFF, 0xFF], isCompressed: true), 1007),
        (
            "a stored block cut short",
            RawClient.frame(opcode: 2, [0x00, 0x09, 0x00, 0xF6, 0xFF, 1], isCompressed: true), 1007
        ),
        (
            "a distance beyond the window",
            RawClient.frame(opcode: 2, [0x4B, 0x04, 0xFF, 0x7F, 0x00], isCompressed: true), 1007
        ),
    ]

    @Test("A breach is answered with its code", arguments: breaches.indices)
    func breach(index: Int) async throws {
        let (name, bytes, code) = Self.breaches[index]
        try await withEndpoint(Self.configure) { harness in
            let client = try await harness.webSocket(offering: "permessage-deflate", answer: "permessage-deflate")
            try await client.send(bytes)
            #expect(try await client.receiveClose().closeCode == code, "\(name)")
            try await client.waitForClose()
        }
    }

    @Test("A compressed text is checked for UTF-8, in fragments at the first that breaks it")
    func utf8() async throws {
        try await withEndpoint(Self.configure) { harness in
            // What comes behind does not matter, were it more than the limit.
            let texts: [([UInt8], Bool)] = [
                ([0x41, 0xF4, 0x90, 0x80, 0x80], true), ([0x41, 0xF4, 0x90, 0x80, 0x80], false),
                ([0xFF] + [UInt8](repeating: 0x41, count: 500_000), true),
            ]
            for (text, isFinal) in texts {
                let client = try await harness.webSocket(offering: "permessage-deflate", answer: "permessage-deflate")
                let packed = try ClientCompression().pack(text)
                try await client.send(RawClient.frame(opcode: 1, packed, isFinal: isFinal, isCompressed: true))
                #expect(try await client.receiveClose().closeCode == 1007)
            }
        }
    }

    @Test("The limit holds for what a message inflates to, over all its fragments")
    func bomb() async throws {
        try await withEndpoint(Self.configure) { harness in
            let client = try await harness.webSocket(offering: "permessage-deflate", answer: "permessage-deflate")
            let compression = ClientCompression()
            let most = [UInt8](repeating: 0, count: 400_000)
            try await client.send(RawClient.frame(opcode: 2, try compression.pack(most), isCompressed: true))
            #expect(try compression.unpack(try await client.receiveFrame()) == most)
            let packed = try compression.pack(most + [0])
            for (index, byte) in packed.enumerated() where client.isOpen {
                // It may be closed before the last.
                try? await client.send(
                    RawClient.frame(
                        opcode: index == 0 ? 2 : 0,
                        [byte],
                        isFinal: index == packed.count - 1,
                        isCompressed: index == 0
                    )
                )
            }
            #expect(try await client.receiveClose().closeCode == 1009)
        }
    }

    @Test("Small messages go out as they are")
    func threshold() async throws {
        try await withEndpoint({
            $0.perMessageDeflate = PerMessageDeflate()
        }) { harness in
            let client = try await harness.webSocket(offering: "permessage-deflate", answer: "permessage-deflate")
            for size in [10, 1023, 1024] {
                try await client.send(RawClient.frame(opcode: 1, Array(repeating: 65, count: size)))
                #expect(try await client.receiveFrame().isCompressed == (size >= 1024))
            }
        }
    }

    @Test("A broadcast is compressed once for all who keep no context, and reads the same to everybody")
    func broadcast() async throws {
        // Random, so that what is compressed once is still above the threshold.
        let noise = (0..<2000).map { _ in "0123456789abcdefghijklmnopqrstuvwxyz".randomElement().map(String.init) ?? ""
        }
        let packet = EncodedPacket(namespace: "/", event: "news", args: [.string(noise.joined())])
        try await withServer(
            loops: 2,
            configure: { $0.perMessageDeflate = PerMessageDeflate() },
            setUp: echo
        ) { harness in
            let many = [(String?, Bool)](repeating: ("permessage-deflate; server_no_context_takeover", false), count: 6)
            let offers =
                many + [
                    ("permessage-deflate", true), (nil, true),
                    ("permessage-deflate; server_no_context_takeover; server_max_window_bits=10", false),
                    ("permessage-deflate; server_no_context_takeover; server_max_window_bits=10", false),
                ]
            var clients: [(RawClient, Bool)] = []
            for (offer, keeps) in offers {
                let client = try await harness.connect()
                let response = try await client.upgrade(
                    "/socket.io/?EIO=4&transport=websocket",
                    headers: offer.map { ["Sec-WebSocket-Extensions": $0] } ?? [:]
                )
                try #require(response.headers["sec-websocket-extensions"] == offer)
                #expect(try await client.receiveText().hasPrefix("0"))
                try await client.sendText("40")
                #expect(try await client.receiveText().hasPrefix("40"))
                clients.append((client, keeps))
            }
            harness.server.of("/").emit(preencoded: packet)
            for (index, (client, keeps)) in clients.enumerated() {
                let frame = try await client.receiveFrame()
                #expect(frame.isCompressed == (offers[index].0 != nil))
                let text = try ClientCompression(serverKeeps: keeps).unpack(frame)
                #expect(String(decoding: text, as: UTF8.self).hasPrefix(#"42["news","\#(noise.joined())""#))
            }
            // Once with a window of 15 bits, once with one of 10, on whatever loop.
            #expect(packet.shared?.compressionCount == 2)
        }
    }
}
