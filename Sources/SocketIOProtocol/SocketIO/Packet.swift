/// The types of Socket.IO v5 packets, by their digit.
public enum PacketType: UInt8, Hashable, Sendable, CaseIterable {
    /// `0`: into a namespace.
    case connect = 0
    /// `1`: out of a namespace.
    case disconnect = 1
    /// `2`: an event.
    case event = 2
    /// `3`: the answer to an event.
    case ack = 3
    /// `4`: a connect was refused.
    case connectError = 4
    /// `5`: an event with attachments.
    case binaryEvent = 5
    /// `6`: an answer with attachments.
    case binaryAck = 6
}

/// One Socket.IO v5 packet, attachments resolved into `.binary` leaves of its payload.
///
/// ```
/// <type>[<attachments>-][<namespace>,][<ack id>][JSON]
///   51-/admin,12["image",{"_placeholder":true,"num":0}]      then one binary message an attachment
/// ```
public struct Packet: Hashable, Sendable {
    /// The type.
    ///
    /// The encoder chooses between the plain and the binary type by what the payload holds.
    public var type: PacketType
    /// The namespace, beginning with `/`.
    public var namespace: String
    /// The ack id.
    public var id: UInt64?
    /// The payload; see ``PacketType``.
    public var payload: JSON?

    /// Makes a packet.
    public init(type: PacketType, namespace: String = "/", id: UInt64? = nil, payload: JSON? = nil) {
        self.type = type
        self.namespace = namespace
        self.id = id
        self.payload = payload
    }
}

/// Why a message is no Socket.IO packet.
///
/// Each of these ends the connection.
public enum PacketError: Error, Hashable, Sendable {
    /// An empty text message.
    case empty
    /// The first byte is no packet type.
    case unknownType
    /// The attachment count of a binary packet is missing, no number, or not followed by `-`.
    case malformedAttachmentCount
    /// More attachments than `maxAttachments`.
    case tooManyAttachments
    /// The text and its attachments are larger than `maxPacketBytes`.
    case packetTooLarge
    /// The namespace is not UTF-8 or longer than `maxNamespaceLength`.
    case malformedNamespace
    /// The ack id is larger than 2^53 - 1, which no JavaScript client can hold.
    case ackIDTooLarge
    /// The payload is not JSON.
    case malformedJSON(JSONError)
    /// The payload is not what the packet's type asks for.
    case invalidPayload
    /// The event's name is one that Socket.IO keeps for itself, such as `disconnect`.
    case reservedEvent
    /// A placeholder without a valid `num`, or two for one attachment.
    case invalidPlaceholder
    /// A text message came where an attachment was due.
    case textInsteadOfAttachment
    /// A binary message came where none was due.
    case unexpectedAttachment
}
