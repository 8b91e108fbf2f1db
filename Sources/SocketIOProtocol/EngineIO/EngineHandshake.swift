/// What the server tells a client when a session opens: the JSON of an `open` packet.
///
/// `0{"sid":"…","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`
public struct EngineHandshake: Hashable, Sendable {
    /// The session's id.
    public var sessionID: String
    /// The transports that the client may upgrade to.
    public var upgrades: [String]
    /// Time from a pong (or the handshake) to the next ping.
    public var pingInterval: Duration
    /// How long the server waits for a pong.
    public var pingTimeout: Duration
    /// The largest polling body or WebSocket message, in bytes, that the server takes.
    public var maxPayload: Int

    /// Makes a handshake.
    public init(
        sessionID: String,
        upgrades: [String],
        pingInterval: Duration,
        pingTimeout: Duration,
        maxPayload: Int
    ) {
        self.sessionID = sessionID
        self.upgrades = upgrades
        self.pingInterval = pingInterval
        self.pingTimeout = pingTimeout
        self.maxPayload = maxPayload
    }

    /// The handshake as JSON, with exactly the five keys of the protocol.
    public var json: JSON {
        [
            "sid": .string(self.sessionID),
            "upgrades": .array(self.upgrades.map { .string($0) }),
            "pingInterval": .int(self.pingInterval.wholeMilliseconds),
            "pingTimeout": .int(self.pingTimeout.wholeMilliseconds),
            "maxPayload": .int(self.maxPayload),
        ]
    }

    /// Reads a handshake; nil when a key is missing or has a senseless value.
    ///
    /// Zero intervals are refused: with them a client would be dead at birth.
    public init?(_ json: JSON) {
        guard
            let sessionID = json["sid"]?.stringValue, !sessionID.isEmpty, sessionID.utf8.count <= 256,
            let interval = json["pingInterval"]?.intValue, (0...86_400_000).contains(interval),
            let timeout = json["pingTimeout"]?.intValue, (0...86_400_000).contains(timeout),
            interval + timeout > 0
        else { return nil }
        self.sessionID = sessionID
        self.upgrades = (json["upgrades"]?.arrayValue ?? []).compactMap(\.stringValue)
        self.pingInterval = .milliseconds(interval)
        self.pingTimeout = .milliseconds(timeout)
        // Older servers do not say it; 1,000,000 is their default.
        self.maxPayload = json["maxPayload"]?.intValue.map { max($0, 1) } ?? 1_000_000
    }
}
