extension EngineClientSession {
    /// The answer to the GET; status 0 when there was none.
    public mutating func getAnswered(status: Int, body: [UInt8], now: Instant) -> [EngineClientAction] {
        var actions = self.timerFired(now: now)
        guard self.isGetting else { return actions }
        self.isGetting = false
        switch self.state {
        case .handshaking, .polling, .probing: break
        // After a close packet was queued the session asks for nothing more.
        case .new, .webSocket, .closing, .closed: return actions
        }
        guard status == 200 else {
            self.end(status == 0 ? .transportClosed : .closedByServer, actions: &actions)
            return actions
        }
        guard body.count <= self.configuration.maxPayload else {
            self.end(.payloadTooLarge, actions: &actions)
            return actions
        }
        do throws(EnginePacketError) {
            let packets = try PollingPayload.decode(body, maxPackets: Self.maxPacketsPerPayload)
            self.receive(packets, now: now, actions: &actions)
        } catch {
            self.end(.malformedPacket, actions: &actions)
        }
        return actions
    }

    /// A server's answers are bounded in packets too; ours holds to 16.
    private static let maxPacketsPerPayload = 1 << 18

    private mutating func receive(_ packets: [EnginePacket], now: Instant, actions: inout [EngineClientAction]) {
        var rest = packets[...]
        if case .handshaking = self.state {
            guard case .open(let handshake) = rest.popFirst() else {
                return self.end(.unexpectedPacket, actions: &actions)
            }
            self.state = .polling
            self.open(handshake, now: now, actions: &actions)
            if self.configuration.mode == .pollingThenUpgrade, handshake.upgrades.contains("websocket") {
                let deadline = now + self.configuration.upgradeTimeout
                self.state = .probing(Probe(phase: .opening, deadline: deadline))
                actions.append(.openWebSocket(sessionID: handshake.sessionID))
            }
        }
        for packet in rest where self.isOpen {
            self.receive(packet, now: now, actions: &actions)
        }
        self.poll(actions: &actions)
        self.post(actions: &actions)
    }

    /// The answer to the POST; status 0 when there was none.
    public mutating func postAnswered(status: Int, now: Instant) -> [EngineClientAction] {
        var actions = self.timerFired(now: now)
        guard self.isPosting else { return actions }
        self.isPosting = false
        switch self.state {
        case .polling, .probing:
            if status == 200 {
                self.post(actions: &actions)
            } else {
                self.end(status == 0 ? .transportClosed : .closedByServer, actions: &actions)
            }
        case .closing:
            self.post(actions: &actions)
            if !self.isPosting { self.end(.closedByClient, actions: &actions) }
        case .new, .handshaking, .webSocket, .closed:
            break
        }
        return actions
    }

    /// Asks for the server's next packets, when that is the moment to; or lets an upgrade go on.
    mutating func poll(actions: inout [EngineClientAction]) {
        guard let handshake = self.handshake, !self.isGetting else { return }
        switch self.state {
        case .probing(let probe) where probe.phase == .draining:
            self.completeUpgrade(actions: &actions)
        case .polling, .probing:
            self.isGetting = true
            actions.append(.get(sessionID: handshake.sessionID))
        case .new, .handshaking, .webSocket, .closing, .closed:
            break
        }
    }

    /// Posts what waits, when no POST is out; or lets an upgrade go on.
    mutating func post(actions: inout [EngineClientAction]) {
        guard let handshake = self.handshake, !self.isPosting else { return }
        switch self.state {
        case .probing(let probe) where probe.phase == .draining:
            self.completeUpgrade(actions: &actions)
        case .polling, .probing, .closing:
            guard !self.outbox.isEmpty else { break }
            self.isPosting = true
            let body = self.outbox.takePayload(maxBytes: handshake.maxPayload)
            actions.append(.post(sessionID: handshake.sessionID, body: body))
        case .new, .handshaking, .webSocket, .closed:
            break
        }
    }
}
