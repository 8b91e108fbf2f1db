extension EngineServerSession {
    /// Which transport carries the session. The payloads are plain numbers, so that copying a state costs nothing; what
    /// is long (the outbox) lies beside it.
    enum State: Hashable, Sendable {
        case polling
        case probing(Probe)
        case webSocket(TransportID)
        case closing(until: Instant)
        case closed
    }

    /// A WebSocket that wants to take a polling session over.
    struct Probe: Hashable, Sendable {
        let webSocket: TransportID
        let deadline: Instant
        var isAnswered = false
    }

    /// The HTTP requests that have no answer yet.
    struct PollingRequests: Hashable, Sendable {
        var get: TransportID?
        var post: TransportID?
    }

    /// Where the heartbeat stands.
    enum Heartbeat: Hashable, Sendable {
        case quiet(pingAt: Instant)
        case awaitingPong(closeAt: Instant)
    }
}
