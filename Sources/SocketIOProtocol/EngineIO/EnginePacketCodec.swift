/// Why bytes are no Engine.IO packet or payload.
public enum EnginePacketError: String, Error, Hashable, Sendable, CaseIterable {
    /// An empty packet.
    case empty
    /// The first byte is no packet type.
    case unknownType
    /// A type that carries no data came with some.
    case unexpectedData
    /// A heartbeat with more than 125 bytes of data.
    case heartbeatTooLong
    /// The data of an `open` packet is no handshake.
    case malformedHandshake
    /// The data behind `b` is not base64 (RFC 4648, padded).
    case malformedBase64
    /// The payload is larger than the limit.
    case payloadTooLarge
    /// The payload holds more packets than the limit.
    case tooManyPackets
}

/// Single Engine.IO packets to bytes and back.
public enum EnginePacketCodec {
    /// Decodes the payload of a WebSocket text frame.
    public static func decodeWebSocketText(_ bytes: [UInt8]) throws(EnginePacketError) -> EnginePacket {
        fatalError("phase 1")
    }

    /// Decodes the payload of a WebSocket binary frame: always a message.
    public static func decodeWebSocketBinary(_ bytes: [UInt8]) -> EnginePacket {
        .message(.binary(bytes))
    }

    /// Encodes a packet as the payload of a WebSocket frame; binary messages go into binary frames, all else into text.
    public static func encodeWebSocket(_ packet: EnginePacket) -> (payload: [UInt8], isBinary: Bool) {
        fatalError("phase 1")
    }

    /// Appends a packet as it stands in a polling payload.
    public static func encodePolling(_ packet: EnginePacket, into bytes: inout [UInt8]) {
        fatalError("phase 1")
    }
}

/// Polling bodies: packets with 0x1E between them.
///
/// ```
/// "4hello" 0x1E "2" 0x1E "bAQIDBA=="
/// ```
public enum PollingPayload {
    /// What stands between two packets.
    public static let separator: UInt8 = 0x1E

    /// Decodes a body; all of it or nothing.
    public static func decode(
        _ body: [UInt8],
        maxPayload: Int = .max,
        maxPackets: Int = .max
    ) throws(EnginePacketError) -> [EnginePacket] {
        fatalError("phase 1")
    }

    /// Encodes packets as a body.
    public static func encode(_ packets: [EnginePacket]) -> [UInt8] {
        fatalError("phase 1")
    }
}
