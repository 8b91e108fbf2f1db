import NIOCore
import SocketIOProtocol

/// What goes out: queueing, flushing once a turn, and the bound on what may wait.
extension EngineConnection {
    /// How many packets a GET is answered with; python-engineio refuses more than sixteen.
    private static let packetsPerGet = 16

    /// What may be queued in one turn before volatile packets are dropped.
    private static let volatileLimit = 16 * 1024

    /// Bytes that wait for this connection, here, in the engine's polling buffer and in the channel.
    var bufferedBytes: Int {
        self.outbound.byteCount + self.awaitedBytes + self.engine.bufferedBytes + self.answerBytes
            + (self.direct?.bufferedBytes ?? 0)
    }

    /// Whether the client keeps up, so that what may be lost need not be: it takes more, and this turn has not queued much.
    var takesMore: Bool {
        if let direct = self.direct {
            return direct.isWritable && self.outbound.byteCount + self.awaitedBytes < Self.volatileLimit
        }
        return self.waitingGet != nil && self.outbound.isEmpty && self.awaitedBytes == 0
    }

    /// Queues a packet for a socket of this connection.
    ///
    /// - Parameters:
    ///   - packet: the packet.
    ///   - owner: the socket, when the packet is one that it may lose.
    func enqueue(_ packet: EncodedPacket, droppableFor owner: Socket?) {
        guard !self.isClosing else { return }
        self.takeFeeds()
        let owner = owner.map { ObjectIdentifier($0) }
        if self.engine.directWebSocket != nil, !self.outbound.hasPackets {
            self.outbound.append(frames: packet.frames(for: self.direct), droppableFor: owner)
        } else {
            self.outbound.append(packet: packet, droppableFor: owner)
        }
        self.scheduleFlush()
        self.checkBound()
    }

    /// Acts when more waits than may.
    func checkBound() {
        if self.outbound.memory > self.server.configuration.maxBufferedBytes {
            self.overBound()
        }
    }

    /// Queues protocol messages (CONNECT replies, acks), which nobody may lose.
    func enqueue(_ messages: [EngineMessage], namespace: String) {
        guard !messages.isEmpty else { return }
        self.enqueue(EncodedPacket(namespace: namespace, messages: messages), droppableFor: nil)
    }

    /// Flushes at the end of the loop's turn.
    func scheduleFlush() {
        guard !self.isFlushScheduled else { return }
        self.isFlushScheduled = true
        self.loop.flushLater(self)
    }

    /// Hands over to the transport what it takes.
    func flush() {
        self.isFlushScheduled = false
        if let direct = self.direct {
            self.flush(to: direct)
        } else {
            self.flushToWaitingGet()
            if !self.outbound.isEmpty { self.noteBacklog() }
        }
    }

    private func flush(to link: WebSocketLink) {
        guard !self.isBatchUnderWay else { return }
        if self.outbound.hasPackets, self.engine.directWebSocket != nil {
            self.outbound.convertPacketsToFrames()
        }
        if link.isLocal {
            self.writeThrough(to: link)
        } else {
            self.sendBatch(to: link)
        }
        self.flushEnded(link)
    }

    private func writeThrough(to link: WebSocketLink) {
        guard link.isWritable else { return }
        // One piece is the usual case, and a call through the pipeline less.
        if self.outbound.hasOnePiece, let frames = self.outbound.popFrames() { return link.writeAndFlush(frames) }
        var hasWritten = false
        while link.isWritable, let frames = self.outbound.popFrames() {
            link.write(frames)
            hasWritten = true
        }
        if hasWritten { link.flush() }
    }

    /// One batch at a time to a channel of another loop; its writability is known only once that was written there.
    private func sendBatch(to link: WebSocketLink) {
        guard link.isWritable else { return }
        var batch: [ByteBuffer] = []
        var byteCount = 0
        while byteCount < 256 * 1024, let frames = self.outbound.popFrames() {
            byteCount += frames.readableBytes
            batch.append(frames)
        }
        guard !batch.isEmpty else { return }
        self.isBatchUnderWay = true
        link.send(batch) {
            self.loop.eventLoop.execute {
                self.isBatchUnderWay = false
                self.flush()
            }
        }
    }

    /// Something was written: tells whoever should know how that went.
    func flushEnded(_ link: WebSocketLink) {
        if !self.outbound.isEmpty || !link.isWritable {
            self.isBehind = true
            self.outbound.copySmallSlices()
            self.noteBacklog()
        } else if !self.isBatchUnderWay {
            if let code = self.closeCode {
                self.closeCode = nil
                self.direct = nil
                link.close(code)
            } else {
                self.drained()
            }
        }
    }

    /// Answers the GET that waits, if one does; what does not fit waits for the next.
    private func flushToWaitingGet() {
        // A client asks again when it has the last answer. One that asks on ever new TCP connections and reads none of them
        // would otherwise move its whole queue, and what comes after, to where nothing bounds it.
        guard self.waitingGet != nil, self.answerBytes == 0, self.outbound.hasPackets else { return }
        self.perform(self.engine.send(self.outbound.popMessages(count: Self.packetsPerGet), now: .now))
        self.noteTaken()
    }

    /// Hands the engine what the next GET is to be answered with; nil when nothing waits.
    func takeForGet() -> [EngineServerAction]? {
        guard self.answerBytes == 0, self.outbound.hasPackets, self.waitingGet == nil else { return nil }
        return self.engine.send(self.outbound.popMessages(count: Self.packetsPerGet), now: .now)
    }

    /// A GET has taken packets: either all, or the client is behind.
    func noteTaken() {
        if self.outbound.isEmpty {
            self.drained()
        } else {
            self.isBehind = true
        }
    }

    /// The last answer to a GET has left this process, or its TCP connection is gone.
    func answerTaken() {
        self.answerBytes = 0
        self.flush()
    }

    // MARK: Slow consumers

    /// The queue is over its bound: within one turn, which is nobody's fault, or because the client does not read.
    private func overBound() {
        // No drain is reported from here: we may be in the middle of a broadcast, and its handlers emit as well.
        if let direct = self.direct, direct.isLocal, self.engine.directWebSocket != nil, !self.outbound.hasPackets {
            self.writeThrough(to: direct)
        }
        if self.outbound.boundedMemory() > self.server.configuration.maxBufferedBytes {
            self.relieve()
        }
    }

    /// Drops what may be dropped, and closes when that is not enough.
    private func relieve() {
        var listeners: [ObjectIdentifier: Socket] = [:]
        for socket in self.sockets.values where socket.hasOverflowHandler {
            listeners[ObjectIdentifier(socket)] = socket
        }
        let losers = self.outbound.dropDroppable { listeners[$0] != nil }
        for loser in losers { listeners[loser]?.didOverflow() }
        self.isBehind = true
        if self.outbound.boundedMemory() > self.server.configuration.maxBufferedBytes {
            self.outbound.removeAll()
            // Not now: we may be in the middle of a broadcast over the very lists that closing changes.
            self.loop.eventLoop.execute { self.close(.slowConsumer) }
        }
    }

    /// Tells the sockets that want to know it how much waits.
    private func noteBacklog() {
        let bytes = self.bufferedBytes
        for socket in self.sockets.values {
            if let backlog = socket.handlers.backlog, bytes > backlog.limit { backlog.handler() }
        }
    }

    /// The transport has taken everything.
    private func drained() {
        guard self.isBehind else { return }
        self.isBehind = false
        for socket in self.sockets.values { socket.didDrain() }
    }
}
