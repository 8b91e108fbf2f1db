import NIOCore
import SocketIOProtocol
import Synchronization

/// What comes in: rate limits, packets, namespaces.
extension EngineConnection {
    /// Takes a message from the engine.
    func receive(_ message: EngineMessage) {
        let verdict = self.charge(message)
        if verdict == .farBeyond {
            return self.close(.rateLimited)
        }
        if let engineSocket = self.engineSocket {
            // Without Socket.IO there is no ack to refuse a message with.
            engineSocket.didReceive(message)
        } else if self.isBeyondBudget(message) {
            self.close(.rateLimited)
        } else if self.pendingConnects.isEmpty, self.held.isEmpty {
            self.process(message, verdict)
        } else {
            self.sort(message, verdict)
        }
    }

    /// Whether a client that is in no namespace yet has sent more than it may until then.
    ///
    /// A CONNECT that is refused counts too, so nobody tries tokens for long on one connection.
    private func isBeyondBudget(_ message: EngineMessage) -> Bool {
        guard let spent = self.beforeConnect else { return false }
        let packets = spent.packets + 1
        let bytes = spent.bytes + message.byteCount
        self.beforeConnect = (packets, bytes)
        let configuration = self.server.configuration
        return packets > configuration.maxPacketsBeforeConnect + 1 || bytes > configuration.maxBytesBeforeConnect
    }

    /// Counts a message against the rates.
    ///
    /// Attachments belong to their packet and count in bytes only.
    func charge(_ message: EngineMessage) -> TokenBucket.Verdict {
        let now = NIODeadline.now()
        let bytes = self.byteBucket?.spend(Double(message.byteCount), now: now) ?? .allowed
        guard case .text = message else { return bytes }
        let messages = self.messageBucket?.spend(1, now: now) ?? .allowed
        if bytes == .farBeyond || messages == .farBeyond { return .farBeyond }
        return bytes == .refused || messages == .refused ? .refused : .allowed
    }

    /// Counts what a polling body has besides messages: those are charged when the engine delivers them, but what it keeps
    /// to itself (pongs) is not free either.
    func chargeControlPackets(in body: [UInt8]) -> TokenBucket.Verdict {
        var count = 0
        var isFirstByte = true
        for byte in body {
            if isFirstByte, byte != UInt8(ascii: "4"), byte != UInt8(ascii: "b") { count += 1 }
            isFirstByte = byte == 0x1E
        }
        guard count > 0 else { return .allowed }
        return self.messageBucket?.spend(Double(count), now: .now()) ?? .allowed
    }

    func process(_ message: EngineMessage, _ verdict: TokenBucket.Verdict) {
        if verdict == .refused { self.isPacketRefused = true }
        self.perform(self.socketIO.receive(message, now: .now))
    }

    /// Performs what the Socket.IO machine asks for.
    func perform(_ action: SocketServerAction) {
        var isRefused = false
        if case .none = action {
        } else {
            isRefused = self.isPacketRefused
            self.isPacketRefused = false
        }
        switch action {
        case .none:
            break
        case .connect(let namespace, let auth):
            self.connect(to: namespace, auth: auth)
        case .event(let namespace, let name, let arguments, let ackID):
            guard let socket = self.sockets[WireName(namespace)] else { break }
            if isRefused {
                self.refuseEvent(namespace: namespace, ackID: ackID)
            } else {
                socket.dispatch(name, arguments, ackID: ackID)
            }
        case .ack(let namespace, let id, let arguments):
            self.sockets[WireName(namespace)]?.didReceiveAck(id, arguments)
        case .disconnect(let namespace):
            if let pending = self.pendingConnects.removeValue(forKey: WireName(namespace)) {
                pending.abandon()
            } else {
                self.sockets.removeValue(forKey: WireName(namespace))?.didDisconnect(.clientNamespaceDisconnect)
            }
        case .send(let messages):
            self.enqueue(messages, namespace: "/")
        case .close(let reason):
            self.close(reason == .connectTimeout ? .connectTimeout : .parseError)
        }
    }

    /// An event over the rate.
    private func refuseEvent(namespace: String, ackID: UInt64?) {
        self.sockets[WireName(namespace)]?.namespace.traffic.refused.add(1, ordering: .relaxed)
        guard let ackID else {
            self.sockets[WireName(namespace)]?.emit("exception", EventError.rateLimited.json)
            return
        }
        self.enqueue(
            self.socketIO.acknowledge(namespace: namespace, id: ackID, arguments: [EventError.rateLimited.json]),
            namespace: namespace
        )
    }

    // MARK: Namespaces

    private func connect(to name: String, auth: JSONObject) {
        guard let namespace = self.server.enter(name, auth: auth) else {
            self.enqueue(self.socketIO.refuse(namespace: name, message: "Invalid namespace"), namespace: name)
            return
        }
        self.connectCount += 1
        let number = self.connectCount
        self.pendingConnects[WireName(name)] = PendingConnect(number: number)
        self.makeSocket(in: namespace, handshake: Handshake(self.info, auth: auth)) { socket in
            guard self.pendingConnects[WireName(name)]?.number == number else { return socket.goBackAway() }
            self.pendingConnects[WireName(name)]?.socket = socket
            self.check(socket, number: number)
        }
    }

    /// Runs the middleware.
    private func check(_ socket: Socket, number: UInt64) {
        let namespace = socket.namespace
        let isSkipped = socket.isRecovered && namespace.recovery?.limits.skipsMiddleware ?? false
        let middleware = isSkipped ? [] : namespace.middleware
        guard !middleware.isEmpty else { return self.decide(socket, number: number, refusal: nil) }

        self.pendingConnects[WireName(namespace.name)]?.task = Task {
            var refusal: ConnectError?
            do throws(ConnectError) {
                for check in middleware { try await check(socket, socket.handshake) }
            } catch {
                refusal = error
            }
            let outcome = refusal
            self.loop.eventLoop.execute { self.decide(socket, number: number, refusal: outcome) }
        }
    }

    /// The middleware of a namespace has spoken.
    private func decide(_ socket: Socket, number: UInt64, refusal: ConnectError?) {
        let name = socket.namespace.name
        // The client may have given up, or the connection closed, while it ran.
        guard self.pendingConnects[WireName(name)]?.number == number, !self.isClosing else { return }
        self.pendingConnects[WireName(name)] = nil
        // The table itself is memory too, and most connections need it once.
        if self.pendingConnects.isEmpty { self.pendingConnects = [:] }
        if let refusal {
            self.enqueue(
                self.socketIO.refuse(namespace: name, message: refusal.message, data: refusal.data),
                namespace: name
            )
            socket.goBackAway()
        } else {
            self.accept(socket)
        }
        self.releaseHeld()
    }

    private func accept(_ socket: Socket) {
        let name = socket.namespace.name
        if socket.recovery == nil, let table = socket.namespace.recovery {
            let pid = SessionIDs.make()
            socket.recovery = SocketRecovery(pid: pid, table: table)
            table.add(socket, pid: pid)
        }
        let reply = self.socketIO.accept(namespace: name, socketID: socket.id, recoveryID: socket.recovery?.pid)
        guard !reply.isEmpty else { return socket.goBackAway() }
        self.sockets[WireName(name)] = socket
        self.beforeConnect = nil
        self.enqueue(reply, namespace: name)
        socket.didConnect()
    }

    /// Puts a socket out of its namespace; the connection stays.
    func disconnect(_ socket: Socket, reason: DisconnectReason) {
        let name = socket.namespace.name
        guard self.sockets[WireName(name)] === socket else { return }
        self.enqueue(self.socketIO.disconnect(namespace: name), namespace: name)
        self.sockets[WireName(name)] = nil
        socket.didDisconnect(reason)
    }

    /// Puts all sockets out of their namespaces, which tells clients not to come back by themselves, and closes.
    func disconnectAll() {
        for socket in self.sockets.values.sorted(by: { $0.id < $1.id }) {
            self.disconnect(socket, reason: .serverNamespaceDisconnect)
        }
        self.close(.forcedServerClose)
    }
}
