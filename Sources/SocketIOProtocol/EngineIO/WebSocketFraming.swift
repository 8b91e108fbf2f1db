/// WebSocket frames (RFC 6455 §5.2) from a server: not masked, not fragmented.
///
/// ```
///  0               1               2 …
/// +-+-+-+-+-------+-+-------------+---------------------------+---------+
/// |F|0|0|0| opcode|0| length (7)  | 16 or 64 more bits when    | payload |
/// |1|     |  (4)  | |             | the 7 say 126 or 127       |         |
/// +-+-+-+-+-------+-+-------------+---------------------------+---------+
/// ```
///
/// A broadcast is framed once and the same bytes are written to every socket.
public enum WebSocketFraming {
    /// The opcodes of whole messages.
    public enum Opcode: UInt8, Hashable, Sendable {
        /// UTF-8 text.
        case text = 1
        /// Bytes.
        case binary = 2
    }

    /// One final, unmasked frame.
    public static func serverFrame(opcode: Opcode, payload: [UInt8]) -> [UInt8] {
        var frame: [UInt8] = []
        frame.reserveCapacity(payload.count + 10)
        self.appendHeader(opcode: opcode, payloadCount: payload.count, to: &frame)
        frame.append(contentsOf: payload)
        return frame
    }

    /// The frames of Engine.IO messages, one behind the other: text gets its `4`.
    public static func serverFrames(_ messages: [EngineMessage]) -> [UInt8] {
        var frames: [UInt8] = []
        frames.reserveCapacity(messages.reduce(0) { $0 + $1.byteCount + 11 })
        for message in messages {
            switch message {
            case .text(let bytes):
                self.appendHeader(opcode: .text, payloadCount: bytes.count + 1, to: &frames)
                frames.append(UInt8(ascii: "4"))
                frames.append(contentsOf: bytes)
            case .binary(let bytes):
                self.appendHeader(opcode: .binary, payloadCount: bytes.count, to: &frames)
                frames.append(contentsOf: bytes)
            }
        }
        return frames
    }

    static func appendHeader(opcode: Opcode, payloadCount: Int, to frame: inout [UInt8]) {
        frame.append(0x80 | opcode.rawValue)
        let lengthBytes: Int
        switch payloadCount {
        case ..<126:
            frame.append(UInt8(payloadCount))
            return
        case ..<65_536:
            frame.append(126)
            lengthBytes = 2
        case _:
            frame.append(127)
            lengthBytes = 8
        }
        for index in (0..<lengthBytes).reversed() {
            frame.append(UInt8(truncatingIfNeeded: payloadCount >> (8 * index)))
        }
    }
}
