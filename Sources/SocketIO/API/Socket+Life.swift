import NIOCore
import SocketIOProtocol
import Synchronization

// MARK: - What the connection does with its sockets, on the loop

extension Socket {
    var hasOverflowHandler: Bool { self.handlers.overflow != nil }

    /// Queues a packet, or keeps it for a client that is away.
    func deliver(_ packet: EncodedPacket, isVolatile: Bool) {
        guard self.isConnected else {
            if !isVolatile, self.recovery != nil { self.keep(packet) }
            return
        }
        if isVolatile, !self.connection.takesMore { return }
        if packet.isDroppable, self.isLosing { return }
        if let offset = packet.offset { self.recovery?.sent(packet, offset: offset, isVolatile: isVolatile) }
        self.namespace.traffic.sent.add(1, ordering: .relaxed)
        self.connection.enqueue(packet, droppableFor: packet.isDroppable ? self : nil)
    }

    func acknowledge(_ id: UInt64, _ args: [JSON]) {
        self.connection.run {
            guard self.isConnected else { return }
            let name = self.namespace.name
            self.connection.enqueue(
                self.connection.socketIO.acknowledge(namespace: name, id: id, arguments: args),
                namespace: name
            )
        }
    }

    func ask(_ event: String, _ args: [JSON], timeout: TimeAmount, promise: EventLoopPromise<[JSON]>) {
        let name = self.namespace.name
        guard self.isConnected, let id = self.connection.socketIO.registerAck(namespace: name) else {
            return promise.fail(AckError.disconnected)
        }
        let timer = self.eventLoop.scheduleTask(in: timeout) {
            guard let pending = self.pendingAcks.removeValue(forKey: id) else { return }
            self.connection.socketIO.cancelAck(namespace: name, id: id)
            pending.promise.fail(AckError.timeout)
        }
        self.pendingAcks[id] = PendingAck(promise: promise, timer: timer)
        self.connection.enqueue(
            PacketEncoder.event(namespace: name, name: event, arguments: args, ackID: id),
            namespace: name
        )
    }

    /// The CONNECT reply is queued; now the application may speak, behind what the client missed.
    func didConnect() {
        self.isConnected = true
        self.shard.add(self)
        self.replay()
        self.namespace.socketConnected(self)
    }

    func didReceiveAck(_ id: UInt64, _ args: [JSON]) {
        guard let pending = self.pendingAcks.removeValue(forKey: id) else { return }
        pending.timer.cancel()
        pending.promise.succeed(args)
    }

    func didOverflow() {
        self.isLosing = true
        guard !self.isOverflowUntold else { return }
        self.isOverflowUntold = true
        self.eventLoop.execute { self.tellOverflow() }
    }

    private func tellOverflow() {
        guard self.isOverflowUntold, self.isConnected else { return }
        self.isOverflowUntold = false
        self.handlers.overflow?()
    }

    func didDrain() {
        self.tellOverflow()
        self.isLosing = false
        self.handlers.drain?()
    }

    /// The end.
    ///
    /// Handlers are let go, for they usually hold the socket. Where the client may come back, the socket stays in its rooms
    /// to keep what is sent there.
    func didDisconnect(_ reason: DisconnectReason) {
        guard self.isConnected else { return }
        for handler in self.handlers.disconnecting { handler(reason) }
        // A handler may have put it out for good.
        guard self.isConnected else { return }
        self.isConnected = false
        if !(reason.isRecoverable && self.goAway()) { self.forget() }
        self.namespace.socketDisconnected()
        let pending = self.pendingAcks.values
        self.pendingAcks.removeAll()
        for ack in pending {
            ack.timer.cancel()
            ack.promise.fail(AckError.disconnected)
        }
        let disconnectHandlers = self.handlers.disconnect
        if self.queue.isRunning {
            // What came before the end is still handled.
            self.handlers.disconnecting = []
            self.handlers.disconnect = []
        } else {
            self.handlers = SocketHandlers()
        }
        for handler in disconnectHandlers { handler(reason) }
    }
}
