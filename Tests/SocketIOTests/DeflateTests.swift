import NIOCore
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
        var generator = SplitMix(state: seed)
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

    @Test("Random bytes never trap")
    func randomBytes() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SplitMix(state: seed)
        for _ in 0..<300 {
            let bytes = (0..<Int(generator.next() % 200)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            var output: [UInt8] = []
            try? Inflator(windowBits: 15, keepsContext: true)
                .inflate(ByteBuffer(bytes: bytes), isLast: true, into: &output, limit: 1 << 16)
            #expect(output.count <= 1 << 16, "seed \(seed)")
        }
    }

    @Test("A block marked as the last is followed by more (RFC 7692 section 7.2.3.4)")
    func lastBlock() throws {
        var output: [UInt8] = []
        let bytes: [UInt8] = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]
        try Inflator(windowBits: 15, keepsContext: true)
            .inflate(ByteBuffer(bytes: bytes), isLast: true, into: &output, limit: 100)
        #expect(output == Array("Hello".utf8))
    }
}

/// SplitMix64, so that a printed seed replays the same everywhere.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
