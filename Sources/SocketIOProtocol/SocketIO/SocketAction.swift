/// What a message from the client asks the gateway to do.
public enum SocketServerAction: Hashable, Sendable {
    /// Nothing (yet).
    case none
    /// The client wants into a namespace. Run the middleware, then call `accept` or `refuse`, now or later. For a
    /// namespace that does not exist: `refuse(namespace, message: "Invalid namespace")`. `auth` is `{}` when none was sent.
    case connect(namespace: String, auth: JSONObject)
    /// An event; with an `ackID` the answer goes out through `acknowledge`. A number as its name is spelt out.
    case event(namespace: String, name: String, arguments: [JSON], ackID: UInt64?)
    /// The answer to an event that was sent with an id of `registerAck`; comes at most once for each.
    case ack(namespace: String, id: UInt64, arguments: [JSON])
    /// The client left a namespace; the connection stays open.
    case disconnect(namespace: String)
    /// Send these and carry on.
    case send([EngineMessage])
    /// Close the Engine.IO session. Nothing but `none` comes after it.
    case close(SocketCloseReason)
}

/// What a message from the server means.
public enum SocketClientAction: Hashable, Sendable {
    /// Nothing (yet).
    case none
    /// The namespace let us in under this socket id. `recoveryID` is the `pid` when the server offers recovery.
    case connected(namespace: String, socketID: String, recoveryID: String?)
    /// The namespace kept us out, or did not answer in time (`message` is then `timeout`).
    case connectError(namespace: String, message: String, data: JSON?)
    /// An event; with an `ackID` the answer goes out through `acknowledge`.
    case event(namespace: String, name: String, arguments: [JSON], ackID: UInt64?)
    /// The answer to an event of ours; comes at most once for each id.
    case ack(namespace: String, id: UInt64, arguments: [JSON])
    /// The server put us out of the namespace. Acks that were awaited there will not come.
    case disconnected(namespace: String)
    /// Send these and carry on.
    case send([EngineMessage])
    /// Close the Engine.IO session. Nothing but `none` comes after it.
    case close(SocketCloseReason)
}

/// Why Socket.IO closes a whole connection.
public enum SocketCloseReason: Error, Hashable, Sendable {
    /// A message that is no packet.
    case malformedPacket(PacketError)
    /// A packet for a namespace that the client is not in; so also when the first packet is no CONNECT.
    case notConnected
    /// A second CONNECT to a namespace that the client is in or about to enter.
    case alreadyConnected
    /// A packet that only the other side sends, such as a client's CONNECT_ERROR; a CONNECT reply without an id.
    case unexpectedPacket
    /// No accepted CONNECT within `connectTimeout`.
    case connectTimeout
    /// Attachments did not come within `attachmentTimeout`.
    case attachmentTimeout
}

/// The events of one side of one namespace that wait for an answer.
struct AckLedger {
    private var nextID: UInt64 = 0
    private var pending: Set<UInt64> = []

    mutating func register() -> UInt64 {
        let id = self.nextID
        // 2^53 ids at a million a second last 285 years.
        self.nextID += 1
        self.pending.insert(id)
        return id
    }

    /// Whether the answer was awaited; from now on it is not.
    mutating func remove(_ id: UInt64) -> Bool {
        self.pending.remove(id) != nil
    }
}

extension Packet {
    /// Name and arguments of an event that the decoder has checked.
    var eventParts: (name: String, arguments: [JSON]) {
        guard case .array(var elements) = self.payload, let first = elements.first else { return ("", []) }
        elements.removeFirst()
        return (first.stringValue ?? String(decoding: first.serialize(), as: UTF8.self), elements)
    }
}
