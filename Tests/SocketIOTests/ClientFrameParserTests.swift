import NIOCore
import NIOEmbedded
import NIOWebSocket
import TestSupport
import Testing

@testable import SocketIO

@Suite("The frames of a client")
struct ClientFrameParserTests {
    /// A frame put together from its parts.
    private struct Whole: Equatable {
        var isFinal: Bool
        var reserved: UInt8
        var opcode: WebSocketOpcode
        var payload: [UInt8]
    }

    @Test("However bytes are cut, the frames are those that NIO's decoder finds")
    func likeNIO() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix64(seed: seed)
        for round in 0..<300 {
            var bytes: [UInt8] = []
            for _ in 0..<(1 + random.below(6)) {
                let isControl = random.oneIn(3)
                let size =
                    isControl ? random.below(126) : random.oneIn(20) ? 65_530 + random.below(12) : random.below(300)
                bytes += RawClient.frame(
                    opcode: isControl ? 8 + UInt8(random.below(8)) : UInt8(random.below(8)),
                    (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) },
                    isFinal: isControl || random.oneIn(2),
                    isCompressed: random.oneIn(2)
                )
            }
            let ours = Self.parse(bytes, &random)
            let theirs = try Self.nio(bytes)
            try #require(ours == theirs, "seed \(seed), round \(round)")
        }
    }

    /// What our parser makes of bytes that come in chops.
    private static func parse(_ bytes: [UInt8], _ random: inout SplitMix64) -> [Whole] {
        var parser = ClientFrameParser()
        var frames: [Whole] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let chop = rest.prefix(1 + random.below(random.oneIn(3) ? 2 : 5000))
            rest = rest.dropFirst(chop.count)
            parser.feed(ByteBuffer(bytes: chop))
            while let part = parser.next() {
                let header = part.header
                if part.isFirst {
                    let new = Whole(
                        isFinal: header.isFinal,
                        reserved: header.reserved,
                        opcode: header.opcode,
                        payload: []
                    )
                    frames.append(new)
                }
                // Both ways of taking the mask off, in turn.
                if random.oneIn(2) {
                    part.append(to: &frames[frames.count - 1].payload)
                } else {
                    frames[frames.count - 1].payload += Array(part.payload.readableBytesView)
                }
                #expect(part.isLast == (frames[frames.count - 1].payload.count == header.length))
            }
        }
        return frames
    }

    private static func nio(_ bytes: [UInt8]) throws -> [Whole] {
        let decoder = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: 1 << 20))
        let channel = EmbeddedChannel(handler: decoder)
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        var frames: [Whole] = []
        while let frame = try channel.readInbound(as: WebSocketFrame.self) {
            let reserved: UInt8 = (frame.rsv1 ? 4 : 0) | (frame.rsv2 ? 2 : 0) | (frame.rsv3 ? 1 : 0)
            let payload = Array(frame.unmaskedData.readableBytesView)
            frames.append(Whole(isFinal: frame.fin, reserved: reserved, opcode: frame.opcode, payload: payload))
        }
        return frames
    }

    @Test("Data is told as it comes, a control frame only whole")
    func parts() {
        var parser = ClientFrameParser()
        var told: [Int] = []
        for byte in RawClient.frame(opcode: 2, [1, 2, 3]) + RawClient.frame(opcode: 9, [4, 5]) {
            parser.feed(ByteBuffer(bytes: [byte]))
            while let part = parser.next() { told.append(part.count) }
        }
        #expect(told == [0, 1, 1, 1, 2])
    }

    /// Headers alone, each a breach that no payload can mend.
    static let breaches: [[UInt8]] = [
        [0x89, 0xFE, 0x00, 0x7E, 0, 0, 0, 0],  // A ping of 126 bytes.
        [0x09, 0x81, 0, 0, 0, 0],  // A fragmented ping.
        [0x82, 0x05],  // Without a mask.
        [0x83, 0x85, 0, 0, 0, 0],  // A reserved opcode.
        [0xA2, 0x85, 0, 0, 0, 0],  // A reserved bit.
        [0x80, 0x85, 0, 0, 0, 0],  // A continuation of nothing.
        [0x82, 0xFE, 0x03, 0xE9, 0, 0, 0, 0],  // One byte more than is allowed.
        [0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0],  // The longest there is.
    ]

    @Test("A header that is a breach is refused before any of its payload is there", arguments: breaches)
    func header(bytes: [UInt8]) {
        var parser = ClientFrameParser()
        var assembler = WebSocketMessageAssembler(maxMessageBytes: 1000, maxFragments: 10)
        parser.feed(ByteBuffer(bytes: bytes))
        let part = parser.next()
        guard case .violation? = part.map({ assembler.receive($0) }) else {
            Issue.record("not refused")
            return
        }
        // Nothing of it is told twice, or its reader would never be done.
        while let part = parser.next() { #expect(part.count > 0) }
    }
}
