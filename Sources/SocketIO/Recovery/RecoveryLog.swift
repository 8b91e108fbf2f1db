import NIOCore

/// What one socket was sent of late, in the order it was sent, for a client that comes back and says what it got last.
///
/// Confined to the socket's loop. Kept per socket, not per namespace: two loops may deliver two broadcasts in different
/// orders, and "all after this one" has a meaning only in the order in which this client got them. The bytes are shared.
struct RecoveryLog {
    private struct Entry {
        let offset: String
        /// nil for a volatile event, which only marks its place: it was sent, and nobody shall get it again.
        let packet: EncodedPacket?
        var sentAt: NIODeadline
    }

    private let limits: ConnectionStateRecovery
    /// How long something sent may be on its way before the heartbeat gives the connection up.
    private let window: TimeAmount
    private let budget: RecoveryBudget
    private var entries: CircularBuffer<Entry> = .small
    /// The offset before the first entry: a client that got this one last is missing all of `entries`.
    private var base: String?
    private var byteCount = 0

    init(limits: ConnectionStateRecovery, window: TimeAmount, budget: RecoveryBudget) {
        self.limits = limits
        self.window = window
        self.budget = budget
    }

    /// Notes an event that goes to the client now.
    mutating func sent(_ packet: EncodedPacket, offset: String, isVolatile: Bool, now: NIODeadline) {
        // What is older has arrived, or the connection would have been given up.
        while let first = self.entries.first, first.sentAt + self.window < now { self.removeFirst() }
        self.append(Entry(offset: offset, packet: isVolatile ? nil : packet, sentAt: now))
        while self.isOver, !self.entries.isEmpty { self.removeFirst() }
    }

    /// Keeps an event for a client that is away; false when the bounds do not allow it, and the log is of no more use.
    mutating func missed(_ packet: EncodedPacket, offset: String, now: NIODeadline) -> Bool {
        self.append(Entry(offset: offset, packet: packet, sentAt: now))
        return !self.isOver
    }

    /// Goes on from where the client is: what it has is forgotten, what it missed counts as sent now.
    ///
    /// - Returns: what it missed, in order; nil when this log does not know the offset.
    mutating func resume(after offset: String, now: NIODeadline) -> [EncodedPacket]? {
        guard self.knows(offset) else { return nil }
        while self.base != offset { self.removeFirst() }
        for index in self.entries.indices { self.entries[index].sentAt = now }
        return self.entries.compactMap(\.packet)
    }

    /// Whether a client that got this one last can be brought up to date.
    func knows(_ offset: String) -> Bool {
        self.base == offset || self.entries.contains { $0.offset == offset }
    }

    /// Takes in front what a log of the same client on another loop has; what both have stays where that one had it.
    mutating func follow(_ earlier: RecoveryLog) {
        let known = Set(earlier.entries.map(\.offset))
        let later = self.entries.filter { !known.contains($0.offset) }
        self = earlier
        for entry in later { self.append(entry) }
    }

    private var isOver: Bool {
        self.entries.count > self.limits.maxEventsPerSession || self.byteCount > self.limits.maxBytesPerSession
            || self.budget.isExceeded
    }

    private mutating func append(_ entry: Entry) {
        self.byteCount += entry.packet?.byteCount ?? 0
        self.entries.append(entry)
    }

    private mutating func removeFirst() {
        guard let first = self.entries.popFirst() else { return }
        self.byteCount -= first.packet?.byteCount ?? 0
        self.base = first.offset
    }
}
