/// Engine.IO messages to Socket.IO packets, attachments resolved.
///
/// Holds at most one packet that waits for attachments, bounded in number and bytes; the owner bounds the time by
/// looking at ``isWaiting``. After an error the decoder must not be used again.
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

        /// Makes limits; the defaults are the server's.
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

    let limits: Limits

    /// Makes a decoder that has seen nothing.
    public init(limits: Limits = .init()) {
        self.limits = limits
    }

    /// Whether a packet waits for attachments.
    public var isWaiting: Bool { fatalError("phase 1") }

    /// Takes one message; returns the packet that it completes, or nil while attachments are due.
    public mutating func feed(_ message: EngineMessage) throws(PacketError) -> Packet? {
        fatalError("phase 1")
    }
}
