import NIOCore
import NIOWebSocket
import SocketIOProtocol

/// Server frames (RFC 6455 section 5.2), written straight into a buffer: never masked, never fragmented, no extension.
///
/// ```
/// +---------------+----------------------------------+---------+
/// | fin, opcode   | length: 7 bits, or 126 + 16 bits,| payload |
/// |               | or 127 + 64 bits                 |         |
/// +---------------+----------------------------------+---------+
/// ```
enum ServerFrames {
    /// The longest header of an unmasked frame.
    private static let maxHeaderBytes = 10

    /// The frames of Engine.IO messages, text with its type digit, in one buffer.
    static func encode(_ messages: [EngineMessage]) -> ByteBuffer {
        let byteCount = messages.reduce(0) { $0 + $1.byteCount + self.maxHeaderBytes + 1 }
        var buffer = ByteBufferAllocator().buffer(capacity: byteCount)
        for message in messages {
            switch message {
            case .text(let bytes):
                self.writeHeader(opcode: .text, length: bytes.count + 1, to: &buffer)
                buffer.writeInteger(UInt8(ascii: "4"))
                buffer.writeBytes(bytes)
            case .binary(let bytes):
                self.writeHeader(opcode: .binary, length: bytes.count, to: &buffer)
                buffer.writeBytes(bytes)
            }
        }
        return buffer
    }

    /// One frame.
    static func frame(_ opcode: WebSocketOpcode, _ payload: some Collection<UInt8>) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: payload.count + self.maxHeaderBytes)
        self.writeHeader(opcode: opcode, length: payload.count, to: &buffer)
        buffer.writeBytes(payload)
        return buffer
    }

    /// A close frame with a code and no reason.
    static func close(_ code: WebSocketErrorCode?) -> ByteBuffer {
        guard let code else { return self.frame(.connectionClose, []) }
        let number = UInt16(webSocketErrorCode: code)
        return self.frame(.connectionClose, [UInt8(number >> 8), UInt8(number & 0xFF)])
    }

    private static func writeHeader(opcode: WebSocketOpcode, length: Int, to buffer: inout ByteBuffer) {
        self.writeHeader(first: 0x80 | UInt8(webSocketOpcode: opcode), length: length, to: &buffer)
    }

    /// Writes a header whose first byte is given.
    static func writeHeader(first: UInt8, length: Int, to buffer: inout ByteBuffer) {
        buffer.writeInteger(first)
        switch length {
        case ..<126:
            buffer.writeInteger(UInt8(length))
        case ..<65_536:
            buffer.writeInteger(UInt8(126))
            buffer.writeInteger(UInt16(length))
        default:
            buffer.writeInteger(UInt8(127))
            buffer.writeInteger(UInt64(length))
        }
    }

    /// Reads a header that ``writeHeader(first:length:to:)`` wrote.
    static func readHeader(_ buffer: inout ByteBuffer) -> (first: UInt8, length: Int)? {
        guard let first: UInt8 = buffer.readInteger(), let short: UInt8 = buffer.readInteger() else { return nil }
        switch short {
        case 126: return buffer.readInteger(as: UInt16.self).map { (first, Int($0)) }
        case 127: return buffer.readInteger(as: UInt64.self).map { (first, Int($0)) }
        default: return (first, Int(short))
        }
    }
}
