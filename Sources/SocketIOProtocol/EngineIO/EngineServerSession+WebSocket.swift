extension EngineServerSession {
    /// A WebSocket with this session's `sid` was accepted.
    ///
    /// The first one of a polling session may take it over; any other is told to close. (To refuse the upgrade by HTTP
    /// instead breaks clients under Node.)
    public mutating func webSocketOpened(_ id: TransportID, now: Instant) -> [EngineServerAction] {
        var actions = self.timerFired(now: now)
        switch self.state {
        case .polling where self.configuration.allowsUpgrades:
            self.state = .probing(Probe(webSocket: id, deadline: now + self.configuration.upgradeTimeout))
        case .polling, .probing, .webSocket, .closing, .closed:
            actions.append(.closeWebSocket(id, code: CloseCode.normal))
        }
        return actions
    }

    /// A whole text message came.
    public mutating func webSocketText(_ id: TransportID, _ bytes: [UInt8], now: Instant) -> [EngineServerAction] {
        var actions = self.timerFired(now: now)
        switch self.state {
        case .webSocket(id):
            guard bytes.count <= self.configuration.maxPayload else {
                self.end(.payloadTooLarge, actions: &actions)
                break
            }
            do throws(EnginePacketError) {
                let packet = try EnginePacketCodec.decodeWebSocketText(bytes)
                if let offence = Self.offence(of: packet) {
                    self.end(offence, actions: &actions)
                } else {
                    self.receive(packet, now: now, actions: &actions)
                }
            } catch {
                self.end(.malformedPacket, actions: &actions)
            }
        case .probing(let probe) where probe.webSocket == id:
            self.receive(bytes, on: probe, actions: &actions)
        case .polling, .probing, .webSocket, .closing, .closed:
            break
        }
        return actions
    }

    /// A whole binary message came.
    public mutating func webSocketBinary(_ id: TransportID, _ bytes: [UInt8], now: Instant) -> [EngineServerAction] {
        var actions = self.timerFired(now: now)
        switch self.state {
        case .webSocket(id):
            if bytes.count <= self.configuration.maxPayload {
                actions.append(.deliver(.binary(bytes)))
            } else {
                self.end(.payloadTooLarge, actions: &actions)
            }
        case .probing(let probe) where probe.webSocket == id:
            self.abandon(probe, code: CloseCode.protocolError, actions: &actions)
        case .polling, .probing, .webSocket, .closing, .closed:
            break
        }
        return actions
    }

    /// The WebSocket is gone.
    ///
    /// In the middle of an upgrade that leaves the session where it was, on polling.
    public mutating func webSocketClosed(_ id: TransportID, now: Instant) -> [EngineServerAction] {
        var actions = self.timerFired(now: now)
        switch self.state {
        case .webSocket(id): self.end(.transportClosed, actions: &actions)
        case .probing(let probe) where probe.webSocket == id: self.state = .polling
        case .polling, .probing, .webSocket, .closing, .closed: break
        }
        return actions
    }

    /// What a client says on the WebSocket of an upgrade: `2probe` (again, if it likes), then `5`, nothing else.
    private mutating func receive(_ bytes: [UInt8], on probe: Probe, actions: inout [EngineServerAction]) {
        var probe = probe
        if bytes.elementsEqual("2probe".utf8) {
            probe.isAnswered = true
            self.state = .probing(probe)
            actions.append(.sendWebSocketText(probe.webSocket, Array("3probe".utf8)))
            self.answerGet(actions: &actions)
        } else if probe.isAnswered, bytes.elementsEqual("5".utf8) {
            self.state = .webSocket(probe.webSocket)
            if let get = self.requests.get {
                self.requests.get = nil
                actions.append(.respond(get, .payload(PollingPayload.encode([.noop]))))
            }
            for packet in self.outbox.takeAll() { Self.send(packet, on: probe.webSocket, actions: &actions) }
            // Behind what was buffered: from here on the owner writes to the socket directly.
            actions.append(.upgraded(probe.webSocket))
        } else {
            self.abandon(probe, code: CloseCode.protocolError, actions: &actions)
        }
    }

    /// Ends an upgrade; the session stays with polling.
    mutating func abandon(_ probe: Probe, code: UInt16, actions: inout [EngineServerAction]) {
        self.state = .polling
        actions.append(.closeWebSocket(probe.webSocket, code: code))
    }

    /// Takes a packet that is a client's to send, from whichever transport.
    mutating func receive(_ packet: EnginePacket, now: Instant, actions: inout [EngineServerAction]) {
        switch packet {
        case .message(let message): actions.append(.deliver(message))
        case .pong: self.receivePong(now: now)
        case .close: self.end(.closedByClient, actions: &actions)
        case .noop: break
        case .open, .ping, .upgrade: preconditionFailure("\(packet) was to be refused as an offence before")
        }
    }

    /// Why a client may not send this packet; nil when it may.
    static func offence(of packet: EnginePacket) -> EngineCloseReason? {
        switch packet {
        case .ping: .invalidHeartbeatDirection
        case .open, .upgrade: .unexpectedPacket
        case .close, .pong, .message, .noop: nil
        }
    }
}
