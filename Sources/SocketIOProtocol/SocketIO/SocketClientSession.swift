/// The client's half of Socket.IO v5 on one Engine.IO session: namespaces and acks.
///
/// The owner gives it every message that the ``EngineClientSession`` delivers, and sends what the methods return with
/// ``EngineClientSession/send(_:now:)``. Like that one it is used for one connection: after a reconnect make another and
/// `connect` again.
public struct SocketClientSession: ~Copyable {
    /// The times and bounds of one connection.
    public struct Configuration: Hashable, Sendable {
        /// How long the answer to a CONNECT may take.
        public var connectTimeout: Duration
        /// Bounds on packets from the server; wide, for it sends whole documents.
        public var decoding: PacketDecoder.Limits

        /// Makes a configuration.
        public init(
            connectTimeout: Duration = .seconds(20),
            decoding: PacketDecoder.Limits = .init(
                maxAttachments: 1024,
                maxPacketBytes: 256 << 20,
                json: .init(maxValues: 4 << 20)
            )
        ) {
            self.connectTimeout = connectTimeout
            self.decoding = decoding
        }
    }

    private enum Membership: Hashable {
        case asked(deadline: Instant)
        /// Left before the answer came.
        case unwanted
        case connected
    }

    private struct Entry {
        let namespace: String
        var membership: Membership
        var acks = AckLedger()
    }

    private let configuration: Configuration
    private var decoder: PacketDecoder
    private var entries: [Entry] = []
    private var isClosed = false

    /// Begins with no namespace.
    public init(configuration: Configuration = .init()) {
        self.configuration = configuration
        self.decoder = PacketDecoder(limits: configuration.decoding)
    }

    private func place(of namespace: String) -> Int? {
        self.entries.firstIndex { $0.namespace.hasSameBytes(as: namespace) }
    }

    private func connectedPlace(of namespace: String) -> Int? {
        guard let place = self.place(of: namespace), self.entries[place].membership == .connected else { return nil }
        return place
    }

    private mutating func close(_ reason: SocketCloseReason) -> SocketClientAction {
        self.isClosed = true
        self.entries = []
        return .close(reason)
    }
}

extension SocketClientSession {
    /// When ``timerFired(now:)`` is due: the answer to the oldest CONNECT.
    public var nextDeadline: Instant? {
        self.entries.lazy.compactMap { entry in
            if case .asked(let deadline) = entry.membership { deadline } else { nil }
        }.min()
    }

    /// Whether the namespace let us in.
    public func isConnected(to namespace: String) -> Bool {
        self.connectedPlace(of: namespace) != nil
    }

    /// Asks into a namespace.
    ///
    /// Empty when we are in it or have asked.
    public mutating func connect(namespace: String, auth: JSONObject? = nil, now: Instant) -> [EngineMessage] {
        guard !self.isClosed, self.place(of: namespace) == nil else { return [] }
        let deadline = now + self.configuration.connectTimeout
        self.entries.append(Entry(namespace: namespace, membership: .asked(deadline: deadline)))
        return PacketEncoder.encode(Packet(type: .connect, namespace: namespace, payload: auth.map { .object($0) }))
    }

    /// An event without an answer.
    ///
    /// Empty when the namespace is not connected.
    public func emit(namespace: String, name: String, arguments: [JSON]) -> [EngineMessage] {
        guard self.isConnected(to: namespace) else { return [] }
        return PacketEncoder.event(namespace: namespace, name: name, arguments: arguments)
    }

    /// An event that wants an answer: its messages and the id under which `.ack` will come; nil when not connected.
    public mutating func emitWithAck(
        namespace: String,
        name: String,
        arguments: [JSON]
    ) -> (id: UInt64, messages: [EngineMessage])? {
        guard let place = self.connectedPlace(of: namespace) else { return nil }
        let id = self.entries[place].acks.register()
        return (id, PacketEncoder.event(namespace: namespace, name: name, arguments: arguments, ackID: id))
    }

    /// Stops waiting for an answer; a late one is ignored.
    public mutating func cancelAck(namespace: String, id: UInt64) {
        guard let place = self.place(of: namespace) else { return }
        _ = self.entries[place].acks.remove(id)
    }

    /// The answer to an event of the server; empty when we have left the namespace.
    public func acknowledge(namespace: String, id: UInt64, arguments: [JSON]) -> [EngineMessage] {
        guard self.isConnected(to: namespace) else { return [] }
        return PacketEncoder.ack(namespace: namespace, id: id, arguments: arguments)
    }

    /// Leaves a namespace; its awaited acks are forgotten.
    ///
    /// Before the answer to CONNECT nothing can be sent: servers close a connection that leaves where it is not. The
    /// DISCONNECT then follows that answer by itself.
    public mutating func disconnect(namespace: String) -> [EngineMessage] {
        guard let place = self.place(of: namespace) else { return [] }
        switch self.entries[place].membership {
        case .asked:
            self.entries[place].membership = .unwanted
            return []
        case .unwanted:
            return []
        case .connected:
            self.entries.remove(at: place)
            return PacketEncoder.encode(Packet(type: .disconnect, namespace: namespace))
        }
    }

    /// Takes a message from the server.
    ///
    /// Packets for a namespace that we are not in are ignored.
    public mutating func receive(_ message: EngineMessage, now: Instant) -> SocketClientAction {
        guard !self.isClosed else { return .none }
        do throws(PacketError) {
            guard let packet = try self.decoder.feed(message) else { return .none }
            guard let place = self.place(of: packet.namespace) else { return .none }
            return self.receive(packet, place: place)
        } catch {
            return self.close(.malformedPacket(error))
        }
    }

    private mutating func receive(_ packet: Packet, place: Int) -> SocketClientAction {
        switch (packet.type, self.entries[place].membership) {
        case (.connect, .asked):
            guard let socketID = packet.payload?["sid"]?.stringValue else { return self.close(.unexpectedPacket) }
            self.entries[place].membership = .connected
            let recoveryID = packet.payload?["pid"]?.stringValue
            return .connected(namespace: packet.namespace, socketID: socketID, recoveryID: recoveryID)
        case (.connect, .unwanted):
            self.entries.remove(at: place)
            return .send(PacketEncoder.encode(Packet(type: .disconnect, namespace: packet.namespace)))
        case (.connectError, .asked):
            self.entries.remove(at: place)
            let message = packet.payload?["message"]?.stringValue ?? packet.payload?.stringValue ?? ""
            return .connectError(namespace: packet.namespace, message: message, data: packet.payload?["data"])
        case (.connectError, .unwanted):
            self.entries.remove(at: place)
            return .none
        case (.event, .connected), (.binaryEvent, .connected):
            let (name, arguments) = packet.eventParts
            return .event(namespace: packet.namespace, name: name, arguments: arguments, ackID: packet.id)
        case (.ack, .connected), (.binaryAck, .connected):
            guard let id = packet.id, self.entries[place].acks.remove(id) else { return .none }
            return .ack(namespace: packet.namespace, id: id, arguments: packet.payload?.arrayValue ?? [])
        case (.disconnect, .connected):
            self.entries.remove(at: place)
            return .disconnected(namespace: packet.namespace)
        case (.connect, .connected), (.connectError, .connected):
            return self.close(.unexpectedPacket)
        case (.disconnect, _), (.event, _), (.binaryEvent, _), (.ack, _), (.binaryAck, _):
            return .none
        }
    }

    /// Time has passed: a CONNECT that found no answer becomes a `connectError`.
    ///
    /// Call again while the deadline is past.
    public mutating func timerFired(now: Instant) -> SocketClientAction {
        for (place, entry) in self.entries.enumerated() {
            guard case .asked(let deadline) = entry.membership, now >= deadline else { continue }
            // The answer may still come; it is then unwanted.
            self.entries[place].membership = .unwanted
            return .connectError(namespace: entry.namespace, message: "timeout", data: nil)
        }
        return .none
    }
}
