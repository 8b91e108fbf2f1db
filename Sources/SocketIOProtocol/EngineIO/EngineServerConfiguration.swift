/// The times and bounds of a server's Engine.IO sessions.
public struct EngineServerConfiguration: Hashable, Sendable {
    /// Time from the handshake or a pong to the next ping.
    public var pingInterval: Duration
    /// How long a pong may take.
    ///
    /// Without one the session is closed exactly `pingInterval + pingTimeout` after the last.
    public var pingTimeout: Duration
    /// How long a client may take from opening its second transport to the upgrade packet.
    public var upgradeTimeout: Duration
    /// How long a closing session waits for the client's last GET.
    public var closeTimeout: Duration
    /// The largest polling body or WebSocket message taken, in bytes; told to the client in the handshake.
    public var maxPayload: Int
    /// How many packets one POST may hold.
    ///
    /// A body of nothing but separators would otherwise become a list many times its size.
    public var maxPacketsPerPayload: Int
    /// How many packets one GET is answered with.
    ///
    /// python-engineio's client refuses more than 16.
    public var maxPacketsPerResponse: Int
    /// Bytes that may wait for a polling client before the next send closes the session.
    public var maxBufferedBytes: Int
    /// Whether polling sessions may move to a WebSocket; decides `upgrades` in the handshake.
    public var allowsUpgrades: Bool

    /// Makes a configuration; the times are the reference implementation's defaults, `maxPayload` is Quire's 1 MiB.
    public init(
        pingInterval: Duration = .seconds(25),
        pingTimeout: Duration = .seconds(20),
        upgradeTimeout: Duration = .seconds(10),
        closeTimeout: Duration = .seconds(30),
        maxPayload: Int = 1 << 20,
        maxPacketsPerPayload: Int = 16_384,
        maxPacketsPerResponse: Int = 16,
        maxBufferedBytes: Int = 8 << 20,
        allowsUpgrades: Bool = true
    ) {
        self.pingInterval = pingInterval
        self.pingTimeout = pingTimeout
        self.upgradeTimeout = upgradeTimeout
        self.closeTimeout = closeTimeout
        self.maxPayload = maxPayload
        self.maxPacketsPerPayload = maxPacketsPerPayload
        self.maxPacketsPerResponse = maxPacketsPerResponse
        self.maxBufferedBytes = maxBufferedBytes
        self.allowsUpgrades = allowsUpgrades
    }
}
