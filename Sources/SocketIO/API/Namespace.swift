import NIOConcurrencyHelpers
public import SocketIOProtocol

/// A channel of communication that clients enter separately: `/`, `/docs`, `/admin`.
///
/// Everything here may be called from any thread. Register middleware and handlers before the server takes connections: a
/// namespace exists for clients from the moment ``SocketIOServer/of(_:)`` was asked for it.
public final class Namespace: Sendable {
    /// Decides whether a socket may enter: returns to let it in, throws to keep it out.
    ///
    /// Runs off the event loop, one after the other in the order of registration. What the client sends meanwhile waits.
    public typealias Middleware = @Sendable (Socket, Handshake) async throws(ConnectError) -> Void

    private struct State {
        var middleware: [Middleware] = []
        var connectionHandlers: [@Sendable (Socket) -> Void] = []
        var socketCount = 0
    }

    /// The namespace's name, beginning with a slash.
    public let name: String

    let loops: LoopTable
    private let state = NIOLockedValueBox(State())

    init(name: String, loops: LoopTable) {
        self.name = name
        self.loops = loops
    }

    /// Adds a middleware.
    public func use(_ middleware: @escaping Middleware) {
        self.state.withLockedValue { $0.middleware.append(middleware) }
    }

    /// Is told of each new socket, on the socket's loop, right after the reply to its CONNECT was queued.
    public func onConnection(_ handler: @escaping @Sendable (Socket) -> Void) {
        self.state.withLockedValue { $0.connectionHandlers.append(handler) }
    }

    /// Sends an event to every socket.
    public func emit(_ event: String, _ args: JSON...) {
        self.everybody.emit(preencoded: EncodedPacket(namespace: self.name, event: event, args: args))
    }

    /// Sends an event that was encoded once to every socket.
    public func emit(preencoded packet: EncodedPacket) {
        self.everybody.emit(preencoded: packet)
    }

    /// Everybody in any of these rooms.
    ///
    /// A socket's id is a room with that socket in it.
    public func to(_ rooms: String...) -> BroadcastOperator {
        BroadcastOperator(namespace: self, rooms: rooms, exceptSocket: nil)
    }

    /// Everybody but who is in any of these rooms.
    public func except(_ rooms: String...) -> BroadcastOperator {
        self.everybody.except(rooms)
    }

    /// Everybody.
    public var everybody: BroadcastOperator {
        BroadcastOperator(namespace: self, rooms: [], exceptSocket: nil)
    }

    /// Puts every socket out of the namespace, or with `close` ends their connections.
    public func disconnectSockets(close: Bool = false) {
        self.everybody.disconnectSockets(close: close)
    }

    /// The number of sockets in the namespace.
    public var socketCount: Int { self.state.withLockedValue { $0.socketCount } }

    var middleware: [Middleware] { self.state.withLockedValue { $0.middleware } }

    func socketConnected(_ socket: Socket) {
        let handlers = self.state.withLockedValue { state in
            state.socketCount += 1
            return state.connectionHandlers
        }
        // The handlers behind one that turns the socket away have missed it.
        for handler in handlers where socket.isConnected { handler(socket) }
    }

    func socketDisconnected() {
        self.state.withLockedValue { $0.socketCount -= 1 }
    }
}
