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
/// takes all that was appended since it last took something, mostly as one piece of the shared bytes; the sender of a
/// packet takes the pieces around it. So what a delivery costs is a share of one copy and of one write. When something else is
/// queued for a connection meanwhile, the connection takes what came before that first: nothing overtakes.
///
/// Confined to its loop.
final class Feed {
    /// How much is gathered before the members must take it, however long the turn is.
    private static let byteLimit = 1024 * 1024

    private struct Entry {
        /// Where its frames end.
        var end: FeedBytes.Place
        /// How many bytes there are up to its end.
        var byteCount: Int
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
    private var bytes = FeedBytes()
    /// The bytes of the largest packet.
    private var largest = 0

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
        }
        excluded?.hasSent = true
        self.largest = max(self.largest, packet.byteCount)
        let end = self.bytes.append(packet.frames)
        self.entries.append(
            Entry(
                end: end,
                byteCount: self.bytes.count,
                number: self.loop.nextNumber(),
                excluded: excluded,
                packet: packet
            )
        )
        if self.bytes.count > Self.byteLimit { self.handOut() }
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
    func endTurn() { self.clear() }

    private func clear() {
        for entry in self.entries { entry.excluded?.hasSent = false }
        for member in self.members { member.next = 0 }
        self.entries.removeAll(keepingCapacity: self.entries.capacity <= 16)
        self.bytes.removeAll()
        self.largest = 0
    }

    // MARK: What a member takes

    /// The number of the next packet that the member has not taken; nil when it has taken all.
    func nextNumber(of member: FeedMember) -> UInt64? {
        member.next < self.entries.count ? self.entries[member.next].number : nil
    }

    /// How many bytes the member has not taken; its own count too.
    func untakenBytes(of member: FeedMember) -> Int {
        self.bytes.count - (member.next == 0 ? 0 : self.entries[member.next - 1].byteCount)
    }

    /// Everything that the member has not taken, when that is one piece; nil, and nothing is taken, when it is more or none.
    func takeWhole(_ member: FeedMember, compression: StatelessCompression?) -> (frames: ByteBuffer, packets: Int)? {
        let first = member.next
        guard first < self.entries.count, !member.hasSent else { return nil }
        if let compression, self.largest >= compression.threshold { return nil }
        let start = self.start(of: first)
        let end = self.entries[self.entries.count - 1].end
        guard start.buffer == end.buffer else { return nil }
        member.next = self.entries.count
        return (self.bytes.slice(of: start.buffer, from: start.offset, to: end.offset), self.entries.count - first)
    }

    /// Hands over what the member has not taken, up to a number of the loop's order.
    ///
    /// - Parameters:
    ///   - member: the member.
    ///   - limit: packets from this number on are left.
    ///   - compression: how the member's link compresses, where it shares that with others.
    ///   - body: gets the frames in order.
    /// - Returns: how many packets they are.
    func take(
        _ member: FeedMember,
        below limit: UInt64,
        compression: StatelessCompression?,
        body: (ByteBuffer) -> Void
    ) -> Int {
        let first = member.next
        let end = self.end(from: first, below: limit)
        member.next = end
        if let compression, self.largest >= compression.threshold {
            var count = 0
            for entry in self.entries[first..<end] where entry.excluded !== member {
                body(entry.packet.shared?.frames(entry.packet.frames, as: compression) ?? entry.packet.frames)
                count += 1
            }
            return count
        }
        var from = first
        var own = 0
        if member.hasSent {
            for index in first..<end where self.entries[index].excluded === member {
                self.forEachSlice(of: from..<index, body)
                from = index + 1
                own += 1
            }
        }
        self.forEachSlice(of: from..<end, body)
        return end - first - own
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

    /// Where a packet begins, in the buffer where it lies.
    private func start(of index: Int) -> FeedBytes.Place {
        let buffer = self.entries[index].end.buffer
        guard index > 0, self.entries[index - 1].end.buffer == buffer else {
            return FeedBytes.Place(buffer: buffer, offset: 0)
        }
        return self.entries[index - 1].end
    }

    private func forEachSlice(of range: Range<Int>, _ body: (ByteBuffer) -> Void) {
        guard let last = range.last else { return }
        self.bytes.forEachSlice(from: self.start(of: range.lowerBound), to: self.entries[last].end, body)
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
    /// Whether it left the feed in this turn.
    var isOut = false

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
