import Histogram

/// What a load prints at its end.
public struct LoadReport: Encodable, Sendable {
    /// Times in microseconds.
    public struct Latency: Encodable, Sendable {
        /// How many were taken.
        public let count: UInt64
        /// So many in a hundred took no longer.
        public let p50, p90, p99, p999, max: Double

        init(_ histogram: Histogram<UInt64>) {
            func microseconds(_ percentile: Double) -> Double {
                Double(histogram.valueAtPercentile(percentile)) / 1000
            }
            self.count = histogram.totalCount
            self.p50 = microseconds(50)
            self.p90 = microseconds(90)
            self.p99 = microseconds(99)
            self.p999 = microseconds(99.9)
            self.max = Double(histogram.totalCount == 0 ? 0 : histogram.maxRecorded) / 1000
        }
    }

    /// What was asked for.
    public let rooms, clientsPerRoom, sendersPerRoom, payloadBytes: Int
    /// The kinds and their shares.
    public let kind: String
    /// Messages a second of each sender, in an open loop.
    public private(set) var rate: Double?
    /// Messages of each sender under way, in a closed loop.
    public private(set) var window: Int?

    /// Clients that got into their rooms.
    public private(set) var connected = 0
    /// How long all took together.
    public internal(set) var connectSeconds = 0.0
    /// From opening a connection to being in the room.
    public private(set) var joinLatency: Latency?
    /// The server's processor time to connect one client and let it in, in microseconds.
    public private(set) var serverMicrosecondsPerJoin: Double?
    /// The server's memory when all had joined, over their number.
    public private(set) var serverBytesPerConnection: Double?

    /// How long was measured.
    public private(set) var seconds = 0.0
    /// What happened in that time.
    public private(set) var sent = 0, acked = 0, delivered = 0, presenceEvents = 0, bytesSent = 0, bytesReceived = 0
    /// Messages that reached a receiver, a second.
    public private(set) var deliveriesPerSecond = 0.0
    /// The same for each second of the server's processor time.
    public private(set) var deliveriesPerServerCPUSecond: Double?
    /// How long deliveries took, those of stalled clients aside.
    public private(set) var deliveryLatency: Latency?
    /// How long acks took.
    public private(set) var ackLatency: Latency?
    /// The share of a core that the server used, and its memory at the end and at most.
    public private(set) var serverCPU: Double?, serverBytes: Int?, serverPeakBytes: Int?
    /// The share of a core that this program used.
    public private(set) var generatorCPU = 0.0

    /// Clients that stopped reading, how long their deliveries took, and until the last was up to date again.
    public let stalled: Int
    /// How long deliveries to stalled clients took.
    public private(set) var stalledLatency: Latency?
    /// How long the slowest of them took to be up to date.
    public private(set) var catchUpMilliseconds: Double?

    /// Deliveries and acks that never came; stalled clients that never caught up.
    public private(set) var lost = 0, unacknowledged = 0, behind = 0
    /// What came twice or out of order, and how often messages were passed over at first.
    public private(set) var duplicates = 0, gaps = 0
    /// How often a client was resynchronised, and what such clients and stalled ones went without.
    public private(set) var resynchronised = 0, skipped = 0
    /// Requests that were refused, by code.
    public private(set) var refused: [String: Int] = [:]
    /// Connections that failed, by reason.
    public private(set) var lostConnections: [String: Int] = [:]
    /// What came that must not come.
    public private(set) var damage: String?
    /// Documents that were compared with a fresh join's, and those that were not equal.
    public internal(set) var verifiedRooms: Int?, differingRooms: Int?
    /// Whether everything is as it must be.
    public private(set) var ok = false

    var completeness = Completeness() {
        didSet {
            self.lost = self.completeness.missing
            self.unacknowledged = self.completeness.unacknowledged
            self.behind = self.completeness.behind
            self.skipped = self.completeness.skipped
        }
    }

    private enum CodingKeys: String, CodingKey {
        case rooms, clientsPerRoom, sendersPerRoom, payloadBytes, kind, rate, window, connected, connectSeconds
        case joinLatency, serverMicrosecondsPerJoin, serverBytesPerConnection, seconds, sent, acked, delivered
        case presenceEvents, bytesSent, bytesReceived, deliveriesPerSecond, deliveriesPerServerCPUSecond
        case deliveryLatency, ackLatency, serverCPU, serverBytes, serverPeakBytes, generatorCPU, stalled
        case stalledLatency, catchUpMilliseconds, lost, unacknowledged, behind, duplicates, gaps, resynchronised
        case skipped, refused, lostConnections, damage, verifiedRooms, differingRooms, ok
    }

    init(settings: LoadSettings) {
        self.rooms = settings.rooms
        self.clientsPerRoom = settings.clients
        self.sendersPerRoom = settings.senders
        self.payloadBytes = settings.payloadBytes
        self.kind = settings.mix.description
        self.stalled = settings.stalled
        switch settings.pace {
        case .rate(let rate): self.rate = rate
        case .window(let window): self.window = window
        }
    }

    private var clientCount: Int { self.rooms * self.clientsPerRoom }

    // MARK: Filling

    mutating func noteConnected(from before: ProcessUsage?, to after: ProcessUsage?) {
        guard let before, let after else { return }
        let count = Double(self.clientCount)
        self.serverMicrosecondsPerJoin = (after.processorSeconds - before.processorSeconds) * 1e6 / count
        self.serverBytesPerConnection = Double(after.residentBytes - before.residentBytes) / count
        self.notePeak(after)
    }

    mutating func notePeak(_ usage: ProcessUsage?) {
        guard let usage else { return }
        self.serverPeakBytes = max(self.serverPeakBytes ?? 0, usage.residentBytes)
    }

    mutating func note(
        _ totals: Totals,
        seconds: Double,
        server: (ProcessUsage?, ProcessUsage?),
        own: (ProcessUsage, ProcessUsage)
    ) {
        self.seconds = seconds
        self.sent = totals.sent
        self.acked = totals.acked
        self.delivered = totals.delivered
        self.presenceEvents = totals.presenceEvents
        self.bytesSent = totals.bytesSent
        self.bytesReceived = totals.bytesReceived
        self.deliveriesPerSecond = Double(totals.delivered) / seconds
        self.generatorCPU = (own.1.processorSeconds - own.0.processorSeconds) / seconds
        guard let before = server.0, let after = server.1 else { return }
        let used = after.processorSeconds - before.processorSeconds
        self.serverCPU = used / seconds
        self.serverBytes = after.residentBytes
        self.notePeak(after)
        if used > 0 { self.deliveriesPerServerCPUSecond = Double(totals.delivered) / used }
    }

    mutating func note(_ figures: Figures, joined: Int) {
        self.connected = joined
        self.joinLatency = Latency(figures.joinLatency)
        self.deliveryLatency = Latency(figures.deliveryLatency)
        self.ackLatency = Latency(figures.ackLatency)
        self.duplicates = figures.duplicates
        self.gaps = figures.gaps
        self.resynchronised = figures.resynchronised
        self.refused = figures.refused
        self.lostConnections = figures.lostConnections
        if let damage = figures.damage { self.damage = "\(damage) (\(figures.damageCount) times)" }
        if self.stalled > 0 {
            self.stalledLatency = Latency(figures.apartLatency)
            self.catchUpMilliseconds = figures.catchUps.max().map { Double($0) / 1e6 }
        }
        self.ok =
            self.connected == self.clientCount && self.lostConnections.isEmpty && self.lost == 0
            && self.unacknowledged == 0 && self.behind == 0 && self.duplicates == 0 && self.damage == nil
            && (self.differingRooms ?? 0) == 0
            // Nothing that was sent is nothing that was measured.
            && (self.seconds == 0 || self.sent > 0)
    }
}
