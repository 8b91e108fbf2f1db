extension EngineClientSession {
    /// The WebSocket that was asked for is open.
    public mutating func webSocketOpened(now: Instant) -> [EngineClientAction] {
        var actions = self.timerFired(now: now)
        if case .probing(var probe) = self.state, probe.phase == .opening {
            probe.phase = .awaitingPong
            self.state = .probing(probe)
            actions.append(.sendWebSocketText(Array("2probe".utf8)))
        }
        return actions
    }

    /// A whole text message came.
    public mutating func webSocketText(_ bytes: [UInt8], now: Instant) -> [EngineClientAction] {
        var actions = self.timerFired(now: now)
        switch self.state {
        case .probing(var probe):
            if probe.phase == .awaitingPong, bytes.elementsEqual("3probe".utf8) {
                // No new request from here on; the one that is out is released by the server with a noop.
                probe.phase = .draining
                self.state = .probing(probe)
                self.completeUpgrade(actions: &actions)
            } else {
                self.abandonUpgrade(closing: true, actions: &actions)
            }
        case .handshaking(.webSocket, _), .webSocket:
            guard bytes.count <= self.configuration.maxPayload else {
                self.end(.payloadTooLarge, actions: &actions)
                break
            }
            do throws(EnginePacketError) {
                self.receiveOnWebSocket(try EnginePacketCodec.decodeWebSocketText(bytes), now: now, actions: &actions)
            } catch {
                self.end(.malformedPacket, actions: &actions)
            }
        case .new, .handshaking, .polling, .closing, .closed:
            break
        }
        return actions
    }

    private mutating func receiveOnWebSocket(
        _ packet: EnginePacket,
        now: Instant,
        actions: inout [EngineClientAction]
    ) {
        guard case .handshaking = self.state else { return self.receive(packet, now: now, actions: &actions) }
        guard case .open(let handshake) = packet else { return self.end(.unexpectedPacket, actions: &actions) }
        self.state = .webSocket
        self.open(handshake, now: now, actions: &actions)
        for packet in self.outbox.takeAll() { Self.send(packet, actions: &actions) }
    }

    /// A whole binary message came.
    public mutating func webSocketBinary(_ bytes: [UInt8], now: Instant) -> [EngineClientAction] {
        var actions = self.timerFired(now: now)
        switch self.state {
        case .webSocket:
            if bytes.count <= self.configuration.maxPayload {
                actions.append(.deliver(.binary(bytes)))
            } else {
                self.end(.payloadTooLarge, actions: &actions)
            }
        case .handshaking(.webSocket, _):
            self.end(.unexpectedPacket, actions: &actions)
        case .probing:
            self.abandonUpgrade(closing: true, actions: &actions)
        case .new, .handshaking, .polling, .closing, .closed:
            break
        }
        return actions
    }

    /// The WebSocket is gone, or could not be opened.
    ///
    /// In the middle of an upgrade the session stays with polling.
    public mutating func webSocketClosed(now: Instant) -> [EngineClientAction] {
        var actions = self.timerFired(now: now)
        switch self.state {
        case .handshaking(.webSocket, _), .webSocket: self.end(.transportClosed, actions: &actions)
        case .probing: self.abandonUpgrade(closing: false, actions: &actions)
        case .new, .handshaking, .polling, .closing, .closed: break
        }
        return actions
    }

    /// Says `5` once no request is out, and moves over.
    mutating func completeUpgrade(actions: inout [EngineClientAction]) {
        guard !self.isGetting, !self.isPosting else { return }
        self.state = .webSocket
        actions.append(.sendWebSocketText(Array("5".utf8)))
        for packet in self.outbox.takeAll() { Self.send(packet, actions: &actions) }
        actions.append(.upgraded)
    }

    /// Gives an upgrade up and takes polling up again.
    ///
    /// - Parameters:
    ///   - closing: Whether the WebSocket is still there to be closed.
    ///   - actions: Where the actions go.
    mutating func abandonUpgrade(closing: Bool, actions: inout [EngineClientAction]) {
        self.state = .polling
        if closing { actions.append(.closeWebSocket(code: 1000)) }
        self.poll(actions: &actions)
        self.post(actions: &actions)
    }
}
