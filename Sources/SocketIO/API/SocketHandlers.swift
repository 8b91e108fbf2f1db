import SocketIOProtocol

/// What the application has registered with a socket; confined to the socket's loop.
struct SocketHandlers {
    /// How an event is handled.
    enum Handler {
        /// On the loop, at once.
        case sync((_ args: [JSON], _ ack: Ack) throws -> Void)
        /// In a task; what comes meanwhile waits.
        case async(@Sendable @concurrent (_ args: [JSON], _ ack: Ack) async throws -> Void)
    }

    var byEvent: [WireName: Handler] = [:]
    var unhandled: ((_ event: String, _ args: [JSON], _ ack: Ack) -> Void)?
    var observers: [(_ event: String, _ args: [JSON]) -> Void] = []
    var disconnecting: [(DisconnectReason) -> Void] = []
    var disconnect: [(DisconnectReason) -> Void] = []
    var drain: (() -> Void)?
    var overflow: (() -> Void)?
    var backlog: (limit: Int, handler: () -> Void)?
}
