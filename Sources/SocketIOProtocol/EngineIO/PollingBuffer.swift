/// What waits to be sent by polling: for a server until the next GET, for a client until the next POST.
///
/// Whoever fills it bounds it.
struct PollingBuffer {
    /// Those before `head` have been sent.
    private var packets: [EnginePacket] = []
    private var head = 0
    /// About what the waiting packets take: their encoded bytes and a constant for each, so that a flood of empty
    /// messages counts too.
    private(set) var byteCount = 0

    var isEmpty: Bool { self.head == self.packets.count }

    mutating func append(_ packet: EnginePacket) {
        self.byteCount += Self.cost(of: packet)
        self.packets.append(packet)
    }

    /// Takes out the body of one request or answer: at most `maxPackets` packets, and at most `maxBytes` bytes unless
    /// the first packet alone is larger.
    mutating func takePayload(maxPackets: Int = .max, maxBytes: Int = .max) -> [UInt8] {
        var end = self.head
        var byteCount = -1
        while end < self.packets.count, end - self.head < max(1, maxPackets) {
            byteCount += 1 + Self.encodedCount(of: self.packets[end])
            if byteCount > maxBytes, end > self.head { break }
            end += 1
        }
        let body = PollingPayload.encode(self.packets[self.head..<end])
        for packet in self.packets[self.head..<end] {
            self.byteCount -= Self.cost(of: packet)
        }
        self.head = end
        if self.isEmpty {
            self.removeAll()
        } else if self.head >= 64, self.head * 2 >= self.packets.count {
            // Moves each packet at most once on average; taking them off the front one by one would be quadratic.
            self.packets.removeFirst(self.head)
            self.head = 0
        }
        return body
    }

    /// Takes out everything, for another transport.
    mutating func takeAll() -> [EnginePacket] {
        let rest = Array(self.packets[self.head...])
        self.removeAll()
        return rest
    }

    mutating func removeAll() {
        self.packets = []
        self.head = 0
        self.byteCount = 0
    }

    private static func cost(of packet: EnginePacket) -> Int {
        self.encodedCount(of: packet) + 32
    }

    private static func encodedCount(of packet: EnginePacket) -> Int {
        switch packet {
        case .message(.text(let bytes)), .ping(let bytes), .pong(let bytes): bytes.count + 1
        case .message(.binary(let bytes)): (bytes.count + 2) / 3 * 4 + 1
        case .open, .close, .upgrade, .noop: 1
        }
    }
}
