/// Socket.IO packets to Engine.IO messages: the text first, then its attachments in order.
///
/// Each text is written in one pass into one array.
public enum PacketEncoder {
    /// Encodes any packet.
    public static func encode(_ packet: Packet) -> [EngineMessage] {
        fatalError("phase 1")
    }

    /// Encodes an event without building a ``Packet`` first.
    public static func event(
        namespace: String,
        name: String,
        arguments: [JSON],
        ackID: UInt64? = nil
    ) -> [EngineMessage] {
        fatalError("phase 1")
    }

    /// Encodes the answer to an event.
    public static func ack(namespace: String, id: UInt64, arguments: [JSON]) -> [EngineMessage] {
        fatalError("phase 1")
    }
}
