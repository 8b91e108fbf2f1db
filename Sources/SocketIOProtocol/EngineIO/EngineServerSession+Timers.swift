extension EngineServerSession {
    /// When ``timerFired(now:)`` is due; nil after `.finished`.
    public var nextDeadline: Instant? {
        switch self.state {
        case .polling, .webSocket: self.heartbeat.deadline
        case .probing(let probe): min(self.heartbeat.deadline, probe.deadline)
        case .closing(let until): until
        case .closed: nil
        }
    }

    /// Time has passed: ping, close for want of a pong, end an upgrade that takes too long.
    public mutating func timerFired(now: Instant) -> [EngineServerAction] {
        var actions: [EngineServerAction] = []
        guard let deadline = self.nextDeadline, now >= deadline else { return actions }
        switch self.state {
        case .closing:
            self.state = .closed
            self.finish(actions: &actions)
        case .probing(let probe):
            if now >= probe.deadline { self.abandon(probe, code: CloseCode.normal, actions: &actions) }
            self.beat(now: now, actions: &actions)
        case .polling, .webSocket:
            self.beat(now: now, actions: &actions)
        case .closed:
            break
        }
        return actions
    }

    /// The last answers of a session whose client did not fetch the rest in time.
    private mutating func finish(actions: inout [EngineServerAction]) {
        if let post = self.requests.post { actions.append(.respond(post, EngineErrorCode.badRequest.response())) }
        self.requests = .init()
        self.outbox.removeAll()
        actions.append(.finished)
    }

    private mutating func beat(now: Instant, actions: inout [EngineServerAction]) {
        if case .quiet(let pingAt) = self.heartbeat, now >= pingAt {
            // Counted from when the ping was due, so that the end comes exactly an interval and a time-out after the
            // last pong. Only a server that slept through half of the time-out gives the client all of it again.
            let timeout = self.configuration.pingTimeout
            let isLate = pingAt.duration(to: now) * 2 > timeout
            self.heartbeat = .awaitingPong(closeAt: (isLate ? now : pingAt) + timeout)
            self.send(.ping([]), actions: &actions)
        }
        if case .awaitingPong(let closeAt) = self.heartbeat, now >= closeAt {
            self.end(.pingTimeout, actions: &actions)
        }
    }

    /// Takes a pong.
    ///
    /// One that was not asked for changes nothing.
    mutating func receivePong(now: Instant) {
        if case .awaitingPong = self.heartbeat {
            self.heartbeat = .quiet(pingAt: now + self.configuration.pingInterval)
        }
    }

    /// Sends a packet of the session's own by the transport in use.
    private mutating func send(_ packet: EnginePacket, actions: inout [EngineServerAction]) {
        if case .webSocket(let id) = self.state {
            Self.send(packet, on: id, actions: &actions)
        } else {
            self.outbox.append(packet)
            self.answerGet(actions: &actions)
        }
    }
}
