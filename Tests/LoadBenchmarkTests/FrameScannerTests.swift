import NIOCore
import Testing

@testable import LoadBenchmark

@Suite("The scanner of a server's frames")
struct FrameScannerTests {
    /// A frame as servers send it.
    private static func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [first]
        switch payload.count {
        case ..<126: bytes.append(UInt8(payload.count))
        case ..<65_536: bytes += [126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default:
            bytes.append(127)
            for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(payload.count >> shift & 0xFF)) }
        }
        return bytes + payload
    }

    /// Payloads on both sides of each length's form, with what tells them apart.
    private static let payloads: [[UInt8]] = [0, 1, 125, 126, 127, 65_535, 65_536, 3].enumerated().map { index, count in
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &+ index) }
    }

    private static let stream = payloads.enumerated().flatMap { index, payload in
        frame(index % 2 == 0 ? 0x81 : 0x82, payload)
    }

    /// What a stream hands out when its bytes come in pieces of a size.
    private func read(_ bytes: [UInt8], inPiecesOf size: Int) throws -> [[UInt8]] {
        var stream = FrameStream()
        var found: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + size)
            try stream.read(ByteBuffer(bytes: bytes[start..<end])) { frame in
                #expect(frame.opcode == (found.count % 2 == 0 ? .text : .binary))
                found.append(Array(frame.payload))
            }
            start = end
        }
        return found
    }

    @Test(
        "Frames of all lengths come out whole, however the bytes are cut",
        arguments: [1, 2, 3, 7, 130, 65_537, 1 << 20]
    )
    func cut(size: Int) throws {
        #expect(try self.read(Self.stream, inPiecesOf: size) == Self.payloads)
    }

    @Test("The beginning of a frame waits for its end")
    func half() throws {
        let bytes = Self.frame(0x81, Array("hello".utf8))
        for count in 0..<bytes.count {
            #expect(try self.read(Array(bytes[..<count]), inPiecesOf: 100).isEmpty)
        }
        #expect(try self.read(bytes, inPiecesOf: 100) == [Array("hello".utf8)])
    }

    @Test("Control frames are told apart")
    func control() throws {
        let bytes = Self.frame(0x89, [1]) + Self.frame(0x8A, []) + Self.frame(0x88, [3, 232])
        var opcodes: [ServerFrame.Opcode] = []
        var stream = FrameStream()
        try stream.read(ByteBuffer(bytes: bytes)) { opcodes.append($0.opcode) }
        #expect(opcodes == [.ping, .pong, .close])
    }

    @Test(
        "What a server must not send is refused",
        arguments: [
            ([0x81, 0x81, 0, 0, 0, 0, 1], .masked), ([0xC1, 0], .reservedBits), ([0x01, 0], .fragmented),
            ([0x80, 0], .fragmented), ([0x83, 0], .unknownOpcode(3)),
            ([0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0], .tooLong(1 << 32)),
        ] as [([UInt8], FrameError)]
    )
    func refused(bytes: [UInt8], error: FrameError) {
        var stream = FrameStream()
        #expect(throws: error) { try stream.read(ByteBuffer(bytes: bytes)) { _ in } }
    }
}
