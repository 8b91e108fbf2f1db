/// The client's half of Socket.IO v5 on one Engine.IO session: namespaces and acks.
///
/// The owner gives it every message that the ``EngineClientSession`` delivers, and sends what the methods return.
public struct SocketClientSession: ~Copyable {
    /// The times and bounds of one connection.
    public struct Configuration: Hashable, Sendable {
        /// How long the answer to a CONNECT may take.
        public var connectTimeout: Duration
        /// Bounds on packets from the server; wide, for it sends whole documents.
        public var decoding: PacketDecoder.Limits

        /// Makes a configuration.
        public init(
            connectTimeout: Duration = .seconds(45),
            decoding: PacketDecoder.Limits = .init(maxAttachments: 1024, maxPacketBytes: 256 << 20)
        ) {
            self.connectTimeout = connectTimeout
            self.decoding = decoding
        }
    }

    let configuration: Configuration

    /// Begins with no namespace.
    public init(configuration: Configuration = .init()) {
        fatalError("phase 1")
    }
}

/// What a message from the server means.
public enum SocketClientAction: Hashable, Sendable {
    /// Nothing (yet).
    case none
    /// The namespace let us in under this socket id. `recoveryID` is the `pid` when the server offers recovery.
    case connected(namespace: String, socketID: String, recoveryID: String?)
    /// The namespace kept us out.
    case connectError(namespace: String, message: String, data: JSON?)
    /// An event; with an `ackID` the answer goes out through `acknowledge`.
    case event(namespace: String, name: String, arguments: [JSON], ackID: UInt64?)
    /// The answer to an event of ours; comes once for each id.
    case ack(namespace: String, id: UInt64, arguments: [JSON])
    /// The server put us out of the namespace. Acks that were awaited there will not come.
    case disconnected(namespace: String)
    /// Close the Engine.IO session.
    case close(SocketCloseReason)
}

extension SocketClientSession {
    /// When ``timerFired(now:)`` is due: the answer to the oldest CONNECT.
    public var nextDeadline: Instant? { fatalError("phase 1") }

    /// Whether the namespace let us in.
    public func isConnected(to namespace: String) -> Bool { fatalError("phase 1") }

    /// Asks into a namespace. Empty when we are in it or have asked.
    public mutating func connect(namespace: String, auth: JSON? = nil, now: Instant) -> [EngineMessage] {
        fatalError("phase 1")
    }

    /// An event without an answer. Empty when the namespace is not connected.
    public func emit(namespace: String, name: String, arguments: [JSON]) -> [EngineMessage] {
        fatalError("phase 1")
    }

    /// An event that wants an answer: its messages and the id under which `.ack` will come; nil when not connected.
    public mutating func emitWithAck(
        namespace: String,
        name: String,
        arguments: [JSON]
    ) -> (id: UInt64, messages: [EngineMessage])? {
        fatalError("phase 1")
    }

    /// Stops waiting for an answer; a late one is ignored.
    public mutating func cancelAck(namespace: String, id: UInt64) {
        fatalError("phase 1")
    }

    /// The answer to an event of the server.
    public func acknowledge(namespace: String, id: UInt64, arguments: [JSON]) -> [EngineMessage] {
        fatalError("phase 1")
    }

    /// Leaves a namespace; its awaited acks are forgotten.
    public mutating func disconnect(namespace: String) -> [EngineMessage] {
        fatalError("phase 1")
    }

    /// Takes a message from the server.
    public mutating func receive(_ message: EngineMessage, now: Instant) -> SocketClientAction {
        fatalError("phase 1")
    }

    /// Time has passed.
    public mutating func timerFired(now: Instant) -> SocketClientAction {
        fatalError("phase 1")
    }
}
