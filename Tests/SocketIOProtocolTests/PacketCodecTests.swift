import SocketIOProtocol
import Testing

private func decode(_ text: String, limits: PacketDecoder.Limits = .init()) throws -> Packet? {
    var decoder = PacketDecoder(limits: limits)
    return try decoder.feed(.text(text))
}

@Suite("Socket.IO packets")
struct PacketCodecTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let packet: Packet
        let text: String
        var attachments: [[UInt8]] = []
        var testDescription: String { self.text }

        var messages: [EngineMessage] { [.text(self.text)] + self.attachments.map { .binary($0) } }
    }

    @Test(
        "Every type is written and read as the protocol says",
        arguments: [
            Example(packet: Packet(type: .connect), text: "0"),
            Example(packet: Packet(type: .connect, payload: ["token": "x"]), text: #"0{"token":"x"}"#),
            Example(
                packet: Packet(type: .connect, namespace: "/admin", payload: ["sid": "a"]),
                text: #"0/admin,{"sid":"a"}"#
            ),
            Example(packet: Packet(type: .connect, namespace: "/admin"), text: "0/admin,"),
            Example(packet: Packet(type: .disconnect), text: "1"),
            Example(packet: Packet(type: .disconnect, namespace: "/admin"), text: "1/admin,"),
            Example(packet: Packet(type: .event, payload: ["foo"]), text: #"2["foo"]"#),
            Example(packet: Packet(type: .event, payload: [1, 2]), text: "2[1,2]"),
            Example(packet: Packet(type: .event, id: 12, payload: ["op", ["k": 1]]), text: #"212["op",{"k":1}]"#),
            Example(packet: Packet(type: .event, namespace: "/admin", payload: ["bar"]), text: #"2/admin,["bar"]"#),
            Example(
                packet: Packet(type: .event, namespace: "/a/b-c", id: 9_007_199_254_740_991, payload: ["x"]),
                text: #"2/a/b-c,9007199254740991["x"]"#
            ),
            Example(packet: Packet(type: .ack, id: 0, payload: []), text: "30[]"),
            Example(
                packet: Packet(type: .ack, namespace: "/admin", id: 13, payload: ["ok"]),
                text: #"3/admin,13["ok"]"#
            ),
            Example(
                packet: Packet(type: .connectError, namespace: "/random", payload: ["message": "Invalid namespace"]),
                text: #"4/random,{"message":"Invalid namespace"}"#
            ),
            Example(packet: Packet(type: .connectError, payload: "old"), text: #"4"old""#),
            Example(
                packet: Packet(type: .binaryEvent, payload: ["baz", .binary([1, 2])]),
                text: #"51-["baz",{"_placeholder":true,"num":0}]"#,
                attachments: [[1, 2]]
            ),
            Example(
                packet: Packet(
                    type: .binaryEvent,
                    namespace: "/admin",
                    id: 7,
                    payload: ["b", ["x": .binary([])], [.binary([9])]]
                ),
                text: #"52-/admin,7["b",{"x":{"_placeholder":true,"num":0}},[{"_placeholder":true,"num":1}]]"#,
                attachments: [[], [9]]
            ),
            Example(
                packet: Packet(type: .binaryAck, namespace: "/admin", id: 15, payload: [.binary([3])]),
                text: #"61-/admin,15[{"_placeholder":true,"num":0}]"#,
                attachments: [[3]]
            ),
        ]
    )
    func forms(_ example: Example) throws {
        #expect(PacketEncoder.encode(example.packet) == example.messages)
        var decoder = PacketDecoder()
        for message in example.messages.dropLast() {
            #expect(try decoder.feed(message) == nil)
            #expect(decoder.isWaiting)
        }
        let last = try #require(example.messages.last)
        #expect(try decoder.feed(last) == example.packet)
        #expect(!decoder.isWaiting)
        // The decoder keeps nothing: the same again gives the same.
        for message in example.messages.dropLast() { #expect(try decoder.feed(message) == nil) }
        #expect(try decoder.feed(last) == example.packet)
    }

    @Test("The comma behind a namespace may be missing at the end")
    func noTrailingComma() throws {
        #expect(try decode("0/custom") == Packet(type: .connect, namespace: "/custom"))
        #expect(try decode("1/custom") == Packet(type: .disconnect, namespace: "/custom"))
    }

    @Test("A placeholder in a packet without attachments is plain data")
    func placeholderInPlainEvent() throws {
        let packet = try decode(#"2["x",{"_placeholder":true,"num":0}]"#)
        #expect(packet?.payload == ["x", ["_placeholder": true, "num": 0]])
    }

    @Test("A binary packet without attachments is complete and leaves nothing behind")
    func zeroAttachments() throws {
        var decoder = PacketDecoder()
        #expect(try decoder.feed(.text(#"50-["x"]"#)) == Packet(type: .binaryEvent, payload: ["x"]))
        #expect(!decoder.isWaiting)
        #expect(try decoder.feed(.text(#"2["y"]"#)) == Packet(type: .event, payload: ["y"]))
        #expect(try decoder.feed(.text(#"60-1["z"]"#)) == Packet(type: .binaryAck, id: 1, payload: ["z"]))
        #expect(throws: PacketError.unexpectedAttachment) { try decoder.feed(.binary([1])) }
    }

    struct Malformed: Sendable, CustomTestStringConvertible {
        let messages: [EngineMessage]
        let error: PacketError
        let testDescription: String

        init(_ text: String, _ attachments: [UInt8]..., error: PacketError) {
            self.messages = [.text(text)] + attachments.map { .binary($0) }
            self.error = error
            self.testDescription = "\(text.prefix(60)): \(error)"
        }

        init(messages: [EngineMessage], error: PacketError) {
            self.messages = messages
            self.error = error
            self.testDescription = "\(messages): \(error)"
        }
    }

    @Test(
        "A malformed packet is refused with the documented error",
        arguments: [
            Malformed("", error: .empty),
            Malformed("abc", error: .unknownType), Malformed("7[\"x\"]", error: .unknownType),
            Malformed("/", error: .unknownType),
            Malformed("2", error: .invalidPayload), Malformed("2{}", error: .invalidPayload),
            Malformed("2[]", error: .invalidPayload), Malformed("2\"x\"", error: .invalidPayload),
            Malformed("2[null]", error: .invalidPayload), Malformed("2[{}]", error: .invalidPayload),
            Malformed("2[[\"x\"]]", error: .invalidPayload), Malformed("2[true]", error: .invalidPayload),
            Malformed("2/admin[\"x\"]", error: .invalidPayload),
            Malformed("2abc[\"x\"]", error: .malformedJSON(.unexpectedByte)),
            Malformed("2[\"x\"", error: .malformedJSON(.unexpectedEnd)),
            Malformed("2[\"x\"]]", error: .malformedJSON(.trailingBytes)),
            Malformed("2/admin,x", error: .malformedJSON(.unexpectedByte)),
            Malformed("21-[\"x\"]", error: .malformedJSON(.malformedNumber)),
            Malformed("2" + String(repeating: "[", count: 100), error: .malformedJSON(.tooDeep)),
            Malformed(messages: [.text([0x32, 0x5B, 0x22, 0xFF, 0x22, 0x5D])], error: .malformedJSON(.illFormedUTF8)),
            Malformed("2[\"connect\"]", error: .reservedEvent),
            Malformed("2[\"connect_error\"]", error: .reservedEvent),
            Malformed("2[\"disconnect\"]", error: .reservedEvent),
            Malformed("2[\"disconnecting\"]", error: .reservedEvent),
            Malformed("2[\"newListener\"]", error: .reservedEvent),
            Malformed("2[\"removeListener\"]", error: .reservedEvent),
            Malformed("50-[\"disconnect\"]", error: .reservedEvent),
            Malformed("0[]", error: .invalidPayload), Malformed("0\"x\"", error: .invalidPayload),
            Malformed("0null", error: .invalidPayload), Malformed("1{}", error: .invalidPayload),
            Malformed("1/admin,[]", error: .invalidPayload), Malformed("4", error: .invalidPayload),
            Malformed("4[]", error: .invalidPayload), Malformed("41", error: .invalidPayload),
            Malformed("3[]", error: .invalidPayload), Malformed("31", error: .invalidPayload),
            Malformed("31{}", error: .invalidPayload), Malformed("60-[]", error: .invalidPayload),
            Malformed("29007199254740992[\"x\"]", error: .ackIDTooLarge),
            Malformed("299999999999999999999[\"x\"]", error: .ackIDTooLarge),
            Malformed("2" + String(repeating: "0", count: 17) + "[\"x\"]", error: .ackIDTooLarge),
            Malformed("5[\"x\"]", error: .malformedAttachmentCount),
            Malformed("5-[\"x\"]", error: .malformedAttachmentCount),
            Malformed("51[\"x\"]", error: .malformedAttachmentCount), Malformed("5", error: .malformedAttachmentCount),
            Malformed("51", error: .malformedAttachmentCount),
            Malformed("5-1-[\"x\"]", error: .malformedAttachmentCount),
            Malformed("51.0-[\"x\"]", error: .malformedAttachmentCount),
            Malformed("5a-[\"x\"]", error: .malformedAttachmentCount),
            Malformed("59999999999-[\"x\"]", error: .malformedAttachmentCount),
            Malformed("511-[\"x\"]", error: .tooManyAttachments),
            Malformed("6999999999-1[]", error: .tooManyAttachments),
            Malformed("0/" + String(repeating: "n", count: 256), error: .malformedNamespace),
            Malformed(messages: [.text([0x30, 0x2F, 0xFF, 0x2C])], error: .malformedNamespace),
            Malformed("51-[\"x\",{\"_placeholder\":true,\"num\":1}]", [1], error: .invalidPlaceholder),
            Malformed("51-[\"x\",{\"_placeholder\":true,\"num\":-1}]", [1], error: .invalidPlaceholder),
            Malformed("51-[\"x\",{\"_placeholder\":true,\"num\":0.0}]", [1], error: .invalidPlaceholder),
            Malformed("51-[\"x\",{\"_placeholder\":true,\"num\":\"0\"}]", [1], error: .invalidPlaceholder),
            Malformed("51-[\"x\",{\"_placeholder\":true}]", [1], error: .invalidPlaceholder),
            Malformed("50-[\"x\",{\"_placeholder\":true,\"num\":0}]", error: .invalidPlaceholder),
            Malformed(
                "51-[\"x\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":0}]",
                [1],
                error: .invalidPlaceholder
            ),
            Malformed(messages: [.text("51-[\"x\"]"), .text("2[\"y\"]")], error: .textInsteadOfAttachment),
            Malformed(
                messages: [.text("52-[\"x\"]"), .binary([1]), .text("2[\"y\"]")],
                error: .textInsteadOfAttachment
            ),
            Malformed(messages: [.binary([1])], error: .unexpectedAttachment),
            Malformed(messages: [.text("51-[\"x\"]"), .binary([1]), .binary([2])], error: .unexpectedAttachment),
        ]
    )
    func malformed(_ example: Malformed) throws {
        var decoder = PacketDecoder()
        for message in example.messages.dropLast() { _ = try decoder.feed(message) }
        let last = try #require(example.messages.last)
        #expect(throws: example.error) { try decoder.feed(last) }
        #expect(!decoder.isWaiting)
    }

    @Test("Ten attachments are taken, in order; bytes are bounded over text and attachments together")
    func attachmentBounds() throws {
        let placeholders = (0..<10).map { "{\"_placeholder\":true,\"num\":\($0)}" }.joined(separator: ",")
        let text = "510-[\"x\",\(placeholders)]"
        var decoder = PacketDecoder()
        #expect(try decoder.feed(.text(text)) == nil)
        for index in 0..<9 { #expect(try decoder.feed(.binary([UInt8(index)])) == nil) }
        let packet = try decoder.feed(.binary([9]))
        #expect(packet?.payload?.arrayValue?.dropFirst().map(\.bytesValue) == (0..<10).map { [UInt8($0)] })

        var narrow = PacketDecoder(limits: .init(maxPacketBytes: text.utf8.count + 3))
        #expect(try narrow.feed(.text(text)) == nil)
        #expect(try narrow.feed(.binary([1, 2, 3])) == nil)
        #expect(throws: PacketError.packetTooLarge) { try narrow.feed(.binary([4])) }
        #expect(throws: PacketError.packetTooLarge) { try decode("2[\"abc\"]", limits: .init(maxPacketBytes: 7)) }
    }

    @Test("Attachments that no placeholder names are dropped")
    func unusedAttachment() throws {
        var decoder = PacketDecoder()
        #expect(try decoder.feed(.text(#"52-["x",{"_placeholder":true,"num":1}]"#)) == nil)
        #expect(try decoder.feed(.binary([0])) == nil)
        #expect(try decoder.feed(.binary([1]))?.payload == ["x", .binary([1])])
    }

    @Test("Events and acks are encoded as the packets they are")
    func shortcuts() {
        let arguments: [JSON] = ["doc", .binary([1, 2]), ["rev": 3]]
        #expect(
            PacketEncoder.event(namespace: "/docs", name: "change", arguments: arguments)
                == PacketEncoder.encode(
                    Packet(type: .event, namespace: "/docs", payload: .array(["change"] + arguments))
                )
        )
        #expect(
            PacketEncoder.event(namespace: "/", name: "a\"b", arguments: [], ackID: 5)
                == [.text(#"25["a\"b"]"#)]
        )
        #expect(
            PacketEncoder.ack(namespace: "/docs", id: 5, arguments: [["ok": true]]) == [
                .text(#"3/docs,5[{"ok":true}]"#)
            ]
        )
        #expect(
            PacketEncoder.ack(namespace: "/", id: 5, arguments: [.binary([7])])
                == [.text(#"61-5[{"_placeholder":true,"num":0}]"#), .binary([7])]
        )
    }

    @Test("Only events and acks take binary out")
    func binaryElsewhere() {
        #expect(PacketEncoder.encode(Packet(type: .connect, payload: ["k": .binary([1])])) == [.text(#"0{"k":null}"#)])
    }
}
