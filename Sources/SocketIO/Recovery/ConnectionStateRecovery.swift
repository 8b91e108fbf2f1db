/// Connection-state recovery: a client that lost its connection comes back as the socket it was, and gets what it missed.
///
/// Its id, rooms and ``Socket/data`` are those of before, the events it missed follow the CONNECT reply in their order, and
/// ``Socket/isRecovered`` is true. It is all or nothing: when anything it missed is no longer there, it gets a new socket
/// and must fetch what it needs by itself. Off by default, as in the original; see
/// ``SocketIOConfiguration/connectionStateRecovery``.
///
/// What the wire shows: the CONNECT reply has a secret `pid`, and every event without an ack has one string more as its last
/// argument, the offset. The client sends both back. Volatile events have an offset too, though they are not kept, since
/// clients take the last argument of any event for the offset if it is a string.
///
/// Only losses can be recovered from: ``DisconnectReason/isRecoverable``. Events that ask for an ack and volatile ones are
/// not kept. Sessions live in this process and are gone with it.
public struct ConnectionStateRecovery: Sendable, Hashable {
    /// How long a client may stay away.
    ///
    /// Default 2 minutes.
    public var maxDisconnectionDuration: Duration = .seconds(120)
    /// Whether the namespace's middleware is left out when a client comes back.
    ///
    /// Default false, unlike the original: a user who was blocked meanwhile would get in again.
    public var skipsMiddleware = false
    /// The names of the namespaces it is for.
    ///
    /// nil (the default): all. An application whose clients catch up by themselves in one of them leaves that one out.
    public var namespaces: Set<String>?
    /// The most events kept for one socket.
    ///
    /// Default 10,000. Connected sockets keep what they got within `pingInterval + pingTimeout`, since of what is older
    /// the heartbeat has shown that it arrived.
    public var maxEventsPerSession = 10_000
    /// The most bytes of events kept for one socket.
    ///
    /// Default 1 MiB. Events of a broadcast share their bytes, but count for each socket.
    public var maxBytesPerSession = 1 << 20
    /// The most bytes of events kept for all sockets of a namespace together, as they are in memory.
    ///
    /// Default 64 MiB. Here an event counts once, however many sockets it is kept for. Beyond it connected sockets forget
    /// what they got, and clients that are away and would get more cannot recover.
    public var maxBytes = 64 << 20
    /// The most clients away at a time, in each namespace.
    ///
    /// Default 10,000; whoever is lost beyond that cannot recover.
    public var maxSessions = 10_000

    /// Recovery as described.
    public init() {}
}
