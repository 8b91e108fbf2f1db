/// Engine.IO messages to Socket.IO packets, attachments resolved.
///
/// Holds at most one packet that waits for attachments, bounded in number and bytes; the owner bounds the time by
/// looking at ``isWaiting``. An error throws the waiting packet away; the connection is to be closed.
public struct PacketDecoder: Sendable {
    /// Bounds on what a peer may send.
    public struct Limits: Hashable, Sendable {
        /// Attachments of one packet.
        public var maxAttachments: Int
        /// Bytes of one packet, text and attachments together.
        public var maxPacketBytes: Int
        /// Bytes of a namespace's name.
        public var maxNamespaceLength: Int
        /// Bounds on the JSON.
        public var json: JSON.Limits

        /// Makes limits; the defaults are a server's: ten attachments and a text of 1 MiB each.
        public init(
            maxAttachments: Int = 10,
            maxPacketBytes: Int = 11 << 20,
            maxNamespaceLength: Int = 256,
            json: JSON.Limits = .default
        ) {
            self.maxAttachments = maxAttachments
            self.maxPacketBytes = maxPacketBytes
            self.maxNamespaceLength = maxNamespaceLength
            self.json = json
        }
    }

    /// A packet whose attachments are not all there.
    private struct Waiting {
        var packet: Packet
        let attachmentCount: Int
        var attachments: [[UInt8]] = []
        var byteCount: Int
    }

    private let limits: Limits
    private var waiting: Waiting?

    /// Makes a decoder that has seen nothing.
    public init(limits: Limits = .init()) {
        self.limits = limits
    }

    /// Whether a packet waits for attachments.
    public var isWaiting: Bool { self.waiting != nil }

    /// Takes one message; returns the packet that it completes, or nil while attachments are due.
    public mutating func feed(_ message: EngineMessage) throws(PacketError) -> Packet? {
        switch message {
        case .text(let bytes):
            guard self.waiting == nil else {
                self.waiting = nil
                throw .textInsteadOfAttachment
            }
            return try self.feed(text: bytes)
        case .binary(let bytes):
            return try self.feed(attachment: bytes)
        }
    }

    private mutating func feed(text bytes: [UInt8]) throws(PacketError) -> Packet? {
        guard bytes.count <= self.limits.maxPacketBytes else { throw .packetTooLarge }
        var parser = PacketTextParser(rest: bytes[...], limits: self.limits)
        let (packet, attachmentCount) = try parser.parse()
        guard let attachmentCount else { return packet }
        let waiting = Waiting(packet: packet, attachmentCount: attachmentCount, byteCount: bytes.count)
        // A binary packet that announces no attachments is complete; nothing must stay behind to wait for any
        // (GHSA-2m8v-j782-fhvr).
        if attachmentCount == 0 { return try Self.complete(waiting) }
        self.waiting = waiting
        return nil
    }

    private mutating func feed(attachment bytes: [UInt8]) throws(PacketError) -> Packet? {
        guard var waiting = self.waiting else { throw .unexpectedAttachment }
        // Taken out, so that the arrays in it are appended to in place, and gone should an error be thrown.
        self.waiting = nil
        waiting.byteCount += bytes.count
        guard waiting.byteCount <= self.limits.maxPacketBytes else { throw .packetTooLarge }
        waiting.attachments.append(bytes)
        if waiting.attachments.count == waiting.attachmentCount { return try Self.complete(waiting) }
        self.waiting = waiting
        return nil
    }

    private static func complete(_ waiting: Waiting) throws(PacketError) -> Packet {
        var resolver = PlaceholderResolver(waiting.attachments)
        var packet = waiting.packet
        if let payload = packet.payload { packet.payload = try resolver.resolve(payload) }
        return packet
    }
}

/// Puts attachments in the place of `{"_placeholder":true,"num":n}`.
private struct PlaceholderResolver {
    private let attachments: [[UInt8]]
    private var isUsed: [Bool]

    init(_ attachments: [[UInt8]]) {
        self.attachments = attachments
        self.isUsed = Array(repeating: false, count: attachments.count)
    }

    mutating func resolve(_ value: JSON) throws(PacketError) -> JSON {
        switch value {
        case .null, .bool, .int, .double, .string, .illFormedString, .binary:
            return value
        case .array(let elements):
            var resolved: [JSON] = []
            resolved.reserveCapacity(elements.count)
            for element in elements { resolved.append(try self.resolve(element)) }
            return .array(resolved)
        case .object(let object):
            if case .bool(true) = object["_placeholder"] { return try self.attachment(for: object) }
            var members = object.members
            for index in members.indices { members[index].value = try self.resolve(members[index].value) }
            return .object(JSONObject(unique: members))
        }
    }

    private mutating func attachment(for placeholder: JSONObject) throws(PacketError) -> JSON {
        // Each attachment stands in one place. A packet that names a large one many times over would grow without bound
        // when it is sent on.
        guard
            case .int(let number) = placeholder["num"],
            self.attachments.indices.contains(number),
            !self.isUsed[number]
        else { throw .invalidPlaceholder }
        self.isUsed[number] = true
        return .binary(self.attachments[number])
    }
}
