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
        fatalError("phase 1")
    }

    /// The frames of Engine.IO messages, one behind the other: text gets its `4`.
    public static func serverFrames(_ messages: [EngineMessage]) -> [UInt8] {
        fatalError("phase 1")
    }
}
