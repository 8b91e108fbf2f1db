import NIOCore
import SocketIOProtocol

/// A socket's life beyond its connection.
///
/// ```
/// connected ── lost ──▶ away (keeps what is sent to it) ── time, bounds, disconnect() ──▶ forgotten
///     ▲                   └── claimed by a new connection ──▶ a new socket, away too ──┐
///     └──────────────────────────────── let in by the middleware ──────────────────────┘
/// ```
extension Socket {
    /// Whether the client is away and may come back.
    var isAway: Bool { self.recovery?.awayUntil != nil }

    /// The rooms it is in, or will be again.
    var keptRooms: RoomSet { RoomSet(Set(self.places.keys)) }

    /// The client was lost: keeps its place, if it may.
    func goAway() -> Bool {
        guard let recovery = self.recovery, !self.connection.server.isShuttingDown, recovery.table.mayGoAway() else {
            return false
        }
        self.stayAway(until: .now() + TimeAmount(recovery.table.limits.maxDisconnectionDuration))
        return true
    }

    /// Is away, counted already, until then at most.
    func stayAway(until deadline: NIODeadline) {
        self.recovery?.awayUntil = deadline
        self.recovery?.timer = self.eventLoop.scheduleTask(deadline: deadline) { self.forget() }
    }

    /// Keeps an event for the time when the client is back.
    func keep(_ packet: EncodedPacket) {
        guard self.isAway, let offset = packet.offset else { return }
        if self.recovery?.log.missed(packet, offset: offset, now: .now()) == false {
            // In another turn: this may be in the middle of a broadcast.
            self.eventLoop.execute { if self.isAway { self.forget() } }
        }
    }

    /// The client will not be back, or not as this socket.
    func forget() {
        self.shard.remove(self)
        if let recovery = self.recovery {
            recovery.timer?.cancel()
            // One that only stands in was not counted; that is for the socket it is to follow.
            if let deadline = recovery.awayUntil, deadline != .distantFuture { recovery.table.isNoLongerAway() }
            recovery.table.remove(self, pid: recovery.pid)
            self.recovery = nil
        }
        self.releaseNamespace()
    }

    /// The namespace need not be kept for this socket's sake any more.
    func releaseNamespace() {
        guard self.holdsNamespace else { return }
        self.holdsNamespace = false
        self.connection.server.leave(self.namespace)
    }

    /// The client is let in: sends what it missed, if it came back.
    func replay() {
        guard let recovery = self.recovery, recovery.awayUntil != nil else { return }
        recovery.timer?.cancel()
        recovery.table.isNoLongerAway()
        self.recovery?.timer = nil
        self.recovery?.awayUntil = nil
        guard let offset = recovery.resumesAfter else { return }
        self.recovery?.resumesAfter = nil
        for packet in self.recovery?.log.resume(after: offset, now: .now()) ?? [] {
            self.connection.enqueue(packet, droppableFor: nil)
        }
    }

    // MARK: Handing over

    /// A new connection knows this socket's `pid` and says what it got last.
    ///
    /// - Returns: the rooms to enter; nil when there is nothing to take over.
    func claim(after offset: String) -> RoomSet? {
        guard let recovery = self.recovery, !recovery.isClaimed else { return nil }
        guard recovery.log.knows(offset) else {
            if self.isAway { self.forget() }
            return nil
        }
        // Whoever has the secret has lost this connection, even if nobody has noticed yet.
        if self.isConnected { self.connection.close(.transportClose) }
        guard self.isAway else { return nil }
        self.recovery?.timer?.cancel()
        self.recovery?.isClaimed = true
        return self.keptRooms
    }

    /// The new socket keeps what is sent by now: this one goes.
    ///
    /// - Returns: what it leaves; nil when it was forgotten meanwhile.
    func handOver() -> SocketLegacy? {
        guard let recovery = self.recovery, let deadline = recovery.awayUntil else { return nil }
        let legacy = SocketLegacy(log: recovery.log, rooms: self.keptRooms, awayUntil: deadline)
        self.recovery = nil
        self.shard.remove(self)
        self.releaseNamespace()
        return legacy
    }

    /// Stands in for a socket of another loop (or this one) before that one goes.
    func prepareToFollow(pid: String, table: RecoveryTable, rooms: RoomSet, offset: String) {
        self.recovery = SocketRecovery(pid: pid, table: table)
        self.recovery?.resumesAfter = offset
        self.recovery?.awayUntil = .distantFuture
        self.shard.add(self)
        for room in rooms { self.shard.add(self, to: room) }
    }

    /// Takes what the socket before it leaves.
    ///
    /// - Parameters:
    ///   - legacy: that.
    ///   - rooms: those entered by ``prepareToFollow(pid:table:rooms:offset:)``; what changed since is caught up with.
    func follow(_ legacy: SocketLegacy, rooms: RoomSet) {
        guard let pid = self.recovery?.pid else { return }
        for room in rooms.subtracting(legacy.rooms) { self.shard.remove(self, from: room) }
        for room in legacy.rooms.subtracting(rooms) { self.shard.add(self, to: room) }
        self.recovery?.log.follow(legacy.log)
        self.recovery?.awayUntil = legacy.awayUntil
        self.recovery?.table.add(self, pid: pid)
    }

    /// There is nothing to take over after all; or this one was forgotten while it waited for `legacy`.
    func giveUpFollowing(_ legacy: SocketLegacy?, _ table: RecoveryTable) {
        if legacy != nil { table.isNoLongerAway() }
        self.recovery = nil
        self.shard.remove(self)
    }

    /// It was not let in, or the connection is gone again: away as before.
    func goBackAway() {
        guard let deadline = self.recovery?.awayUntil else { return self.forget() }
        self.recovery?.isClaimed = false
        self.stayAway(until: deadline)
    }
}
