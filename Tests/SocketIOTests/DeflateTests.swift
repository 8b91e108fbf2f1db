import NIOCore
import TestSupport
import Testing

@testable import SocketIO

@Suite("permessage-deflate")
struct DeflateTests {
    /// Offers, and the answer to each; nil declines.
    static let offers: [(String, String?)] = [
        ("permessage-deflate", "permessage-deflate"),
        ("x-webkit-deflate-frame", nil),
        ("foo, permessage-deflate", "permessage-deflate"),
        ("permessage-deflate; unknown", nil),
        ("permessage-deflate; unknown, permessage-deflate", "permessage-deflate"),
        ("permessage-deflate; server_no_context_takeover=1", nil),
        ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", nil),
        ("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"),
        ("permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"),
        ("permessage-deflate; server_max_window_bits", nil),
        ("permessage-deflate; server_max_window_bits=7", nil),
        ("permessage-deflate; server_max_window_bits=08", nil),
        ("permessage-deflate; server_max_window_bits=16", nil),
        ("permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=8"),
        ("permessage-deflate; server_max_window_bits=\"10\"", "permessage-deflate; server_max_window_bits=10"),
        ("permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=15"),
        ("permessage-deflate; client_max_window_bits=9", "permessage-deflate; client_max_window_bits=9"),
    ]

    @Test("The first valid offer is answered, every invalid one declined", arguments: offers.indices)
    func negotiation(index: Int) {
        let (offer, answer) = Self.offers[index]
        #expect(PerMessageDeflate().negotiate([offer])?.header == answer, "\(offer)")
    }

    @Test("Messages come out the same with every window, with takeover and without, in any fragments")
    func roundTrip() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SplitMix64(seed: seed)
        for windowBits in 8...15 {
            for keeps in [true, false] {
                let deflator = Deflator(windowBits: windowBits, keepsContext: keeps)
                let inflator = Inflator(windowBits: windowBits, keepsContext: keeps)
                for size in [0, 0, 1, 300, 5000, 40_000] {
                    // Repeats at every distance, so that a window too large shows.
                    let message = (0..<size).map {
                        UInt8(truncatingIfNeeded: ($0 % 700) * 7) ^ UInt8(generator.next() % 2)
                    }
                    var packed = ByteBuffer(bytes: try #require(message.withUnsafeBytes { deflator.deflate($0) }))
                    var output: [UInt8] = []
                    while packed.readableBytes > 0 {
                        let length = Int(generator.next() % UInt64(packed.readableBytes)) + 1
                        guard let piece = packed.readSlice(length: length) else { break }
                        let isLast = packed.readableBytes == 0
                        try inflator.inflate(piece, isLast: isLast, into: &output, limit: size)
                    }
                    #expect(output == message, "seed \(seed), window \(windowBits), takeover \(keeps), size \(size)")
                }
            }
        }
    }

    @Test("A bomb stops at the limit")
    func bomb() throws {
        let zeros = [UInt8](repeating: 0, count: 4 << 20)
        let packed = try #require(zeros.withUnsafeBytes { Deflator(windowBits: 15, keepsContext: false).deflate($0) })
        var output: [UInt8] = []
        #expect(throws: Inflator.Failure.tooLarge) {
            try Inflator(windowBits: 15, keepsContext: true)
                .inflate(ByteBuffer(bytes: packed), isLast: true, into: &output, limit: 10_000)
        }
        #expect(output.count <= 10_000)
    }

    @Test("Random bytes, and streams with random faults, never trap and stay within the limit")
    func randomBytes() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix64(seed: seed)
        var endings: Set<String> = []
        for _ in 0..<1000 {
            let inflator = Inflator(windowBits: 8 + random.below(8), keepsContext: random.oneIn(2))
            let deflator = Deflator(windowBits: 8 + random.below(8), keepsContext: random.oneIn(2))
            for _ in 0..<3 {
                var bytes: [UInt8]
                if random.oneIn(3) {
                    bytes = (0..<random.below(200)).map { _ in UInt8(random.below(256)) }
                } else {
                    let message = (0..<random.below(3000)).map { UInt8($0 % 300 % 256) ^ UInt8(random.below(2)) }
                    bytes = try #require(message.withUnsafeBytes { deflator.deflate($0) })
                    for _ in 0..<random.below(3) { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
                }
                var rest = ByteBuffer(bytes: bytes)
                var output: [UInt8] = []
                do throws(Inflator.Failure) {
                    repeat {
                        let length = min(rest.readableBytes, 1 + random.below(100))
                        let piece = rest.readSlice(length: length) ?? ByteBuffer()
                        let isLast = rest.readableBytes == 0
                        try inflator.inflate(piece, isLast: isLast, into: &output, limit: 2000)
                    } while rest.readableBytes > 0
                    endings.insert("whole")
                } catch {
                    endings.insert("\(error)")
                }
                try #require(output.count <= 2000, "seed \(seed)")
            }
        }
        #expect(endings == ["whole", "tooLarge", "malformed"], "seed \(seed)")
    }

    @Test("A block marked as the last is followed by more (RFC 7692 section 7.2.3.4)")
    func lastBlock() throws {
        var output: [UInt8] = []
        let bytes: [UInt8] = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]
        try Inflator(windowBits: 15, keepsContext: true)
            .inflate(ByteBuffer(bytes: bytes), isLast: true, into: &output, limit: 100)
        #expect(output == Array("Hello".utf8))
    }

    @Test("What follows a last block may refer to what was before it")
    func lastBlockKeepsContext() throws {
        let inflator = Inflator(windowBits: 15, keepsContext: true)
        // Sections 7.2.3.4 and 7.2.3.2: "Hello" in a last block, and "Hello" as a repetition.
        for bytes in [[0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00], [0xF2, 0x00, 0x11, 0x00, 0x00]] as [[UInt8]] {
            var output: [UInt8] = []
            try inflator.inflate(ByteBuffer(bytes: bytes), isLast: true, into: &output, limit: 100)
            #expect(output == Array("Hello".utf8))
        }
    }
}
