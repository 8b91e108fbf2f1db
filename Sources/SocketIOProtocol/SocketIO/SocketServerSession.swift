/// The server's half of Socket.IO v5 on one Engine.IO session: which namespaces the client is in, acks both ways.
///
/// The gateway makes one beside each ``EngineServerSession``, gives it every `deliver`ed message and performs the one
/// action that comes back. Messages that the methods return go to the client (``EngineServerSession/send(_:now:)``, or
/// framed to ``EngineServerSession/directWebSocket``). Plain events to a connected namespace need not pass through it:
/// `PacketEncoder.event` will do.
///
/// ```
/// namespace:  absent ── CONNECT ──▶ pending ── accept ──▶ connected ── DISCONNECT ──▶ absent
///                                     └── refuse ──▶ absent      └── disconnect() ──▶ left (late packets ignored)
/// ```
///
/// What the client may not do closes the whole connection, as in the reference: a malformed packet, a packet for a
/// namespace it is not in (so the first packet must be a CONNECT), a second CONNECT. One thing is milder: packets for
/// a namespace that the *server* put it out of may have been under way, and are ignored.
public struct SocketServerSession: ~Copyable {
    /// The times and bounds of one connection.
    public struct Configuration: Hashable, Sendable {
        /// How long a client may take to its first accepted CONNECT.
        ///
        /// Well above three ping intervals, or the conformance suite's heartbeat tests fail, which never send one.
        public var connectTimeout: Duration
        /// How long the attachments of a packet may take.
        public var attachmentTimeout: Duration
        /// Namespaces a connection can be in at once; one more is refused with CONNECT_ERROR.
        public var maxNamespaces: Int
        /// Bounds on packets.
        public var decoding: PacketDecoder.Limits

        /// Makes a configuration; 45 s is the reference implementation's `connectTimeout`.
        public init(
            connectTimeout: Duration = .seconds(45),
            attachmentTimeout: Duration = .seconds(30),
            maxNamespaces: Int = 16,
            decoding: PacketDecoder.Limits = .init()
        ) {
            self.connectTimeout = connectTimeout
            self.attachmentTimeout = attachmentTimeout
            self.maxNamespaces = maxNamespaces
            self.decoding = decoding
        }
    }

    private enum Membership: Hashable {
        case pending
        case connected
        /// The server put the client out; what it had already sent is ignored.
        case left
    }

    private struct Entry {
        let namespace: String
        var membership: Membership
        var acks = AckLedger()
    }

    private let configuration: Configuration
    private var decoder: PacketDecoder
    /// A handful: walked, not hashed.
    private var entries: [Entry] = []
    private var connectDeadline: Instant?
    private var attachmentDeadline: Instant?
    private var isClosed = false

    /// Begins with no namespace; the time to CONNECT runs.
    public init(configuration: Configuration, now: Instant) {
        self.configuration = configuration
        self.decoder = PacketDecoder(limits: configuration.decoding)
        self.connectDeadline = now + configuration.connectTimeout
    }

    private func place(of namespace: String) -> Int? {
        self.entries.firstIndex { $0.namespace.hasSameBytes(as: namespace) }
    }

    private func connectedPlace(of namespace: String) -> Int? {
        guard let place = self.place(of: namespace), self.entries[place].membership == .connected else { return nil }
        return place
    }

    private mutating func close(_ reason: SocketCloseReason) -> SocketServerAction {
        self.isClosed = true
        self.connectDeadline = nil
        self.attachmentDeadline = nil
        self.entries = []
        return .close(reason)
    }
}

extension SocketServerSession {
    /// When ``timerFired(now:)`` is due; nil when nothing is awaited.
    public var nextDeadline: Instant? {
        switch (self.connectDeadline, self.attachmentDeadline) {
        case (let connect?, let attachment?): min(connect, attachment)
        case (let deadline?, nil), (nil, let deadline?): deadline
        case (nil, nil): nil
        }
    }

    /// The namespaces the client is in, in the order it entered them.
    public var namespaces: [String] {
        self.entries.lazy.filter { $0.membership == .connected }.map(\.namespace)
    }

    /// Whether the client is in this namespace.
    public func isConnected(to namespace: String) -> Bool {
        self.connectedPlace(of: namespace) != nil
    }

    /// Whether attachments of a packet are due.
    public var isWaitingForAttachments: Bool { self.decoder.isWaiting }

    /// Whose packet a text is, and how many attachments follow it; nil for what is no packet.
    ///
    /// For a gateway that keeps packets back while a namespace is pending. It reads the text's beginning only: the rest is
    /// looked at when the packet is taken.
    public func address(of text: [UInt8]) -> (namespace: String, attachmentCount: Int)? {
        var parser = PacketTextParser(rest: text[...], limits: self.configuration.decoding)
        return try? parser.parseAddress()
    }

    /// Takes a message from the client.
    ///
    /// After a `close` everything is `none`.
    public mutating func receive(_ message: EngineMessage, now: Instant) -> SocketServerAction {
        guard !self.isClosed else { return .none }
        let wasWaiting = self.decoder.isWaiting
        do throws(PacketError) {
            let packet = try self.decoder.feed(message)
            if !self.decoder.isWaiting {
                self.attachmentDeadline = nil
            } else if !wasWaiting {
                self.attachmentDeadline = now + self.configuration.attachmentTimeout
            }
            guard let packet else { return .none }
            return self.receive(packet)
        } catch {
            return self.close(.malformedPacket(error))
        }
    }

    private mutating func receive(_ packet: Packet) -> SocketServerAction {
        let place = self.place(of: packet.namespace)
        if packet.type == .connect { return self.receiveConnect(packet, place: place) }
        guard packet.type != .connectError else { return self.close(.unexpectedPacket) }
        guard let place else { return self.close(.notConnected) }
        switch self.entries[place].membership {
        case .pending: return self.close(.notConnected)
        case .left: return .none
        case .connected: break
        }
        switch packet.type {
        case .event, .binaryEvent:
            let (name, arguments) = packet.eventParts
            return .event(namespace: packet.namespace, name: name, arguments: arguments, ackID: packet.id)
        case .ack, .binaryAck:
            guard let id = packet.id, self.entries[place].acks.remove(id) else { return .none }
            return .ack(namespace: packet.namespace, id: id, arguments: packet.payload?.arrayValue ?? [])
        case .disconnect:
            self.entries.remove(at: place)
            return .disconnect(namespace: packet.namespace)
        case .connect, .connectError:
            preconditionFailure("\(packet.type) was handled above")
        }
    }

    private mutating func receiveConnect(_ packet: Packet, place: Int?) -> SocketServerAction {
        if let place {
            guard self.entries[place].membership == .left else { return self.close(.alreadyConnected) }
            self.entries.remove(at: place)
        }
        let active = self.entries.count { $0.membership != .left }
        guard active < self.configuration.maxNamespaces else {
            return .send(Self.connectError(packet.namespace, message: "Too many namespaces", data: nil))
        }
        self.entries.append(Entry(namespace: packet.namespace, membership: .pending))
        return .connect(namespace: packet.namespace, auth: packet.payload?.objectValue ?? [:])
    }

    /// Lets the client in.
    ///
    /// Send the returned messages before anything else to that namespace.
    ///
    /// - Parameters:
    ///   - namespace: The namespace of a `connect` action.
    ///   - socketID: The id of the new socket, another than the Engine.IO session's.
    ///   - recoveryID: The `pid` of connection-state recovery, when the server offers it.
    /// - Returns: The CONNECT reply; empty when the connection was closed meanwhile (then there is no socket).
    public mutating func accept(
        namespace: String,
        socketID: String,
        recoveryID: String? = nil
    ) -> [EngineMessage] {
        guard let place = self.place(of: namespace), self.entries[place].membership == .pending else { return [] }
        self.entries[place].membership = .connected
        self.connectDeadline = nil
        var reply: JSONObject = ["sid": .string(socketID)]
        if let recoveryID { reply["pid"] = .string(recoveryID) }
        return PacketEncoder.encode(Packet(type: .connect, namespace: namespace, payload: .object(reply)))
    }

    /// Keeps the client out of a namespace: CONNECT_ERROR with a message and, when given, data.
    ///
    /// - Returns: The refusal; empty when the namespace is not pending.
    public mutating func refuse(namespace: String, message: String, data: JSON? = nil) -> [EngineMessage] {
        guard let place = self.place(of: namespace), self.entries[place].membership == .pending else { return [] }
        self.entries.remove(at: place)
        return Self.connectError(namespace, message: message, data: data)
    }

    private static func connectError(_ namespace: String, message: String, data: JSON?) -> [EngineMessage] {
        var payload: JSONObject = ["message": .string(message)]
        if let data { payload["data"] = data }
        return PacketEncoder.encode(Packet(type: .connectError, namespace: namespace, payload: .object(payload)))
    }

    /// Puts the client out of a namespace; packets that were under way are ignored.
    ///
    /// Empty when it was not in it.
    public mutating func disconnect(namespace: String) -> [EngineMessage] {
        guard let place = self.connectedPlace(of: namespace) else { return [] }
        self.entries[place].membership = .left
        self.entries[place].acks = AckLedger()
        // A client may be put out of ever new namespaces; only so many are remembered.
        let left = self.entries.count { $0.membership == .left }
        if left > self.configuration.maxNamespaces,
            let oldest = self.entries.firstIndex(where: { $0.membership == .left })
        {
            self.entries.remove(at: oldest)
        }
        return PacketEncoder.encode(Packet(type: .disconnect, namespace: namespace))
    }

    /// An id for an event that wants an answer; nil when the client is not in the namespace.
    public mutating func registerAck(namespace: String) -> UInt64? {
        guard let place = self.connectedPlace(of: namespace) else { return nil }
        return self.entries[place].acks.register()
    }

    /// Stops waiting for an answer; a late one is ignored.
    public mutating func cancelAck(namespace: String, id: UInt64) {
        guard let place = self.place(of: namespace) else { return }
        _ = self.entries[place].acks.remove(id)
    }

    /// The answer to an event of the client; empty when it has left the namespace.
    public func acknowledge(namespace: String, id: UInt64, arguments: [JSON]) -> [EngineMessage] {
        guard self.isConnected(to: namespace) else { return [] }
        return PacketEncoder.ack(namespace: namespace, id: id, arguments: arguments)
    }

    /// Time has passed: close for want of a CONNECT or of attachments.
    ///
    /// Slow middleware is not the client's fault: while a CONNECT is pending the time to connect begins anew.
    public mutating func timerFired(now: Instant) -> SocketServerAction {
        if let deadline = self.attachmentDeadline, now >= deadline { return self.close(.attachmentTimeout) }
        if let deadline = self.connectDeadline, now >= deadline {
            guard self.entries.contains(where: { $0.membership == .pending }) else {
                return self.close(.connectTimeout)
            }
            self.connectDeadline = now + self.configuration.connectTimeout
        }
        return .none
    }
}
