import CRDT
import Histogram
import NIOCore

/// Everybody in the load, and the books about them.
///
/// `@unchecked Sendable`: everything mutable is touched on `loop` only. One loop, because one core is what the generator
/// gets, and so that books need no locks.
final class LoadGenerator: @unchecked Sendable {
    let settings: LoadSettings
    let loop: any EventLoop
    private(set) var rooms: [LoadRoom] = []
    private(set) var clients: [LoadClient] = []
    /// Those who type, by the replica that their changes name.
    private(set) var typists: [ReplicaID: LoadClient] = [:]
    let acknowledgesSignals: Bool

    /// When the bytes that are being read came; latencies end here, so that one look at the clock serves a whole read.
    var now: UInt64 = 0
    var totals = Totals()
    var figures = Figures()
    /// Those who have written since the last flush.
    var dirty: [LoadClient] = []

    // Connecting.
    var joinedCount = 0
    var failedCount = 0
    var connectedPromise: EventLoopPromise<Void>?
    var nextToConnect = 0

    // Sending.
    private var isSending = false
    private var schedule: Schedule?
    private var senders: [LoadClient] = []
    /// What was due in this time counts.
    private var measured: ClosedRange<UInt64>?
    var resumedAt: UInt64?
    private var hasCaughtUp: Set<Int> = []

    init(settings: LoadSettings, loop: any EventLoop) throws {
        self.settings = settings
        self.loop = loop
        var isPaced = false
        if case .rate = settings.pace { isPaced = true }
        // A sender that nobody hears would not know when to go on.
        self.acknowledgesSignals = settings.acknowledgesSignals || (!isPaced && settings.clients == 1)
        try self.populate()
    }

    private func populate() throws {
        let settings = self.settings
        let kinds = settings.mix.pattern
        for number in 0..<settings.rooms {
            let room = LoadRoom(name: "\(settings.namePrefix)-\(number)")
            // The last clients of all rooms in turn, so that no room loses more readers than it must.
            room.apartCount = settings.stalled / settings.rooms + (number < settings.stalled % settings.rooms ? 1 : 0)
            for position in 0..<settings.clients {
                let client = LoadClient(
                    generator: self,
                    room: room,
                    index: self.clients.count,
                    position: position,
                    isThin: position >= settings.clients - settings.thin,
                    isApart: position >= settings.clients - room.apartCount
                )
                client.signalReceptions = Array(repeating: Reception(), count: settings.clients)
                client.keystrokeReceptions = client.signalReceptions
                let sends = position < settings.senders && !client.isApart
                client.follows = settings.verifies && position == 0
                if client.follows || (sends && !client.isThin && kinds.contains(.change)) {
                    let typist = try Typist(textName: client.textName)
                    client.typist = typist
                    self.typists[typist.replica] = client
                }
                if sends { client.messages = MessageWriter(document: room.name, payloadBytes: settings.payloadBytes) }
                room.clients.append(client)
                self.clients.append(client)
            }
            self.rooms.append(room)
        }
        // First all rooms' first senders, then the second ones: neighbours in the schedule are in different rooms.
        for position in 0..<settings.senders {
            for room in self.rooms where room.clients[position].messages != nil {
                self.senders.append(room.clients[position])
            }
        }
    }

    /// Runs something on the loop.
    func on<Value: Sendable>(_ body: @escaping @Sendable (LoadGenerator) throws -> Value) async throws -> Value {
        try await self.loop.submit { try body(self) }.get()
    }

    /// The client of a number, if there is one.
    @inline(__always)
    func client(_ index: Int) -> LoadClient? { index < self.clients.count ? self.clients[index] : nil }

    // MARK: Sending

    /// Everybody begins.
    func startSending() {
        self.isSending = true
        let start = NIODeadline.now().uptimeNanoseconds
        switch self.settings.pace {
        case .rate(let rate):
            self.schedule = Schedule(senderCount: self.senders.count, rate: rate, start: start, seed: 1)
            self.tick()
        case .window(let window):
            for sender in self.senders {
                for _ in 0..<window { sender.sendNext(due: NIODeadline.now().uptimeNanoseconds) }
            }
            self.flush()
        }
    }

    /// Nobody sends any more.
    func stopSending() { self.isSending = false }

    private func tick() {
        guard self.isSending else { return }
        let now = NIODeadline.now().uptimeNanoseconds
        // Whoever is late must read all the same: what has been read is what takes the time.
        var left = 1000
        while left > 0, let ticket = self.schedule?.take(now: now) {
            self.senders[ticket.sender].sendNext(due: ticket.due)
            left -= 1
        }
        self.flush()
        guard let next = self.schedule?.next else { return }
        self.loop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(max(next, now))) { self.tick() }
    }

    /// Hands what was written to the sockets.
    func flush() {
        guard !self.dirty.isEmpty else { return }
        for client in self.dirty {
            client.isDirty = false
            client.context?.flush()
        }
        self.dirty.removeAll(keepingCapacity: true)
    }

    /// All who read have a message of this sender.
    @inline(__always)
    func finished(_ sender: LoadClient) {
        guard self.isSending, case .window = self.settings.pace else { return }
        sender.sendNext(due: NIODeadline.now().uptimeNanoseconds)
    }

    // MARK: What comes back

    /// From now on what is due counts.
    func beginMeasuring() -> Totals {
        self.measured = NIODeadline.now().uptimeNanoseconds...UInt64.max
        return self.totals
    }

    /// Nothing that is due from now on counts.
    func endMeasuring() -> Totals {
        if let start = self.measured?.lowerBound { self.measured = start...NIODeadline.now().uptimeNanoseconds }
        return self.totals
    }

    @inline(__always)
    func delivered(to client: LoadClient, sentAt time: UInt64) {
        self.totals.delivered += 1
        if client.isApart, let resumedAt = self.resumedAt, time >= resumedAt { self.caughtUp(client) }
        guard let measured = self.measured, measured.contains(time) else { return }
        let latency = self.now > time ? self.now - time : 1
        if client.isApart {
            self.figures.apartLatency.record(latency)
        } else {
            self.figures.deliveryLatency.record(latency)
        }
    }

    @inline(__always)
    func acked(_ sender: LoadClient, _ ack: SentAck) {
        self.totals.acked += 1
        if let measured = self.measured, measured.contains(ack.time) {
            self.figures.ackLatency.record(self.now > ack.time ? self.now - ack.time : 1)
        }
        let isLast =
            switch ack.kind {
            case .presence: true
            case .signal, .binarySignal: sender.room.awaited == 0
            case .change, .edit: sender.keystrokes.delivered(ack.number)
            }
        if isLast { self.finished(sender) }
    }

    func refused(_ sender: LoadClient, _ ack: SentAck, code: String) {
        self.figures.refused[code, default: 0] += 1
        switch ack.kind {
        case .presence: break
        case .signal, .binarySignal:
            sender.trackedCount -= 1
            sender.room.trackedCount -= 1
        case .change, .edit:
            sender.trackedCount -= 1
            sender.room.trackedCount -= 1
            // Nothing that follows a refused change can be accepted, and keystrokes are told apart by counting.
            sender.hasStopped = true
        }
        self.finished(sender)
    }

    /// A client that had stopped reading is up to date again.
    func caughtUp(_ client: LoadClient) {
        guard client.isApart, let resumedAt = self.resumedAt, self.hasCaughtUp.insert(client.index).inserted else {
            return
        }
        self.figures.catchUps.append(self.now > resumedAt ? self.now - resumedAt : 0)
    }

    /// Something came that must not come.
    func damage(_ reason: String) {
        if self.figures.damage == nil { self.figures.damage = reason }
        self.figures.damageCount += 1
    }
}
