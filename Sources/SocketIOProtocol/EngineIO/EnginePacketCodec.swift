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
    /// A polling body is not UTF-8.
    case illFormedText
    /// The payload is larger than the limit.
    case payloadTooLarge
    /// The payload holds more packets than the limit.
    case tooManyPackets
}

/// Single Engine.IO packets to bytes and back.
public enum EnginePacketCodec {
    /// Decodes the payload of a WebSocket text frame.
    public static func decodeWebSocketText(_ bytes: [UInt8]) throws(EnginePacketError) -> EnginePacket {
        try self.decodeText(bytes[...])
    }

    /// Decodes the payload of a WebSocket binary frame: always a message.
    public static func decodeWebSocketBinary(_ bytes: [UInt8]) -> EnginePacket {
        .message(.binary(bytes))
    }

    /// Encodes a packet as the payload of a WebSocket frame; binary messages go into binary frames, all else into text.
    public static func encodeWebSocket(_ packet: EnginePacket) -> (payload: [UInt8], isBinary: Bool) {
        if case .message(.binary(let bytes)) = packet { return (bytes, true) }
        var bytes: [UInt8] = []
        self.encodePolling(packet, into: &bytes)
        return (bytes, false)
    }

    /// Appends a packet as it stands in a polling payload.
    public static func encodePolling(_ packet: EnginePacket, into bytes: inout [UInt8]) {
        switch packet {
        case .open(let handshake):
            bytes.append(UInt8(ascii: "0"))
            bytes.append(contentsOf: handshake.json.serialize())
        case .close:
            bytes.append(UInt8(ascii: "1"))
        case .ping(let data):
            bytes.append(UInt8(ascii: "2"))
            bytes.append(contentsOf: data)
        case .pong(let data):
            bytes.append(UInt8(ascii: "3"))
            bytes.append(contentsOf: data)
        case .message(.text(let text)):
            bytes.reserveCapacity(bytes.count + text.count + 1)
            bytes.append(UInt8(ascii: "4"))
            bytes.append(contentsOf: text)
        case .message(.binary(let data)):
            bytes.append(UInt8(ascii: "b"))
            Base64.encode(data, into: &bytes)
        case .upgrade:
            bytes.append(UInt8(ascii: "5"))
        case .noop:
            bytes.append(UInt8(ascii: "6"))
        }
    }

    /// A packet that begins with a type digit.
    static func decodeText(_ bytes: ArraySlice<UInt8>) throws(EnginePacketError) -> EnginePacket {
        guard let type = bytes.first else { throw .empty }
        let data = bytes.dropFirst()
        switch type {
        case UInt8(ascii: "4"):
            return .message(.text(Array(data)))
        case UInt8(ascii: "2"):
            guard data.count <= 125 else { throw .heartbeatTooLong }
            return .ping(Array(data))
        case UInt8(ascii: "3"):
            guard data.count <= 125 else { throw .heartbeatTooLong }
            return .pong(Array(data))
        case UInt8(ascii: "0"):
            return .open(try self.decodeHandshake(data))
        case UInt8(ascii: "1"), UInt8(ascii: "5"), UInt8(ascii: "6"):
            guard data.isEmpty else { throw .unexpectedData }
            return type == UInt8(ascii: "1") ? .close : type == UInt8(ascii: "5") ? .upgrade : .noop
        case _:
            throw .unknownType
        }
    }

    private static func decodeHandshake(_ data: ArraySlice<UInt8>) throws(EnginePacketError) -> EngineHandshake {
        // A handshake has five short keys; a server gives a hostile client's one no more room than that.
        let limits = JSON.Limits(maxDepth: 4, maxNumberLength: 32, maxValues: 256)
        guard
            data.count <= 16_384,
            let json = try? JSON.parse(data, limits: limits),
            let handshake = EngineHandshake(json)
        else { throw .malformedHandshake }
        return handshake
    }
}
