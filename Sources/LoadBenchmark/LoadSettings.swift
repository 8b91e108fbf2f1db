/// What a load is made of.
public struct LoadSettings: Sendable {
    /// How senders decide when to send.
    public enum Pace: Sendable, Equatable {
        /// Messages a second of each sender, at times that are fixed beforehand.
        case rate(Double)
        /// So many messages of each sender are under way at a time.
        case window(Int)
    }

    /// The server's address, as far as it is needed.
    public struct Address: Sendable, Equatable {
        /// A name or an address.
        public var host: String
        /// The port.
        public var port: Int

        /// Reads `http://host:port`, or the same with `ws`; the port is 80 when left out.
        public init?(_ url: String) {
            guard let scheme = ["http://", "ws://"].first(where: { url.hasPrefix($0) }) else { return nil }
            var rest = url.dropFirst(scheme.count)
            if rest.hasSuffix("/") { rest = rest.dropLast() }
            let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
            guard (1...2).contains(parts.count), !parts[0].isEmpty, !parts[0].contains("/") else { return nil }
            self.host = String(parts[0])
            self.port = 80
            if parts.count == 2 {
                guard let port = Int(parts[1]), (1...65_535).contains(port) else { return nil }
                self.port = port
            }
        }
    }

    /// The server.
    public var address: Address
    /// Documents.
    public var rooms = 1
    /// Clients a room.
    public var clients = 10
    /// How many of them send, the first ones.
    public var senders = 10
    /// When they send.
    public var pace = Pace.rate(1)
    /// Bytes of a signal's payload.
    public var payloadBytes = 64
    /// What they send.
    public var mix: MessageMix
    /// How many of a room's clients are thin, the last ones.
    public var thin = 0
    /// Whether signals ask for an ack, as everything else does anyway.
    public var acknowledgesSignals = false
    /// How many clients of all stop reading for a while, the last of each room in turn.
    public var stalled = 0
    /// How long they do, in seconds from the end of the warm-up.
    public var stallSeconds = 0.0
    /// Seconds that do not count.
    public var warmUpSeconds = 1.0
    /// Seconds that do.
    public var durationSeconds = 10.0
    /// Connections that are being opened at a time.
    public var connecting = 100
    /// Whether the first client of each room follows its document, and it is compared with a fresh join's at the end.
    public var verifies = false
    /// The server's process, to read its processor time and memory.
    public var serverProcess: Int?
    /// The token to show.
    public var token: String?
    /// The beginning of the documents' names, which must be new.
    public var namePrefix: String

    /// A load on documents whose names begin with `namePrefix`.
    public init(address: Address, mix: MessageMix, namePrefix: String) {
        self.address = address
        self.mix = mix
        self.namePrefix = namePrefix
    }

    /// What cannot be done as it is asked for, in words.
    public var problem: String? {
        guard (1...100_000).contains(self.rooms), (1...100_000).contains(self.clients) else {
            return "--rooms and --clients are 1 to 100000"
        }
        guard self.rooms * self.clients < Stamp.maximumSenders else { return "that is more than a million clients" }
        guard (0...self.clients).contains(self.senders) else { return "--senders is 0 to --clients" }
        guard (0...self.clients).contains(self.thin) else { return "--thin is 0 to --clients" }
        guard self.payloadBytes >= Stamp.byteCount, self.payloadBytes <= 60_000 else {
            return "--payload is \(Stamp.byteCount) to 60000"
        }
        switch self.pace {
        case .rate(let rate): guard rate > 0, rate <= 1e6 else { return "--rate is above 0, up to 1000000" }
        case .window(let window): guard (1...100_000).contains(window) else { return "--window is 1 to 100000" }
        }
        guard self.warmUpSeconds >= 0, self.durationSeconds >= 0, self.warmUpSeconds + self.durationSeconds <= 86_400
        else { return "--warmup and --duration are 0 seconds to a day" }
        guard self.connecting >= 1 else { return "--connecting is at least 1" }
        guard (0...self.rooms * (self.clients - 1)).contains(self.stalled) else {
            return "--stalled leaves each room one client that reads"
        }
        guard self.stalled == 0 || (self.stallSeconds > 0 && self.stallSeconds < self.durationSeconds) else {
            return "--stall is above 0 and less than --duration"
        }
        guard !self.mix.contains(.edit) || self.thin == self.clients else {
            return "edits come from thin clients: leave --thin out, or make all clients thin"
        }
        guard !self.verifies || self.thin < self.clients else { return "--verify needs a client that is not thin" }
        return nil
    }
}
