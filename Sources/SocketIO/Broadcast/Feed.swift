import NIOCore
import SocketIOProtocol

/// What the same sockets are told in one turn of their event loop, written once for all of them.
///
/// ```
/// bytes     | packet 0 | packet 1 | packet 2 |     frames, one behind the other
/// excluded        A          -          B
/// ```
///
/// A packet is appended in constant time, however many members there are. At the end of the turn each member's connection
/// takes all that was appended since it last took something, as one piece of the shared bytes; the sender of a packet
/// takes the pieces around it. So what a delivery costs is a share of one copy and of one write. When something else is
/// queued for a connection meanwhile, the connection takes what came before that first: nothing overtakes.
///
/// Confined to its loop.
final class Feed {
    /// How much is gathered before the members must take it, however long the turn is.
    private static let byteLimit = 1024 * 1024

    private struct Entry {
        /// Where its frames end in the bytes.
        var end: Int
        /// Its place in the order of all packets of the loop.
        var number: UInt64
        /// Who does not get it.
        var excluded: FeedMember?
        var packet: EncodedPacket
    }

    /// The sockets, in an order that changes.
    private(set) var members: [FeedMember] = []

    private let loop: LoopContext
    private var entries: [Entry] = []
    private var bytes = ByteBuffer()
    /// The bytes of the largest packet.
    private var largest = 0
    /// The bytes of the turn before: the next one is likely to have as many.
    private var expectedBytes = 0

    init(loop: LoopContext) {
        self.loop = loop
    }

    // MARK: Members

    /// Adds a socket; it takes what is appended from now on.
    func add(_ socket: Socket) -> FeedMember {
        let member = FeedMember(socket: socket, feed: self, index: self.members.count, next: self.entries.count)
        self.members.append(member)
        if !self.entries.isEmpty { member.connection.await(member) }
        return member
    }

    /// Takes a socket out; what was appended until now it still gets.
    func remove(_ member: FeedMember) {
        guard member.index < self.members.count, self.members[member.index] === member else { return }
        member.connection.forget(member)
        let last = self.members.removeLast()
        guard last !== member else { return }
        self.members[member.index] = last
        last.index = member.index
    }

    // MARK: Packets

    /// Sends a packet to all members but one.
    ///
    /// - Complexity: O(1) in the number of members, but for the first packet of a turn.
    func append(_ packet: EncodedPacket, except excluded: FeedMember?) {
        // A flush may call the application. What that sends is for the next turn, and this one's bytes stay as they are.
        if self.loop.isFlushing { return self.deliver(packet, except: excluded?.socket, isVolatile: false) }
        if self.entries.isEmpty {
            if self.members.isEmpty || (self.members.count == 1 && self.members[0] === excluded) { return }
            self.loop.activate(self)
            for member in self.members { member.connection.await(member) }
            // By reference: where nothing follows in this turn, a broadcast costs no copy.
            self.bytes = packet.frames
        } else {
            if self.entries.count == 1 {
                var own = ByteBufferAllocator().buffer(
                    capacity: max(self.expectedBytes, 4 * (self.bytes.readableBytes + packet.byteCount))
                )
                own.writeImmutableBuffer(self.bytes)
                self.bytes = own
            }
            self.bytes.writeImmutableBuffer(packet.frames)
        }
        excluded?.hasSent = true
        self.largest = max(self.largest, packet.byteCount)
        self.entries.append(
            Entry(end: self.bytes.writerIndex, number: self.loop.nextNumber(), excluded: excluded, packet: packet)
        )
        if self.bytes.readableBytes > Self.byteLimit { self.handOut() }
    }

    /// Sends a packet to all members of a room but one.
    ///
    /// One that may be lost, or that connection-state recovery keeps, is handed to each by itself.
    func send(_ packet: EncodedPacket, except excluded: Socket?, in room: WireName, isVolatile: Bool) {
        guard isVolatile || packet.isDroppable || packet.offset != nil else {
            // The places of a socket are for its own loop only.
            let isHere = excluded?.eventLoop === self.loop.eventLoop
            return self.append(packet, except: isHere ? excluded?.places[room] : nil)
        }
        self.deliver(packet, except: excluded, isVolatile: isVolatile)
    }

    private func deliver(_ packet: EncodedPacket, except excluded: Socket?, isVolatile: Bool) {
        for member in self.members where member.socket !== excluded {
            member.socket.deliver(packet, isVolatile: isVolatile)
        }
    }

    /// Has every member take what there is, and begins anew.
    private func handOut() {
        for member in self.members { member.connection.takeFeeds() }
        self.clear()
    }

    /// The turn is over, and everybody has taken everything.
    func endTurn() {
        self.expectedBytes = min(self.bytes.readableBytes, 64 * 1024)
        self.clear()
    }

    private func clear() {
        for entry in self.entries { entry.excluded?.hasSent = false }
        for member in self.members { member.next = 0 }
        self.entries.removeAll(keepingCapacity: self.entries.count <= 256)
        self.bytes = ByteBuffer()
        self.largest = 0
    }

    // MARK: What a member takes

    /// The number of the next packet that the member has not taken; nil when it has taken all.
    func nextNumber(of member: FeedMember) -> UInt64? {
        member.next < self.entries.count ? self.entries[member.next].number : nil
    }

    /// How many bytes the member has not taken; its own count too.
    func untakenBytes(of member: FeedMember) -> Int {
        self.bytes.readableBytes - self.start(of: member.next)
    }

    /// Everything that the member has not taken, when that is one piece; nil, and nothing is taken, when it is more or none.
    func takeWhole(_ member: FeedMember, compression: StatelessCompression?) -> (frames: ByteBuffer, packets: Int)? {
        let first = member.next
        let count = self.entries.count - first
        guard count > 0, !member.hasSent else { return nil }
        if let compression, self.largest >= compression.threshold { return nil }
        member.next = self.entries.count
        return (first == 0 ? self.bytes : self.slice(first..<first + count), count)
    }

    /// Hands over what the member has not taken, up to a number of the loop's order.
    ///
    /// - Parameters:
    ///   - member: the member.
    ///   - limit: packets from this number on are left.
    ///   - compression: how the member's link compresses, where it shares that with others.
    ///   - body: gets the frames in order, and how many packets they are.
    func take(
        _ member: FeedMember,
        below limit: UInt64,
        compression: StatelessCompression?,
        body: (_ frames: ByteBuffer, _ packets: Int) -> Void
    ) {
        let first = member.next
        let end = self.end(from: first, below: limit)
        member.next = end
        if let compression, self.largest >= compression.threshold {
            for entry in self.entries[first..<end] where entry.excluded !== member {
                body(entry.packet.shared?.frames(entry.packet.frames, as: compression) ?? entry.packet.frames, 1)
            }
            return
        }
        guard member.hasSent else {
            if first < end { body(self.slice(first..<end), end - first) }
            return
        }
        var from = first
        for index in first..<end where self.entries[index].excluded === member {
            if from < index { body(self.slice(from..<index), index - from) }
            from = index + 1
        }
        if from < end { body(self.slice(from..<end), end - from) }
    }

    /// The same, packet by packet, for polling.
    func takePackets(_ member: FeedMember, below limit: UInt64, body: (EncodedPacket) -> Void) {
        let first = member.next
        let end = self.end(from: first, below: limit)
        member.next = end
        for entry in self.entries[first..<end] where entry.excluded !== member { body(entry.packet) }
    }

    private func end(from first: Int, below limit: UInt64) -> Int {
        if let last = self.entries.last, last.number < limit { return self.entries.count }
        var end = first
        while end < self.entries.count, self.entries[end].number < limit { end += 1 }
        return end
    }

    private func start(of index: Int) -> Int { index == 0 ? 0 : self.entries[index - 1].end }

    private func slice(_ range: Range<Int>) -> ByteBuffer {
        let start = self.start(of: range.lowerBound)
        let length = self.entries[range.upperBound - 1].end - start
        // The bytes begin with the first packet: its frames were written into a buffer of their own.
        return self.bytes.getSlice(at: start, length: length) ?? ByteBuffer()
    }
}

@available(*, unavailable)
extension Feed: Sendable {}

/// One socket's place in one feed.
final class FeedMember {
    let socket: Socket
    let feed: Feed
    /// Its place among the feed's members.
    var index: Int
    /// The first packet of this turn that its connection has not taken.
    var next: Int
    /// Whether a packet of this turn is its own.
    var hasSent = false
    /// Whether its connection knows that there is something for it.
    var isAwaited = false

    var connection: EngineConnection { self.socket.connection }

    init(socket: Socket, feed: Feed, index: Int, next: Int) {
        self.socket = socket
        self.feed = feed
        self.index = index
        self.next = next
    }
}

@available(*, unavailable)
extension FeedMember: Sendable {}
