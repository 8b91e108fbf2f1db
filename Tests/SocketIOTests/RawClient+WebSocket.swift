import NIOCore

/// A WebSocket frame as it came from the server.
struct RawFrame: Sendable, Equatable {
    var opcode: UInt8
    var payload: [UInt8]
    /// The bit of permessage-deflate.
    var isCompressed = false

    var text: String { String(decoding: self.payload, as: UTF8.self) }

    /// The code of a close frame.
    var closeCode: Int? {
        guard self.opcode == 8, self.payload.count >= 2 else { return nil }
        return Int(self.payload[0]) << 8 | Int(self.payload[1])
    }
}

extension RawClient {
    static let upgradeHeaders = [
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ]

    /// Asks for a WebSocket; the key is RFC 6455's example.
    func upgrade(_ target: String, headers: [String: String] = [:]) async throws -> RawResponse {
        try await self.request("GET", target, headers: Self.upgradeHeaders.merging(headers) { _, own in own })
    }

    /// Sends a text frame.
    func sendText(_ text: String) async throws {
        try await self.send(Self.frame(opcode: 1, Array(text.utf8)))
    }

    /// Sends a binary frame.
    func sendBinary(_ bytes: [UInt8]) async throws {
        try await self.send(Self.frame(opcode: 2, bytes))
    }

    /// The bytes of one client frame.
    static func frame(
        opcode: UInt8,
        _ payload: [UInt8],
        isFinal: Bool = true,
        isMasked: Bool = true,
        isCompressed: Bool = false
    ) -> [UInt8] {
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode]
        let maskBit: UInt8 = isMasked ? 0x80 : 0
        switch payload.count {
        case ..<126:
            bytes.append(maskBit | UInt8(payload.count))
        case ..<65_536:
            bytes += [maskBit | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default:
            bytes.append(maskBit | 127)
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        guard isMasked else { return bytes + payload }
        let mask: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }

    /// Waits for the next frame.
    func receiveFrame(timeout: TimeAmount = .seconds(10)) async throws -> RawFrame {
        try await self.receive(timeout: timeout, "frame") { buffer in
            var copy = buffer
            guard let first: UInt8 = copy.readInteger(), let second: UInt8 = copy.readInteger() else { return nil }
            var length = Int(second & 0x7F)
            if length == 126 {
                guard let long: UInt16 = copy.readInteger() else { return nil }
                length = Int(long)
            } else if length == 127 {
                guard let long: UInt64 = copy.readInteger() else { return nil }
                length = Int(long)
            }
            guard first & 0xB0 == 0x80, second & 0x80 == 0 else {
                throw Failure(description: "a server frame that is fragmented, masked or reserved")
            }
            guard let payload = copy.readBytes(length: length) else { return nil }
            buffer = copy
            return RawFrame(opcode: first & 0x0F, payload: payload, isCompressed: first & 0x40 != 0)
        }
    }

    /// Waits for the next text frame that is no ping of Engine.IO.
    func receiveText(timeout: TimeAmount = .seconds(10)) async throws -> String {
        while true {
            let frame = try await self.receiveFrame(timeout: timeout)
            guard frame.opcode == 1 else { throw Failure(description: "no text frame but \(frame)") }
            if frame.text != "2" { return frame.text }
        }
    }

    /// Waits for the close frame, whatever comes before it.
    func receiveClose(timeout: TimeAmount = .seconds(10)) async throws -> RawFrame {
        while true {
            let frame = try await self.receiveFrame(timeout: timeout)
            if frame.opcode == 8 { return frame }
        }
    }
}
