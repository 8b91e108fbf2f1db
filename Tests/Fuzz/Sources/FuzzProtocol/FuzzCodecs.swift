import FuzzKit
import SocketIOProtocol

func utf8(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

/// Pieces of an input as messages: 0x1E between them, `b` before binary ones. (0x1E cannot stand in valid JSON.)
func messages(of input: [UInt8]) -> [EngineMessage] {
    input.split(separator: 0x1E, omittingEmptySubsequences: false).map { piece in
        piece.first == UInt8(ascii: "b") ? .binary(Array(piece.dropFirst())) : .text(Array(piece))
    }
}

let socketPacketCorpus = utf8([
    "0", #"0{"token":"x"}"#, "0/custom,", #"0/docs,{"token":"abc","n":1}"#, "1", "1/custom,",
    #"2["message",1,"2",{"a":[true]}]"#,
    #"212["op",{"k":null}]"#, #"2/docs,7["change","doc"]"#, "30[]", #"3/docs,0[{"ok":true}]"#, #"4{"message":"no"}"#,
    "51-[\"b\",{\"_placeholder\":true,\"num\":0}]\u{1E}b\u{1}\u{2}",
    "52-/docs,3[\"b\",{\"x\":{\"_placeholder\":true,\"num\":1}},{\"_placeholder\":true,\"num\":0}]\u{1E}b\u{1}\u{1E}b",
    "61-1[{\"_placeholder\":true,\"num\":0}]\u{1E}bxyz", #"50-["x"]"#, "0\u{1E}2[\"a\"]\u{1E}1\u{1E}0",
    #"0{"sid":"s"}"#, #"0/docs,{"sid":"s","pid":"p"}"#, "0/docs,\u{1E}2/docs,[\"x\"]\u{1E}3/docs,0[]\u{1E}1/docs,",
    "2[\"a\"]\u{1E}30[1]\u{1E}30[1]", "0{\"sid\":\"s\"}\u{1E}2[\"a\"]\u{1E}30[]\u{1E}30[]\u{1E}31[]",
])

extension FuzzProtocol {
    /// Parses; what was read is written and read again to the same.
    static let json = FuzzTarget(
        name: "json",
        run: { _, input in
            guard let value = try? JSON.parse(input) else { return }
            let text = value.serialize()
            guard let again = try? JSON.parse(text) else { preconditionFailure("\(text) was written but is not read") }
            precondition(again == value, "\(text) is read as another value")
            precondition(again.serialize() == text, "\(text) is not stable")
        },
        corpus: {
            utf8([
                "null", "true", "-12.5e3", "9223372036854775807", "-9223372036854775808", "1e22", "0.1", "[]", "{}",
                "\"\"",
                #"["a\u00e9\ud83d\ude00\n\"\\",{"k":[1,2,3],"k":4,"é":null}]"#, "[[[[[[[[[[]]]]]]]]]]",
                "{\"a\":{\"b\":{\"c\":[1.5,-0,1e-7]}},\"longer key than a word\":\"longer value than a word\"}",
                "\"é€😀 plain text that is scanned eight bytes at a time\"", " [ 1 , 2 ] ", "\"\\ud800\\udbff\\udfff\"",
                "2.2250738585072011e-308", "123456789012345678901234567890", "[1,\t{\"\":\"\"}\n]",
            ])
        }
    )

    /// Reads a query and decides.
    static let engineRequest = FuzzTarget(
        name: "engine-request",
        run: { generator, input in
            let method: EngineRequest.Method = [.get, .post, .other][generator.below(3)]
            let request = EngineRequest(method: method, query: input)
            precondition(request.parameters.count <= EngineRequest.maxParameters, "Too many parameters were read")
            let session: EngineTransport? = [nil, .polling, .webSocket][generator.below(3)]
            _ = try? request.check(
                isWebSocketUpgrade: generator.below(2) == 0,
                transports: [.polling, .webSocket],
                session: session
            )
        },
        corpus: {
            utf8([
                "EIO=4&transport=polling&t=abc", "EIO=4&transport=websocket", "EIO=4&transport=polling&sid=a%2Fb+c",
                "a=%C3%A9&b&=x&&c=%zz%4", "EIO=3&transport=polling",
            ])
        }
    )

    /// Decodes a WebSocket text frame; what was read is written and read again to the same.
    static let enginePacket = FuzzTarget(
        name: "engine-packet",
        run: { _, input in
            guard let packet = try? EnginePacketCodec.decodeWebSocketText(input) else { return }
            let (payload, isBinary) = EnginePacketCodec.encodeWebSocket(packet)
            precondition(!isBinary, "Text became binary")
            precondition(
                (try? EnginePacketCodec.decodeWebSocketText(payload)) == packet,
                "\(packet) is read as another"
            )
        },
        corpus: { utf8(enginePackets) }
    )

    /// Decodes a polling body; what was read is written and read again to the same.
    static let pollingPayload = FuzzTarget(
        name: "polling-payload",
        run: { _, input in
            guard let packets = try? PollingPayload.decode(input, maxPayload: 1 << 20, maxPackets: 64) else { return }
            precondition((1...64).contains(packets.count), "\(packets.count) packets")
            precondition((try? PollingPayload.decode(PollingPayload.encode(packets))) == packets, "\(packets) changed")
        },
        corpus: {
            utf8(enginePackets)
                + utf8(["4a\u{1E}4b\u{1E}bAQID", "2\u{1E}bAQIDBA==\u{1E}6", "bAQI=\u{1E}b\u{1E}4", "1\u{1E}5"])
        }
    )

    private static let enginePackets = [
        #"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
        "1", "2", "2probe", "3", "3probe", "4hello é", "42[\"message\",1]", "5", "6", "bAQIDBA==",
    ]

    /// Feeds messages until one is refused; what was read is written and read again to the same.
    static let socketPacket = FuzzTarget(
        name: "socket-packet",
        run: { _, input in
            var decoder = PacketDecoder()
            for message in messages(of: input) {
                let packet: Packet?
                do {
                    packet = try decoder.feed(message)
                } catch {
                    precondition(!decoder.isWaiting, "A refused packet still waits")
                    return
                }
                guard let packet else { continue }
                precondition(!decoder.isWaiting, "A complete packet still waits")
                var other = PacketDecoder()
                var again: Packet?
                for message in PacketEncoder.encode(packet) {
                    precondition(again == nil, "A packet is complete before its last message")
                    again = (try? other.feed(message)) ?? nil
                }
                // A binary type without attachments comes back as the plain one.
                precondition(
                    again?.payload == packet.payload && again?.id == packet.id && again?.namespace == packet.namespace,
                    "\(packet) is read as another"
                )
            }
        },
        corpus: { socketPacketCorpus }
    )
}
