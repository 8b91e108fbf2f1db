extension EngineServerSession {
    /// Which transport carries the session.
    ///
    /// The payloads are plain numbers, so that copying a state costs nothing; what is long (the outbox) lies beside it.
    enum State: Hashable, Sendable {
        case polling
        case probing(Probe)
        case webSocket(TransportID)
        case closing(until: Instant)
        case closed
    }

    /// A WebSocket that wants to take a polling session over.
    struct Probe: Hashable, Sendable {
        let webSocket: TransportID
        let deadline: Instant
        var isAnswered = false
    }

    /// The HTTP requests that have no answer yet.
    struct PollingRequests: Hashable, Sendable {
        var get: TransportID?
        var post: TransportID?
    }

    /// Where the heartbeat stands.
    enum Heartbeat: Hashable, Sendable {
        case quiet(pingAt: Instant)
        case awaitingPong(closeAt: Instant)

        var deadline: Instant {
            switch self {
            case .quiet(let instant), .awaitingPong(let instant): instant
            }
        }
    }

    /// WebSocket close codes (RFC 6455 §7.4.1).
    enum CloseCode {
        static let normal: UInt16 = 1000
        static let protocolError: UInt16 = 1002
        static let messageTooBig: UInt16 = 1009
    }

    /// Ends the session here and now: every request gets its answer, the WebSockets are closed.
    mutating func end(_ reason: EngineCloseReason, actions: inout [EngineServerAction]) {
        if let get = self.requests.get {
            // A client that closed needs its GET released, any other is told that it is over.
            let packet: EnginePacket = reason == .closedByClient ? .noop : .close
            actions.append(.respond(get, .payload(PollingPayload.encode([packet]))))
        }
        if let post = self.requests.post {
            actions.append(.respond(post, EngineErrorCode.badRequest.response()))
        }
        self.requests = .init()
        switch self.state {
        case .probing(let probe):
            actions.append(.closeWebSocket(probe.webSocket, code: CloseCode.normal))
        case .webSocket(let id) where reason != .transportClosed:
            actions.append(.closeWebSocket(id, code: Self.closeCode(for: reason)))
        case .polling, .webSocket, .closing, .closed:
            break
        }
        self.outbox.removeAll()
        self.state = .closed
        actions.append(.closed(reason))
        actions.append(.finished)
    }

    private static func closeCode(for reason: EngineCloseReason) -> UInt16 {
        switch reason {
        case .malformedPacket, .invalidHeartbeatDirection, .unexpectedPacket: CloseCode.protocolError
        case .payloadTooLarge: CloseCode.messageTooBig
        case .closedByClient, .closedByServer, .transportClosed, .pingTimeout, .overlappingRequests, .bufferOverflow:
            CloseCode.normal
        }
    }

    /// Sends a packet on a WebSocket.
    static func send(_ packet: EnginePacket, on id: TransportID, actions: inout [EngineServerAction]) {
        let (payload, isBinary) = EnginePacketCodec.encodeWebSocket(packet)
        actions.append(isBinary ? .sendWebSocketBinary(id, payload) : .sendWebSocketText(id, payload))
    }
}
