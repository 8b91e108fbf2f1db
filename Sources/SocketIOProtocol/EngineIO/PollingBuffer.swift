/// What waits for the next GET of a polling client; whoever fills it bounds it.
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

    /// Takes out the body of one answer: at most `maxPackets` packets.
    mutating func takePayload(maxPackets: Int) -> [UInt8] {
        let end = min(self.packets.count, self.head + max(1, maxPackets))
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
        let overhead = 32
        switch packet {
        case .message(.text(let bytes)), .ping(let bytes), .pong(let bytes): return bytes.count + overhead
        case .message(.binary(let bytes)): return (bytes.count + 2) / 3 * 4 + overhead
        case .open, .close, .upgrade, .noop: return overhead
        }
    }
}
