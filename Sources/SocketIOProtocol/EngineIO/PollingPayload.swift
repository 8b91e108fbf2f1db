/// Polling bodies: packets with 0x1E between them.
///
/// ```
/// "4hello" 0x1E "2" 0x1E "bAQIDBA=="
/// ```
public enum PollingPayload {
    /// What stands between two packets.
    public static let separator: UInt8 = 0x1E

    /// Decodes a body; all of it or nothing.
    ///
    /// - Parameters:
    ///   - body: The bytes of a POST, or of a GET's answer.
    ///   - maxPayload: The most bytes.
    ///   - maxPackets: The most packets.
    /// - Returns: The packets, at least one.
    /// - Throws: What is wrong with the first packet that is malformed, or which bound is passed.
    public static func decode(
        _ body: [UInt8],
        maxPayload: Int = .max,
        maxPackets: Int = .max
    ) throws(EnginePacketError) -> [EnginePacket] {
        guard body.count <= maxPayload else { throw .payloadTooLarge }
        // A text that came in here may go out to others in a WebSocket's text frame, where it ends their connections.
        guard UTF8Validator.isText(body) else { throw .illFormedText }
        var packets: [EnginePacket] = []
        var rest = body[...]
        while true {
            let end = rest.firstIndex(of: self.separator)
            guard packets.count < maxPackets else { throw .tooManyPackets }
            packets.append(try self.decodePacket(rest[..<(end ?? rest.endIndex)]))
            guard let end else { return packets }
            rest = rest[(end + 1)...]
        }
    }

    /// Encodes packets as a body.
    public static func encode(_ packets: some Sequence<EnginePacket>) -> [UInt8] {
        var bytes: [UInt8] = []
        for packet in packets {
            if !bytes.isEmpty { bytes.append(self.separator) }
            EnginePacketCodec.encodePolling(packet, into: &bytes)
        }
        return bytes
    }

    private static func decodePacket(_ bytes: ArraySlice<UInt8>) throws(EnginePacketError) -> EnginePacket {
        guard bytes.first == UInt8(ascii: "b") else { return try EnginePacketCodec.decodeText(bytes) }
        guard let data = Base64.decode(bytes.dropFirst()) else { throw .malformedBase64 }
        return .message(.binary(data))
    }
}
