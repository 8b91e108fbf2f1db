import SocketIO
import SocketIOProtocol

/// `user:<sub>`: what a user is told wherever it is connected, in `/`, `/chat` and `/rooms`.
struct Notifications: Sendable {
    /// The event.
    static let event = "notification"

    let sockets: SocketIOServer
    let entrance: GatewayEntrance

    /// Makes the namespace for clients that want nothing else.
    func install() {
        entrance.open(sockets.of("/")) { _, _ in }
    }

    /// Sends a notification to every socket of a user.
    ///
    /// - Parameters:
    ///   - user: the `sub` of its tokens.
    ///   - content: what it says; `id` and `timestamp` are added, so that a client with several sockets shows it once.
    /// - Returns: the notification's id, and how many sockets are connected to get it.
    func send(to user: String, _ content: JSONObject) async -> (id: String, sockets: Int) {
        let room = SocketAuthentication.room(of: user)
        let id = String(UInt64.random(in: .min ... .max), radix: 36)
        var notification = content
        notification["id"] = .string(id)
        notification["timestamp"] = .string(WallClock.timestamp())
        var count = 0
        // Told first, then counted: to ask other servers may take a while.
        let receivers = ["/", "/chat", "/rooms"].map { sockets.of($0).to(room) }
        for some in receivers { some.emit(Self.event, .object(notification)) }
        await withTaskGroup(of: Int.self) { group in
            for some in receivers { group.addTask { await some.fetchSockets().count } }
            for await part in group { count += part }
        }
        return (id, count)
    }
}
