/// What the gateway is to do, in order.
public enum EngineServerAction: Hashable, Sendable {
    /// Answer this HTTP request. Each request given to the session gets exactly one answer, except aborted ones.
    case respond(TransportID, EngineResponse)
    /// Send a text frame with these bytes.
    case sendWebSocketText(TransportID, [UInt8])
    /// Send a binary frame with these bytes.
    case sendWebSocketBinary(TransportID, [UInt8])
    /// Send a close frame with this code after what was sent before, and see the socket closed.
    case closeWebSocket(TransportID, code: UInt16)
    /// Hand a message to the application (`SocketServerSession.receive`).
    case deliver(EngineMessage)
    /// The session now uses the WebSocket; ``EngineServerSession/directWebSocket`` is set.
    case upgraded(TransportID)
    /// The session is over for the application: no `deliver` follows, sends are dropped. Comes exactly once.
    case closed(EngineCloseReason)
    /// The last action: take the session out of the table of sids. Directly after `closed`, except when a polling
    /// client has still to fetch what was sent before the server closed.
    case finished
}

/// Why a session ended.
public enum EngineCloseReason: String, Error, Hashable, Sendable, CaseIterable {
    /// The client sent a close packet.
    case closedByClient
    /// `close` was called.
    case closedByServer
    /// The WebSocket, or the connection under an open request, went away.
    case transportClosed
    /// No pong in time.
    case pingTimeout
    /// A packet that cannot be decoded.
    case malformedPacket
    /// The client sent `2`; in version 4 the server pings.
    case invalidHeartbeatDirection
    /// A well-formed packet that a client may not send here (`open`, `upgrade` outside a probe).
    case unexpectedPacket
    /// Two GETs or two POSTs at the same time.
    case overlappingRequests
    /// A WebSocket message larger than `maxPayload`.
    case payloadTooLarge
    /// More waits for a polling client than `maxBufferedBytes`.
    case bufferOverflow
}
