import HeapModule
import NIOCore
import SocketIOProtocol
import Synchronization

/// What a connection takes from the feeds its sockets are in.
extension EngineConnection {
    /// A feed has something for one of the sockets: it is taken at the end of this turn, or before anything else is queued.
    func await(_ member: FeedMember) {
        guard !self.isClosing, !member.isAwaited else { return }
        member.isAwaited = true
        self.awaited.append(member)
        self.scheduleFlush()
    }

    /// A socket leaves a feed: takes what was sent until now.
    func forget(_ member: FeedMember) {
        guard member.isAwaited else { return }
        if member.feed.nextNumber(of: member) != nil { self.takeFeeds() }
        member.isOut = true
    }

    /// Bytes that wait in feeds.
    var awaitedBytes: Int {
        self.awaited.reduce(0) { $0 + ($1.isOut ? 0 : $1.feed.untakenBytes(of: $1)) }
    }

    /// Takes what the feeds have, in the order in which it was sent.
    func takeFeeds() {
        switch self.awaited.count {
        case 0: return
        case 1: if !self.awaited[0].isOut { self.take(self.awaited[0], below: .max) }
        default: self.merge()
        }
    }

    /// The end of the turn: takes what the feeds have, and flushes.
    func endTurn() {
        self.isFlushScheduled = false
        if self.writeFeed() { return }
        self.endFeeds()
        self.flush()
    }

    /// What most turns are to most connections: one piece of one feed, which goes to the channel without a stop in the queue.
    ///
    /// - Returns: whether that was all there was to do.
    private func writeFeed() -> Bool {
        guard self.awaited.count == 1, self.outbound.isEmpty, !self.isClosing, !self.isBatchUnderWay,
            let link = self.direct, self.engine.directWebSocket != nil, link.isLocal, link.isWritable
        else { return false }
        let member = self.awaited[0]
        guard !member.isOut, member.socket.isConnected,
            let taken = member.feed.takeWhole(member, compression: link.compression)
        else { return false }
        member.socket.namespace.traffic.sent.add(UInt64(taken.packets), ordering: .relaxed)
        member.isAwaited = false
        self.awaited.removeAll(keepingCapacity: true)
        link.writeAndFlush(taken.frames)
        self.flushEnded(link)
        return true
    }

    /// Nothing is awaited any more.
    private func endFeeds() {
        self.takeFeeds()
        for member in self.awaited { member.isAwaited = false }
        self.awaited.removeAll(keepingCapacity: self.awaited.count <= 4)
    }

    /// Several feeds: always from the one whose next packet is the oldest, as far as it goes.
    ///
    /// - Complexity: O(*r* log *f*) for *f* feeds and *r* changes from one to another.
    private func merge() {
        var heads = Heap<FeedHead>()
        for (index, member) in self.awaited.enumerated() where !member.isOut {
            if let number = member.feed.nextNumber(of: member) { heads.insert(FeedHead(number: number, index: index)) }
        }
        while let head = heads.popMin() {
            let member = self.awaited[head.index]
            // At least one packet, even where two places in one feed have the same.
            self.take(member, below: max(heads.min?.number ?? .max, head.number + 1))
            if let number = member.feed.nextNumber(of: member) {
                heads.insert(FeedHead(number: number, index: head.index))
            }
        }
    }

    private func take(_ member: FeedMember, below limit: UInt64) {
        guard !self.isClosing, member.socket.isConnected else {
            return member.feed.takePackets(member, below: limit) { _ in }
        }
        let traffic = member.socket.namespace.traffic
        if self.engine.directWebSocket != nil, !self.outbound.hasPackets {
            let count = member.feed.take(member, below: limit, compression: self.direct?.compression) { frames in
                self.outbound.append(frames: frames, droppableFor: nil)
            }
            traffic.sent.add(UInt64(count), ordering: .relaxed)
        } else {
            member.feed.takePackets(member, below: limit) { packet in
                traffic.sent.add(1, ordering: .relaxed)
                self.outbound.append(packet: packet, droppableFor: nil)
            }
        }
        self.checkBound()
    }
}

/// The next packet of one awaited feed.
private struct FeedHead: Comparable {
    var number: UInt64
    /// Which of the awaited it is of.
    var index: Int

    static func < (left: FeedHead, right: FeedHead) -> Bool { left.number < right.number }
}
