import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import SocketIO

/// Frames of every kind, broken ones among them, in any chops: what comes of them does not depend on the chops.
@Suite("Frames at random")
struct FrameFuzzTests {
    @Test("However bytes are cut, the same messages, answers and codes come of them")
    func chops() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix64(seed: seed)
        var endings: Set<String> = []
        for round in 0..<2000 {
            let isCompressing = random.oneIn(2)
            let bytes = Self.session(isCompressing: isCompressing, &random)
            let whole = try Self.run(bytes, chops: [bytes.count], isCompressing: isCompressing)
            var chops: [Int] = []
            var left = bytes.count
            while left > 0 {
                let next = min(left, 1 + random.below(random.oneIn(3) ? 2 : 60))
                chops.append(next)
                left -= next
            }
            let inChops = try Self.run(bytes, chops: chops, isCompressing: isCompressing)
            try #require(whole == inChops, "seed \(seed), round \(round)")
            endings.insert(whole.last ?? "")
        }
        // The generator reaches the good ending and several bad ones, or this test shows nothing.
        #expect(endings.count > 4, "seed \(seed): \(endings)")
    }

    /// Some frames, mostly in order.
    private static func session(isCompressing: Bool, _ random: inout SplitMix64) -> [UInt8] {
        let compression = ClientCompression()
        var bytes: [UInt8] = []
        var isInside = false
        for _ in 0..<(1 + random.below(8)) {
            var payload = (0..<random.below(random.oneIn(5) ? 700 : 20)).map { _ in UInt8(0x20 + random.below(90)) }
            if random.oneIn(12) { payload.append(UInt8(random.below(256))) }
            switch random.below(9) {
            case 0:
                bytes += RawClient.frame(
                    opcode: random.oneIn(2) ? 9 : 10,
                    Array(payload.prefix(random.oneIn(20) ? 130 : 125))
                )
            case 1 where random.oneIn(4):
                let code = random.oneIn(3) ? random.below(6000) : 1000
                bytes += RawClient.frame(opcode: 8, [UInt8(code >> 8), UInt8(code & 255)] + payload.prefix(100))
            case 2 where random.oneIn(6):
                bytes += (0..<random.below(12)).map { _ in UInt8(random.below(256)) }
            case 3 where random.oneIn(6):
                bytes += RawClient.frame(opcode: UInt8(random.below(16)), payload, isMasked: !random.oneIn(3))
            case 4 where isCompressing && !isInside:
                // A compressed message in two frames, sound or not.
                var packed = (try? compression.pack(payload)) ?? []
                if random.oneIn(4) { packed = packed.map { $0 ^ UInt8(random.oneIn(9) ? random.below(256) : 0) } }
                let cut = random.below(packed.count + 1)
                let opcode: UInt8 = random.oneIn(2) ? 1 : 2
                bytes += RawClient.frame(opcode: opcode, Array(packed[..<cut]), isFinal: false, isCompressed: true)
                bytes += RawClient.frame(opcode: 0, Array(packed[cut...]), isCompressed: random.oneIn(20))
            default:
                let isLast = !random.oneIn(3)
                let isCompressed = isCompressing && !isInside && random.oneIn(2) && isLast
                let packed = isCompressed ? (try? compression.pack(payload)) ?? [] : payload
                bytes += RawClient.frame(
                    opcode: isInside ? 0 : random.oneIn(2) ? 1 : 2,
                    packed,
                    isFinal: isLast,
                    isCompressed: isCompressed
                )
                isInside = !isLast
            }
        }
        return bytes
    }

    /// What a WebSocket makes of bytes: its events and what it answers, one line each.
    private static func run(_ bytes: [UInt8], chops: [Int], isCompressing: Bool) throws -> [String] {
        let channel = EmbeddedChannel()
        let handler = WebSocketHandler(maxMessageBytes: 500, maxFragments: 5, closeTimeout: .seconds(5))
        try channel.pipeline.syncOperations.addHandler(handler)
        if isCompressing {
            handler.startCompression(PerMessageDeflate.Agreement(), threshold: 1 << 20)
        }
        var lines: [String] = []
        handler.start { lines.append("\($0)") }
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        var rest = bytes[...]
        for chop in chops {
            // Behind an error the pipeline only waits for the end.
            _ = try? channel.writeInbound(ByteBuffer(bytes: rest.prefix(chop)))
            rest = rest.dropFirst(chop)
        }
        while let out = try channel.readOutbound(as: ByteBuffer.self) {
            lines.append("sent \(Array(out.readableBytesView))")
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return lines
    }
}
