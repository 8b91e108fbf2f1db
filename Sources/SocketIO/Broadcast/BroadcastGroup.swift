public import NIOCore

/// Sockets that are told the same by one owner, which says itself who they are: a room without a name.
///
/// Where a Socket.IO room is entered and left on each socket's own loop, the members of a group change, and packets are
/// sent to them, in one order: that of the owner's calls. A packet crosses once to each event loop that has members, and
/// costs constant time there and here, however many they are. Sent to a member by itself, with
/// ``Socket/emit(preencoded:)`` from the owner's loop, it keeps its place in that order.
///
/// Members are told directly: connection-state recovery does not keep these packets, and they are not dropped for a slow
/// consumer. ``Socket/onBacklog(above:_:)`` says who should be taken out.
///
/// Confined to the owner's event loop.
public final class BroadcastGroup {
    private let namespace: String
    private let owner: any EventLoop
    private var parts: [ObjectIdentifier: Part] = [:]
    private var members: Set<ObjectIdentifier> = []

    /// A group without members.
    ///
    /// - Parameters:
    ///   - namespace: the name of that of all its members.
    ///   - owner: the loop all calls come from.
    public init(namespace: String, owner: any EventLoop) {
        self.namespace = namespace
        self.owner = owner
    }

    deinit {
        // A feed and its members hold each other.
        for part in self.parts.values { part.run { $0.removeAll() } }
    }

    /// How many members there are.
    public var count: Int { self.members.count }

    /// Adds a socket, which gets what is sent from now on; one that is a member stays what it is.
    public func add(_ socket: Socket) {
        self.owner.assertInEventLoop()
        guard self.members.insert(ObjectIdentifier(socket)).inserted else { return }
        let key = ObjectIdentifier(socket.eventLoop)
        let part = self.parts[key] ?? Part(loop: socket.connection.loop)
        self.parts[key] = part
        part.count += 1
        part.run { $0.add(socket) }
    }

    /// Takes a socket out, if it is a member; what was sent until now it still gets.
    public func remove(_ socket: Socket) {
        self.owner.assertInEventLoop()
        guard self.members.remove(ObjectIdentifier(socket)) != nil else { return }
        let key = ObjectIdentifier(socket.eventLoop)
        guard let part = self.parts[key] else { return }
        part.count -= 1
        if part.count == 0 { self.parts[key] = nil }
        part.run { $0.remove(socket) }
    }

    /// Calls `body` once at the end of this turn of the owner's loop, before what was sent in it leaves.
    ///
    /// That is the last moment to put together what belongs together. What it sends leaves with the rest; what it passes here itself is called at
    /// the end of the next turn.
    public func beforeFlush(_ body: @escaping () -> Void) {
        self.owner.assertInEventLoop()
        if let part = self.parts[ObjectIdentifier(self.owner)] {
            part.loop.beforeFlush(body)
        } else {
            // Nobody is flushed here.
            self.owner.assumeIsolated().execute(body)
        }
    }

    /// Sends a packet to all members but one.
    ///
    /// - Parameters:
    ///   - packet: must be of the group's namespace.
    ///   - excluded: who does not get it; need not be a member.
    /// - Complexity: O(1) in the number of members, and O(*l*) in that of loops they live on.
    public func emit(preencoded packet: EncodedPacket, except excluded: Socket? = nil) {
        self.owner.assertInEventLoop()
        assert(packet.namespace == self.namespace, "a packet of \(packet.namespace) in \(self.namespace)")
        for part in self.parts.values { part.run { $0.send(packet, except: excluded) } }
    }
}

@available(*, unavailable)
extension BroadcastGroup: Sendable {}

extension BroadcastGroup {
    /// The members that live on one loop.
    ///
    /// `@unchecked Sendable`: `count` is the owner's, `side` is touched on the part's own loop only.
    private final class Part: @unchecked Sendable {
        var count = 0
        let loop: LoopContext
        private let side: Side

        init(loop: LoopContext) {
            self.loop = loop
            self.side = Side(feed: Feed(loop: loop))
        }

        func run(_ body: @escaping @Sendable (Side) -> Void) {
            if self.loop.eventLoop.inEventLoop {
                body(self.side)
            } else {
                self.loop.eventLoop.execute { body(self.side) }
            }
        }
    }

    /// What is done on the members' loop.
    private final class Side {
        private let feed: Feed
        private var places: [ObjectIdentifier: FeedMember] = [:]

        init(feed: Feed) {
            self.feed = feed
        }

        func add(_ socket: Socket) {
            self.places[ObjectIdentifier(socket)] = self.feed.add(socket)
        }

        func remove(_ socket: Socket) {
            if let place = self.places.removeValue(forKey: ObjectIdentifier(socket)) { self.feed.remove(place) }
        }

        func removeAll() {
            for place in self.places.values { self.feed.remove(place) }
            self.places.removeAll()
        }

        func send(_ packet: EncodedPacket, except excluded: Socket?) {
            self.feed.append(packet, except: excluded.flatMap { self.places[ObjectIdentifier($0)] })
        }
    }
}
