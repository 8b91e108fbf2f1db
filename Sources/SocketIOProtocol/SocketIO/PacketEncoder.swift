/// Socket.IO packets to Engine.IO messages: the text first, then its attachments in order.
///
/// Each text is written in one pass into one array, sized beforehand.
public enum PacketEncoder {
    /// Encodes any packet.
    ///
    /// An event or ack with `.binary` leaves gets the binary type, one without the plain type; in other packets, which
    /// have no attachments, such leaves become `null`.
    public static func encode(_ packet: Packet) -> [EngineMessage] {
        let carriesBinary: Bool
        switch packet.type {
        case .event, .binaryEvent, .ack, .binaryAck: carriesBinary = true
        case .connect, .disconnect, .connectError: carriesBinary = false
        }
        let measure = packet.payload?.measure() ?? JSONMeasure()
        var writer = JSONWriter(
            reservingCapacity: measure.byteCount + self.headerCapacity + packet.namespace.utf8.count,
            takesBinaryOut: carriesBinary
        )
        self.writeHeader(
            type: self.type(of: packet.type, attachmentCount: carriesBinary ? measure.attachmentCount : 0),
            attachmentCount: measure.attachmentCount,
            namespace: packet.namespace,
            id: packet.id,
            to: &writer
        )
        if let payload = packet.payload { writer.write(payload) }
        return self.messages(of: writer)
    }

    /// Encodes an event without building a ``Packet`` first.
    public static func event(
        namespace: String,
        name: String,
        arguments: [JSON],
        ackID: UInt64? = nil
    ) -> [EngineMessage] {
        var writer = self.beginArray(type: .event, namespace: namespace, name: name, id: ackID, arguments: arguments)
        writer.bytes.append(UInt8(ascii: "["))
        writer.write(string: name)
        for argument in arguments {
            writer.bytes.append(UInt8(ascii: ","))
            writer.write(argument)
        }
        writer.bytes.append(UInt8(ascii: "]"))
        return self.messages(of: writer)
    }

    /// Encodes the answer to an event.
    public static func ack(namespace: String, id: UInt64, arguments: [JSON]) -> [EngineMessage] {
        var writer = self.beginArray(type: .ack, namespace: namespace, name: "", id: id, arguments: arguments)
        writer.write(arguments)
        return self.messages(of: writer)
    }

    /// Digits of type, attachment count and ack id with their separators.
    private static let headerCapacity = 48

    private static func beginArray(
        type: PacketType,
        namespace: String,
        name: String,
        id: UInt64?,
        arguments: [JSON]
    ) -> JSONWriter {
        var measure = JSONMeasure()
        for argument in arguments { argument.add(to: &measure) }
        let capacity =
            measure.byteCount + arguments.count + name.utf8.count + namespace.utf8.count + self.headerCapacity
        var writer = JSONWriter(reservingCapacity: capacity, takesBinaryOut: true)
        self.writeHeader(
            type: self.type(of: type, attachmentCount: measure.attachmentCount),
            attachmentCount: measure.attachmentCount,
            namespace: namespace,
            id: id,
            to: &writer
        )
        return writer
    }

    private static func type(of type: PacketType, attachmentCount: Int) -> PacketType {
        switch type {
        case .event, .binaryEvent: attachmentCount > 0 ? .binaryEvent : .event
        case .ack, .binaryAck: attachmentCount > 0 ? .binaryAck : .ack
        case .connect, .disconnect, .connectError: type
        }
    }

    private static func writeHeader(
        type: PacketType,
        attachmentCount: Int,
        namespace: String,
        id: UInt64?,
        to writer: inout JSONWriter
    ) {
        writer.bytes.append(UInt8(ascii: "0") + type.rawValue)
        if type == .binaryEvent || type == .binaryAck {
            writer.write(attachmentCount)
            writer.bytes.append(UInt8(ascii: "-"))
        }
        // The main namespace is not spelt out. Behind another one the comma is always written: it may be left out only at the
        // very end, and every parser takes it there too.
        if namespace != "/" {
            writer.bytes.append(contentsOf: namespace.utf8)
            writer.bytes.append(UInt8(ascii: ","))
        }
        if let id { writer.write(id) }
    }

    private static func messages(of writer: JSONWriter) -> [EngineMessage] {
        if writer.attachments.isEmpty { return [.text(writer.bytes)] }
        var messages: [EngineMessage] = []
        messages.reserveCapacity(writer.attachments.count + 1)
        messages.append(.text(writer.bytes))
        for attachment in writer.attachments { messages.append(.binary(attachment)) }
        return messages
    }
}
