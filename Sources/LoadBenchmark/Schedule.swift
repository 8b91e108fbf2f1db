/// When whose message is due in an open loop: each sender sends at its own fixed pace, whatever the server does.
///
/// The senders start at random moments of the first interval, as people do, so that several are due at once now and then.
/// Times are those of the plan: a message that is sent late counts from when it was due ("coordinated omission").
struct Schedule {
    /// A message that is to be sent.
    struct Ticket: Equatable {
        var sender: Int
        /// In nanoseconds.
        var due: UInt64
    }

    private let start: UInt64
    private let interval: UInt64
    /// The senders in the order of their moments, with these, as nanoseconds from the beginning of an interval.
    private let order: [(offset: UInt64, sender: Int)]
    private var round: UInt64 = 0
    private var position = 0

    /// A schedule from `start` on.
    ///
    /// `rate`: messages a second of each sender. `seed`: decides who sends when in an interval.
    init(senderCount: Int, rate: Double, start: UInt64, seed: UInt64) {
        self.start = start
        self.interval = max(1, UInt64(1e9 / rate))
        var generator = SplitMix64(state: seed)
        var order: [(offset: UInt64, sender: Int)] = []
        for sender in 0..<senderCount {
            order.append((UInt64.random(in: 0..<self.interval, using: &generator), sender))
        }
        self.order = order.sorted { ($0.offset, $0.sender) < ($1.offset, $1.sender) }
    }

    /// When the next message is due; `nil` when nobody sends.
    var next: UInt64? {
        self.order.isEmpty ? nil : self.start + self.round * self.interval + self.order[self.position].offset
    }

    /// The next message, if it is due by now.
    mutating func take(now: UInt64) -> Ticket? {
        guard let due = self.next, due <= now else { return nil }
        let ticket = Ticket(sender: self.order[self.position].sender, due: due)
        self.position += 1
        if self.position == self.order.count {
            self.position = 0
            self.round += 1
        }
        return ticket
    }
}

/// Random numbers that are the same everywhere (Steele, Lea, Flood 2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
