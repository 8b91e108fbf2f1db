public import NIOCore
public import SocketIOProtocol

/// One Engine.IO session as an application without Socket.IO sees it: whole messages, text or binary, both ways.
///
/// It lives on ``eventLoop``: `onMessage` and `onClose` are for that loop only, and so their handlers are called there.
/// `send` and `close` may be used from any thread; calls from one thread keep their order.
///
/// `@unchecked Sendable`: the handlers are confined to the loop, which the methods assert; all else never changes.
public final class EngineSocket: @unchecked Sendable {
    /// The session's id; a secret, since whoever knows it can poll the session.
    public var id: String { self.connection.id }
    /// The first request of the session; `auth` is empty, for it belongs to Socket.IO.
    public let handshake: Handshake
    /// The loop the session lives on.
    public let eventLoop: any EventLoop

    private let connection: EngineConnection
    private var messageHandler: ((EngineMessage) -> Void)?
    private var closeHandler: ((DisconnectReason) -> Void)?

    init(connection: EngineConnection) {
        self.connection = connection
        self.handshake = Handshake(connection.info, auth: [:])
        self.eventLoop = connection.loop.eventLoop
    }

    /// The transport in use.
    ///
    /// On the loop only.
    public var transport: EngineTransport { self.connection.transport }

    /// Handles every message, in order; a second handler replaces the first.
    ///
    /// On the loop only.
    public func onMessage(_ handler: @escaping (EngineMessage) -> Void) {
        self.eventLoop.preconditionInEventLoop()
        self.messageHandler = handler
    }

    /// Is told, once, that the session is over.
    ///
    /// On the loop only.
    public func onClose(_ handler: @escaping (DisconnectReason) -> Void) {
        self.eventLoop.preconditionInEventLoop()
        self.closeHandler = handler
    }

    /// Sends a message; does nothing once the session is over.
    ///
    /// - Parameter message: at most what the client takes, which the server does not know; text is meant to be UTF-8.
    public func send(_ message: EngineMessage) {
        self.connection.run { self.connection.enqueue([message], namespace: "/") }
    }

    /// Ends the session; what was sent still goes out.
    public func close() {
        self.connection.run { self.connection.close(.forcedServerClose) }
    }
}

// MARK: - What the connection does, on the loop

extension EngineSocket {
    func didReceive(_ message: EngineMessage) {
        self.messageHandler?(message)
    }

    /// The end; handlers are let go, for they usually hold the socket.
    func didClose(_ reason: DisconnectReason) {
        let handler = self.closeHandler
        self.messageHandler = nil
        self.closeHandler = nil
        handler?(reason)
    }
}
