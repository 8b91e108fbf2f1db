import NIOConcurrencyHelpers
import NIOCore
public import SocketIOProtocol

/// Some of the sockets of a namespace: what `to`, `except` and `broadcast` make, and what can be done to all of them.
///
/// Callable from any thread. An event is encoded and framed once; it crosses to each event loop that has connections once,
/// and there every receiver's connection gets a reference to the same bytes. A socket in several of the rooms gets it
/// once. Where a cluster adapter is in use, everything reaches the sockets of the other servers too.
public struct BroadcastOperator: EventEmitter {
    let namespace: Namespace
    /// No rooms: everybody.
    private(set) var rooms: [String]
    private(set) var exceptRooms: [String] = []
    private let exceptSocket: Socket?
    private var isVolatile = false
    private var isLocal = false

    init(namespace: Namespace, rooms: [String], exceptSocket: Socket?) {
        self.namespace = namespace
        self.rooms = rooms
        self.exceptSocket = exceptSocket
    }

    /// What another server asked for, to be done here only.
    init(namespace: Namespace, selection: SocketSelection) {
        self.init(namespace: namespace, rooms: selection.rooms, exceptSocket: nil)
        self.exceptRooms = selection.except
        self.isVolatile = selection.isVolatile
        self.isLocal = true
    }

    /// Those in these rooms as well.
    public func to(_ rooms: String...) -> BroadcastOperator {
        var copy = self
        copy.rooms += rooms
        return copy
    }

    /// Without those in these rooms.
    public func except(_ rooms: String...) -> BroadcastOperator {
        self.except(rooms)
    }

    func except(_ rooms: [String]) -> BroadcastOperator {
        var copy = self
        copy.exceptRooms += rooms
        return copy
    }

    /// Without those whose connection would have to queue it.
    public var volatile: BroadcastOperator {
        var copy = self
        copy.isVolatile = true
        return copy
    }

    /// Without those on other servers.
    public var local: BroadcastOperator {
        var copy = self
        copy.isLocal = true
        return copy
    }

    /// Asks all of them, with a time limit: `await room.timeout(.seconds(5)).emitWithAck("ready?")`.
    public func timeout(_ limit: Duration) -> AskingBroadcast { AskingBroadcast(operator: self, limit: limit) }

    /// Sends an event with a list of arguments.
    public func emit(_ event: String, with args: [JSON]) {
        self.send(self.namespace.packet(event, args))
        self.publish { .broadcast(event: [.string(event)] + args, to: $0) }
    }

    /// Sends an event that was encoded once, to the sockets of this server only.
    public func emit(preencoded packet: EncodedPacket) {
        self.send(self.namespace.stamped(packet))
    }

    private func send(_ packet: EncodedPacket) {
        let isVolatile = self.isVolatile
        guard self.rooms.count == 1, self.exceptRooms.isEmpty else {
            return self.forEachSocket { $0.deliver(packet, isVolatile: isVolatile) }
        }
        // One room and nobody left out but the sender: the case every keystroke of an editor takes.
        let room = WireName(self.rooms[0])
        let sender = self.exceptSocket
        self.forEachShard { shard in
            if let feed = shard.feed(of: room) {
                feed.send(packet, except: sender, in: room, isVolatile: isVolatile)
            } else if let socket = shard.sockets[room], socket !== sender {
                socket.deliver(packet, isVolatile: isVolatile)
            }
        }
    }

    /// Puts the sockets out of the namespace, or with `close` ends their connections.
    public func disconnectSockets(close: Bool = false) {
        self.forEachSocket { $0.disconnect(close: close) }
        self.publish { .disconnect($0, close: close) }
    }

    /// Makes the sockets enter rooms.
    public func socketsJoin(_ rooms: String...) {
        self.forEachSocket { socket in
            for room in rooms { socket.shard.add(socket, to: room) }
        }
        self.publish { .join($0, rooms: rooms) }
    }

    /// Makes the sockets leave rooms.
    public func socketsLeave(_ rooms: String...) {
        self.forEachSocket { socket in
            for room in rooms { socket.shard.remove(socket, from: room) }
        }
        self.publish { .leave($0, rooms: rooms) }
    }

    // MARK: Whom it concerns

    /// Says the same to the other servers.
    func publish(_ request: (SocketSelection) -> ClusterRequest) {
        guard !self.isLocal, self.namespace.cluster.isClustered else { return }
        self.namespace.cluster.publish(request(self.selection), in: self.namespace)
    }

    /// Whether other servers are to be asked at all.
    var isClusterWide: Bool { !self.isLocal && self.namespace.cluster.isClustered }

    /// Whom it concerns, in words that can travel.
    var selection: SocketSelection {
        SocketSelection(
            rooms: self.rooms,
            except: self.exceptRooms + (self.exceptSocket.map { [$0.id] } ?? []),
            isVolatile: self.isVolatile
        )
    }

    /// Runs `body` for each socket of this server, on the socket's loop, and for those that are away and may recover their
    /// state.
    ///
    /// - Complexity: O(members of the rooms), or O(sockets of the namespace) without rooms.
    public func forEachSocket(_ body: @escaping @Sendable (Socket) -> Void) {
        self.forEachShard { self.walk($0, body) }
    }

    /// Runs `body` once on each loop, with what the namespace has there.
    private func forEachShard(_ body: @escaping @Sendable (NamespaceShard) -> Void) {
        guard let recovery = self.namespace.recovery else { return self.walkEachLoop(body) }
        // See `RecoveryTable.handover`: the loops other than this one are told at once, or not at all yet.
        recovery.handover.withLock {
            for loop in self.namespace.loops.all where !loop.eventLoop.inEventLoop {
                loop.eventLoop.execute { body(loop.shard(of: self.namespace)) }
            }
        }
        for loop in self.namespace.loops.all where loop.eventLoop.inEventLoop {
            body(loop.shard(of: self.namespace))
        }
    }

    private func walkEachLoop(_ body: @escaping @Sendable (NamespaceShard) -> Void) {
        for loop in self.namespace.loops.all {
            if loop.eventLoop.inEventLoop {
                body(loop.shard(of: self.namespace))
            } else {
                loop.eventLoop.execute { body(loop.shard(of: self.namespace)) }
            }
        }
    }

    /// Collects what each loop says of its sockets; nothing of a loop that fails.
    func collect<Value: Sendable>(
        _ body: @escaping @Sendable ([Socket], any EventLoop) -> EventLoopFuture<[Value]>
    ) async -> [Value] {
        let loops = self.namespace.loops.all
        guard let first = loops.first else { return [] }
        let parts = loops.map { loop in
            loop.eventLoop.flatSubmit {
                var sockets: [Socket] = []
                self.walk(loop.shard(of: self.namespace)) { if $0.isConnected { sockets.append($0) } }
                return body(sockets, loop.eventLoop)
            }
        }
        let all = EventLoopFuture.reduce(into: [Value](), parts, on: first.eventLoop) { $0 += $1 }
        return (try? await all.get()) ?? []
    }

    private func walk(_ shard: NamespaceShard, _ body: (Socket) -> Void) {
        var excluded: Set<ObjectIdentifier> = []
        if let socket = self.exceptSocket { excluded.insert(ObjectIdentifier(socket)) }
        for room in self.exceptRooms {
            for socket in shard.members(of: room) { excluded.insert(ObjectIdentifier(socket)) }
        }
        if self.rooms.isEmpty {
            for socket in shard.sockets.values where !excluded.contains(ObjectIdentifier(socket)) { body(socket) }
            return
        }
        for room in self.rooms {
            for socket in shard.members(of: room) where excluded.insert(ObjectIdentifier(socket)).inserted {
                body(socket)
            }
        }
    }
}
