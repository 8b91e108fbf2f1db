import NIOCore
import SocketIO
import SocketIOProtocol

/// Ends a connection when its token ends.
///
/// `@unchecked Sendable`: touched on the socket's loop only.
final class TokenExpiry: @unchecked Sendable {
    private let socket: Socket
    private let end: Double
    private var timer: Scheduled<Void>?

    private init(socket: Socket, end: Double) {
        self.socket = socket
        self.end = end
    }

    /// Watches one socket from now on.
    ///
    /// On the socket's loop only.
    static func watch(_ socket: Socket, end: Double) {
        let expiry = TokenExpiry(socket: socket, end: end)
        expiry.schedule()
        socket.onDisconnect { _ in expiry.cancel() }
    }

    private func schedule() {
        // In steps of a day at most, since an end may lie further away than a timer reaches.
        let seconds = min(max(end - WallClock.now, 0), 86_400)
        timer = socket.eventLoop.scheduleTask(in: .milliseconds(Int64(seconds * 1000) + 1)) { [self] in
            guard end <= WallClock.now else { return schedule() }
            socket.emit("closing", ["reason": "TOKEN_EXPIRED", "retryAfter": 0])
            socket.disconnect()
        }
    }

    private func cancel() {
        timer?.cancel()
        timer = nil
    }
}
