/// Gathers who came, changed and left, so that a room broadcasts presence at most once an interval.
struct PresenceCoalescer {
    private let interval: UInt64
    private var lastFlush: UInt64?
    private(set) var changed: Set<SessionID> = []
    private(set) var left: [SessionID] = []

    init(interval: UInt64) {
        self.interval = interval
    }

    private var isPending: Bool { !changed.isEmpty || !left.isEmpty }

    mutating func noteChanged(_ session: SessionID) {
        changed.insert(session)
        // It is back before the others heard that it had gone.
        left.removeAll { $0 == session }
    }

    mutating func noteLeft(_ session: SessionID) {
        changed.remove(session)
        left.append(session)
    }

    /// When the next broadcast is due, if there is anything to say.
    func deadline(now: UInt64) -> UInt64? {
        guard isPending else { return nil }
        guard let lastFlush else { return now }
        return max(now, lastFlush + interval)
    }

    /// What is to be said now, if it is time.
    mutating func flush(now: UInt64) -> (changed: Set<SessionID>, left: [SessionID])? {
        guard let deadline = deadline(now: now), deadline <= now else { return nil }
        lastFlush = now
        defer {
            changed = []
            left = []
        }
        return (changed, left)
    }
}
