extension EngineServerSession {
    /// A GET with this session's `sid` came.
    ///
    /// It is answered at once when something waits, else with the next message. While another one waits the session
    /// ends: the first is answered with a close packet, this one with 400.
    public mutating func pollingGet(_ id: TransportID, now: Instant) -> [EngineServerAction] {
        var actions = self.timerFired(now: now)
        switch self.state {
        case .polling, .probing, .closing:
            guard self.requests.get == nil else {
                self.end(.overlappingRequests, actions: &actions)
                // Last, behind `finished`: the request is not the session's business any more, but wants its answer.
                actions.append(.respond(id, EngineErrorCode.badRequest.response()))
                break
            }
            self.requests.get = id
            self.answerGet(actions: &actions)
        case .webSocket:
            actions.append(.respond(id, EngineErrorCode.badRequest.response()))
        case .closed:
            actions.append(.respond(id, EngineErrorCode.sessionIDUnknown.response()))
        }
        return actions
    }

    /// Answers the waiting GET, if there is one and something to say.
    mutating func answerGet(actions: inout [EngineServerAction]) {
        guard let get = self.requests.get else { return }
        if !self.outbox.isEmpty {
            self.requests.get = nil
            let body = self.outbox.takePayload(maxPackets: self.configuration.maxPacketsPerResponse)
            actions.append(.respond(get, .payload(body)))
            if case .closing = self.state, self.outbox.isEmpty {
                // The close packet was the last of them.
                self.state = .closed
                if let post = self.requests.post {
                    actions.append(.respond(post, EngineErrorCode.badRequest.response()))
                    self.requests.post = nil
                }
                actions.append(.finished)
            }
        } else if case .probing(let probe) = self.state, probe.isAnswered {
            // The client waits for this before it says `5`.
            self.requests.get = nil
            actions.append(.respond(get, .payload(PollingPayload.encode([.noop]))))
        }
    }

    /// The head of a POST came.
    ///
    /// - Parameters:
    ///   - id: The request.
    ///   - contentLength: As the head says; nil when chunked.
    ///   - isBinary: Whether the content type is `application/octet-stream`, which version 4 refuses.
    ///   - now: The time.
    /// - Returns: No `respond` for `id` when the body is to be read. A `respond` for `id` means: answered already,
    ///   discard the body and do not report it.
    public mutating func pollingPostBegan(
        _ id: TransportID,
        contentLength: Int?,
        isBinary: Bool,
        now: Instant
    ) -> [EngineServerAction] {
        var actions = self.timerFired(now: now)
        switch self.state {
        case .polling, .probing:
            if self.requests.post != nil {
                self.end(.overlappingRequests, actions: &actions)
                actions.append(.respond(id, EngineErrorCode.badRequest.response()))
            } else if isBinary {
                actions.append(.respond(id, EngineErrorCode.badRequest.response()))
            } else if let contentLength, contentLength > self.configuration.maxPayload {
                actions.append(.respond(id, .payloadTooLarge))
            } else {
                self.requests.post = id
            }
        case .closing:
            // Nobody will read it, but the client did nothing wrong; its next GET tells it.
            actions.append(.respond(id, .ok))
        case .webSocket:
            actions.append(.respond(id, EngineErrorCode.badRequest.response()))
        case .closed:
            actions.append(.respond(id, EngineErrorCode.sessionIDUnknown.response()))
        }
        return actions
    }

    /// The whole body of a POST is there.
    ///
    /// Its packets are taken together: if one of them is malformed or not for a client to send, none is delivered, the
    /// answer is 400 and the session ends.
    public mutating func pollingPostEnded(
        _ id: TransportID,
        body: [UInt8],
        now: Instant
    ) -> [EngineServerAction] {
        var actions = self.timerFired(now: now)
        guard self.requests.post == id else { return actions }
        self.requests.post = nil
        guard self.isOpen else {
            actions.append(.respond(id, .ok))
            return actions
        }
        guard body.count <= self.configuration.maxPayload else {
            actions.append(.respond(id, .payloadTooLarge))
            return actions
        }
        let packets: [EnginePacket]
        do throws(EnginePacketError) {
            packets = try PollingPayload.decode(body, maxPackets: self.configuration.maxPacketsPerPayload)
        } catch {
            actions.append(.respond(id, EngineErrorCode.badRequest.response()))
            self.end(.malformedPacket, actions: &actions)
            return actions
        }
        if let offence = packets.lazy.compactMap(Self.offence).first {
            actions.append(.respond(id, EngineErrorCode.badRequest.response()))
            self.end(offence, actions: &actions)
            return actions
        }
        actions.append(.respond(id, .ok))
        for packet in packets {
            self.receive(packet, now: now, actions: &actions)
            guard self.isOpen else { break }
        }
        return actions
    }

    /// The body of a POST grew past `maxPayload`: 413, and the session lives on.
    public mutating func pollingPostOverflowed(_ id: TransportID, now: Instant) -> [EngineServerAction] {
        var actions = self.timerFired(now: now)
        guard self.requests.post == id else { return actions }
        self.requests.post = nil
        actions.append(.respond(id, .payloadTooLarge))
        return actions
    }

    /// The connection of a GET or POST that has no answer yet was lost: the session ends, as in the reference.
    public mutating func requestAborted(_ id: TransportID, now: Instant) -> [EngineServerAction] {
        var actions = self.timerFired(now: now)
        if self.requests.get == id {
            self.requests.get = nil
        } else if self.requests.post == id {
            self.requests.post = nil
        } else {
            return actions
        }
        switch self.state {
        case .polling, .probing: self.end(.transportClosed, actions: &actions)
        // After an upgrade, or while the last GET is awaited, a lost POST is no loss of the transport.
        case .webSocket, .closing, .closed: break
        }
        return actions
    }
}
