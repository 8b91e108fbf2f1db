import NIOCore

/// What a server keeps on one event loop: its connections there, and which of them have something to flush.
///
/// Confined to that loop: only ``eventLoop`` is touched from elsewhere. One task a turn flushes all connections that got
/// something in it: system calls are what a broadcast costs, so they are made once a connection a turn.
final class LoopContext: @unchecked Sendable {
    /// The loop that all else is confined to.
    let eventLoop: any EventLoop

    private var dirty: [EngineConnection] = []
    /// The feeds that something was written to in this turn.
    private var feeds: [Feed] = []
    /// What is to be done before they are flushed.
    private var preparations: [() -> Void] = []
    private var packetCount: UInt64 = 0
    private var isEndScheduled = false
    /// Whether the turn's end is under way, so that some have taken what the feeds have and others not yet.
    private(set) var isFlushing = false
    private(set) var connections: [ObjectIdentifier: EngineConnection] = [:]
    private var shards: [ObjectIdentifier: NamespaceShard] = [:]

    /// Fulfilled when the last connection has gone, once somebody waits for it.
    private var emptyPromise: EventLoopPromise<Void>?

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// The part of a namespace that lives on this loop.
    func shard(of namespace: Namespace) -> NamespaceShard {
        self.eventLoop.assertInEventLoop()
        let key = ObjectIdentifier(namespace)
        if let shard = self.shards[key] { return shard }
        let shard = NamespaceShard(loop: self)
        self.shards[key] = shard
        return shard
    }

    /// Forgets a namespace that nobody is in any more.
    func removeShard(of namespace: Namespace) {
        self.shards[ObjectIdentifier(namespace)] = nil
    }

    /// Flushes `connection` at the end of this turn.
    ///
    /// The caller sees that it asks once a turn.
    func flushLater(_ connection: EngineConnection) {
        self.dirty.append(connection)
        self.scheduleEnd()
    }

    /// Has `feed` cleared at the end of this turn.
    func activate(_ feed: Feed) {
        self.feeds.append(feed)
        self.scheduleEnd()
    }

    /// Calls `body` at the end of this turn, before anything is flushed.
    func beforeFlush(_ body: @escaping () -> Void) {
        self.preparations.append(body)
        self.scheduleEnd()
    }

    private func scheduleEnd() {
        guard !self.isEndScheduled else { return }
        self.isEndScheduled = true
        self.eventLoop.execute {
            let preparations = self.preparations
            self.preparations.removeAll(keepingCapacity: true)
            for prepare in preparations { prepare() }
            self.isEndScheduled = false
            // What is prepared from within such a body is for the next turn.
            if !self.preparations.isEmpty { self.scheduleEnd() }
            let connections = self.dirty
            self.dirty.removeAll(keepingCapacity: true)
            let feeds = self.feeds
            self.feeds.removeAll(keepingCapacity: true)
            self.isFlushing = true
            for connection in connections { connection.endTurn() }
            for feed in feeds { feed.endTurn() }
            self.isFlushing = false
        }
    }

    /// The place of a packet in the order of all that feeds of this loop send.
    func nextNumber() -> UInt64 {
        self.packetCount += 1
        return self.packetCount
    }

    func add(_ connection: EngineConnection) {
        self.connections[ObjectIdentifier(connection)] = connection
    }

    func remove(_ connection: EngineConnection) {
        self.connections[ObjectIdentifier(connection)] = nil
        if self.connections.isEmpty {
            self.emptyPromise?.succeed()
            self.emptyPromise = nil
        }
    }

    /// Closes every connection; the future says when the last one has gone, at the latest after `timeout`.
    func shutDown(timeout: TimeAmount) -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        for connection in self.connections.values { connection.close(.serverShuttingDown) }
        for shard in self.shards.values {
            for socket in shard.sockets.values where socket.isAway { socket.forget() }
        }
        if self.connections.isEmpty { return self.eventLoop.makeSucceededVoidFuture() }
        let promise = self.emptyPromise ?? self.eventLoop.makePromise(of: Void.self)
        self.emptyPromise = promise
        let timer = self.eventLoop.scheduleTask(in: timeout) {
            for connection in self.connections.values { connection.abandon() }
        }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        return promise.futureResult
    }
}
