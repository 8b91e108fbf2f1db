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
        self.takeFeeds()
        member.isAwaited = false
        self.awaited.removeAll { $0 === member }
    }

    /// Bytes that wait in feeds.
    var awaitedBytes: Int {
        self.awaited.reduce(0) { $0 + $1.feed.untakenBytes(of: $1) }
    }

    /// Takes what the feeds have, in the order in which it was sent.
    func takeFeeds() {
        switch self.awaited.count {
        case 0: return
        case 1: self.take(self.awaited[0], below: .max)
        default: self.merge()
        }
    }

    /// The end of the turn: nothing is awaited any more.
    func endFeeds() {
        self.takeFeeds()
        for member in self.awaited { member.isAwaited = false }
        self.awaited.removeAll(keepingCapacity: self.awaited.count <= 4)
    }

    /// Several feeds: always from the one whose next packet is the oldest, as far as it goes.
    private func merge() {
        while true {
            var first: (member: FeedMember, number: UInt64)?
            var second = UInt64.max
            for member in self.awaited {
                guard let number = member.feed.nextNumber(of: member) else { continue }
                if let oldest = first, oldest.number < number {
                    second = min(second, number)
                } else {
                    if let oldest = first { second = min(second, oldest.number) }
                    first = (member, number)
                }
            }
            guard let first else { return }
            self.take(first.member, below: second)
        }
    }

    private func take(_ member: FeedMember, below limit: UInt64) {
        guard !self.isClosing, member.socket.isConnected else {
            return member.feed.takePackets(member, below: limit) { _ in }
        }
        let traffic = member.socket.namespace.traffic
        if self.engine.directWebSocket != nil, !self.outbound.hasPackets {
            member.feed.take(member, below: limit, compression: self.direct?.compression) { frames, count in
                traffic.sent.add(UInt64(count), ordering: .relaxed)
                self.outbound.append(frames: frames, droppableFor: nil)
            }
        } else {
            member.feed.takePackets(member, below: limit) { packet in
                traffic.sent.add(1, ordering: .relaxed)
                self.outbound.append(packet: packet, droppableFor: nil)
            }
        }
        self.checkBound()
    }
}
