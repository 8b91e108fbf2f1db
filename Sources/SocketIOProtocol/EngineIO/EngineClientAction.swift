/// What the owner of a client session is to do, in order.
public enum EngineClientAction: Hashable, Sendable {
    /// Open a WebSocket at `?EIO=4&transport=websocket`, with `&sid=` when given.
    case openWebSocket(sessionID: String?)
    /// GET `?EIO=4&transport=polling`, with `&sid=` when given.
    case get(sessionID: String?)
    /// POST this body (content type `text/plain; charset=UTF-8`) to `?EIO=4&transport=polling&sid=`.
    case post(sessionID: String, body: [UInt8])
    /// Send a text frame.
    case sendWebSocketText([UInt8])
    /// Send a binary frame.
    case sendWebSocketBinary([UInt8])
    /// Close the WebSocket, after what was sent before.
    case closeWebSocket(code: UInt16)
    /// Drop the GET and the POST that have no answer; none will be looked at.
    case cancelRequests
    /// The handshake is there.
    case opened(EngineHandshake)
    /// The session moved to the WebSocket.
    case upgraded
    /// A message from the server.
    case deliver(EngineMessage)
    /// The session is over. Comes exactly once and last.
    case closed(EngineClientCloseReason)
}

/// Why a client session ended.
public enum EngineClientCloseReason: String, Error, Hashable, Sendable, CaseIterable {
    /// The server sent a close packet, or answered a request with an error.
    case closedByServer
    /// `close` was called.
    case closedByClient
    /// The server could not be reached, or the transport went away.
    case transportClosed
    /// No handshake in time.
    case handshakeTimeout
    /// No ping within `pingInterval + pingTimeout`.
    case pingTimeout
    /// Something that is no packet, or no handshake.
    case malformedPacket
    /// A packet that a server may not send here.
    case unexpectedPacket
    /// A message larger than `maxPayload`.
    case payloadTooLarge
    /// More waits to be sent than `maxBufferedBytes`.
    case bufferOverflow
}
