import NIOCore
import SocketIO
import SocketIOProtocol

/// Ends a socket when its token ends.
///
/// `@unchecked Sendable`: touched on the socket's loop only.
final class TokenExpiry: @unchecked Sendable {
    private let socket: Socket
    private var end: Double
    private var timer: Scheduled<Void>?
    private var isOver = false

    /// `end`: seconds since 1970.
    init(socket: Socket, end: Double) {
        self.socket = socket
        self.end = end
    }

    /// Waits for the end.
    func schedule() {
        // In steps of a day at most, since an end may lie further away than a timer reaches.
        let seconds = min(max(end - WallClock.now, 0), 86_400)
        timer = socket.eventLoop.scheduleTask(in: .milliseconds(Int64(seconds * 1000) + 1)) { [self] in
            guard end <= WallClock.now else { return schedule() }
            SocketAuthentication.end(socket, .tokenExpired)
        }
    }

    /// Another token takes the place of the one that would have ended; nil for one without an end.
    func renew(until end: Double?) {
        guard !isOver else { return }
        timer?.cancel()
        timer = nil
        guard let end else { return }
        self.end = end
        schedule()
    }

    /// The socket is gone.
    func cancel() {
        isOver = true
        timer?.cancel()
        timer = nil
    }
}
