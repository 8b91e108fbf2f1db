import NIOCore
public import SocketIOProtocol

// Handlers usually hold the socket; one that is set behind the end would do so for ever.

extension Socket {
    /// Handles an event, with its arguments as they came; a second handler for the same event replaces the first.
    ///
    /// On the loop only. Does nothing once the socket is disconnected, like all that follow.
    ///
    /// What the handler throws is the ack: an ``EventError`` as it says, anything else as `INTERNAL`.
    public func on(_ event: String, _ handler: @escaping EventHandler) {
        self.set(event, .sync(handler))
    }

    /// The same with an `async` handler.
    ///
    /// While it runs, later events of the socket wait, so their order is kept; answers to what the server asks do not.
    /// More than ``SocketIOConfiguration/maxQueuedEvents`` are refused with ``EventError/busy``. It runs to its end even
    /// when the socket is disconnected meanwhile, and so do those that waited.
    public func on(
        _ event: String,
        _ handler: @escaping @Sendable @concurrent (_ args: [JSON], _ ack: Ack) async throws -> Void
    ) {
        self.set(event, .async(handler))
    }

    /// Takes the handler of an event away.
    ///
    /// On the loop only.
    public func off(_ event: String) {
        self.eventLoop.preconditionInEventLoop()
        self.handlers.byEvent[WireName(event)] = nil
    }

    /// Handles every event that has no handler of its own.
    ///
    /// On the loop only.
    public func onUnhandled(_ handler: @escaping (_ event: String, _ args: [JSON], _ ack: Ack) -> Void) {
        self.eventLoop.preconditionInEventLoop()
        if self.isConnected { self.handlers.unhandled = handler }
    }

    /// Sees every event before its handler does.
    ///
    /// On the loop only.
    public func onAny(_ observer: @escaping (_ event: String, _ args: [JSON]) -> Void) {
        self.eventLoop.preconditionInEventLoop()
        if self.isConnected { self.handlers.observers.append(observer) }
    }

    /// Bounds how often the client may send an event.
    ///
    /// On the loop only. What is beyond is refused with the ack ``EventError/rateLimited``; the connection's own rate,
    /// ``SocketIOConfiguration/messageRate``, holds besides.
    public func limit(_ event: String, to rate: RateLimit) {
        self.eventLoop.preconditionInEventLoop()
        if self.isConnected { self.rates[WireName(event)] = TokenBucket(rate, now: .now()) }
    }

    /// Is told, once, that the socket is about to leave its namespace; it is still in its rooms.
    ///
    /// On the loop only.
    public func onDisconnecting(_ handler: @escaping (DisconnectReason) -> Void) {
        self.eventLoop.preconditionInEventLoop()
        if self.isConnected { self.handlers.disconnecting.append(handler) }
    }

    /// Is told, once, that the socket has left its namespace; it has left its rooms by then.
    ///
    /// On the loop only.
    public func onDisconnect(_ handler: @escaping (DisconnectReason) -> Void) {
        self.eventLoop.preconditionInEventLoop()
        if self.isConnected { self.handlers.disconnect.append(handler) }
    }

    /// Is told that the connection has taken everything after it had fallen behind.
    ///
    /// On the loop only.
    public func onDrain(_ handler: @escaping () -> Void) {
        self.eventLoop.preconditionInEventLoop()
        if self.isConnected { self.handlers.drain = handler }
    }

    /// Makes the socket a slow consumer that can be helped: past `maxBufferedBytes` its droppable packets are dropped,
    /// this handler is told, and droppable packets go on being dropped until ``onDrain(_:)`` is told.
    ///
    /// On the loop only.
    ///
    /// The handler comes in a later turn of the loop, never from inside an `emit`, and always before the drain's.
    public func onOverflow(_ handler: @escaping () -> Void) {
        self.eventLoop.preconditionInEventLoop()
        if self.isConnected { self.handlers.overflow = handler }
    }

    /// Is told when more bytes than `limit` wait for the connection after it was sent what it takes: at the end of each such
    /// turn of the loop.
    ///
    /// On the loop only. Nothing is dropped; that is for the handler to bring about.
    public func onBacklog(above limit: Int, _ handler: @escaping () -> Void) {
        self.eventLoop.preconditionInEventLoop()
        if self.isConnected { self.handlers.backlog = (limit, handler) }
    }

    func set(_ event: String, _ handler: SocketHandlers.Handler) {
        self.eventLoop.preconditionInEventLoop()
        if self.isConnected { self.handlers.byEvent[WireName(event)] = handler }
    }
}
