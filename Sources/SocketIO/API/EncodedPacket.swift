import NIOCore
public import SocketIOProtocol

/// An event that is encoded and framed once and may be sent to any number of sockets of its namespace.
///
/// All receivers over WebSocket share one buffer that holds the WebSocket header, the Engine.IO digit and the Socket.IO
/// packet, and for a binary event the frames of its attachments too. See `reference/server.md`: what a broadcast costs is
/// its system calls, so nothing is worth doing per receiver.
public struct EncodedPacket: Sendable {
    /// The namespace the packet names.
    public let namespace: String
    /// Whether a slow consumer may lose this packet, to be told so through ``Socket/onOverflow(_:)``.
    public var isDroppable: Bool

    /// Smaller packets are not worth an object; where even they are to be compressed, each connection does it for itself.
    private static let sharedFromBytes = 128

    /// The packet as Engine.IO messages, for polling.
    let messages: [EngineMessage]
    /// The same as WebSocket frames.
    let frames: ByteBuffer
    /// The frames compressed, as all receivers without a context get them; nil for what is too small to share.
    let shared: SharedCompression?
    /// The offset of connection-state recovery that the packet ends with.
    let offset: String?
    /// Its share of what a namespace may keep for recovery.
    let share: BudgetShare?

    /// The number of bytes it takes on a WebSocket.
    public var byteCount: Int { self.frames.readableBytes }

    /// Encodes an event.
    ///
    /// - Parameters:
    ///   - namespace: the namespace of the sockets it will be sent to.
    ///   - event: the event's name.
    ///   - args: its arguments, binary leaves included.
    ///   - isDroppable: whether a slow consumer may lose it.
    public init(namespace: String, event: String, args: [JSON], isDroppable: Bool = false) {
        self.init(
            namespace: namespace,
            messages: PacketEncoder.event(namespace: namespace, name: event, arguments: args),
            isDroppable: isDroppable
        )
    }

    /// Frames what is encoded already.
    init(
        namespace: String,
        messages: [EngineMessage],
        isDroppable: Bool = false,
        offset: String? = nil,
        budget: RecoveryBudget? = nil
    ) {
        self.namespace = namespace
        self.isDroppable = isDroppable
        self.messages = messages
        self.frames = ServerFrames.encode(messages)
        self.shared = self.frames.readableBytes < Self.sharedFromBytes ? nil : SharedCompression()
        self.offset = offset
        // Twice: as messages and as frames.
        let byteCount = 2 * self.frames.readableBytes
        self.share = budget.map { BudgetShare(byteCount, of: $0) }
    }

    /// The frames for one WebSocket: compressed once for all that compress without a context.
    func frames(for link: WebSocketLink?) -> ByteBuffer {
        guard let shared = self.shared, let compression = link?.compression else { return self.frames }
        return shared.frames(self.frames, as: compression)
    }

    /// The same event with one argument more, the offset of connection-state recovery.
    ///
    /// - Complexity: O(*n*) in the packet's bytes; done once for all receivers.
    func stamped(with offset: String, budget: RecoveryBudget) -> EncodedPacket {
        // The text of an event ends with the bracket that closes its arguments.
        guard case .text(var text)? = self.messages.first, text.last == UInt8(ascii: "]") else { return self }
        text.removeLast()
        text.append(contentsOf: ",\"\(offset)\"]".utf8)
        return EncodedPacket(
            namespace: self.namespace,
            messages: [.text(text)] + self.messages.dropFirst(),
            isDroppable: self.isDroppable,
            offset: offset,
            budget: budget
        )
    }
}
