import SocketIO
import SocketIOProtocol

/// `/chat`: one conversation of everybody who is connected.
///
/// Also an example of the library: typed payloads with rules, acks, rates, and a socket that comes back. Names are those of
/// the tokens; what a client says of itself is ignored.
struct ChatGateway: Sendable {
    /// `joinChat`.
    struct Join: EventPayload {}

    /// The ack of `joinChat`.
    struct Joined: Encodable {
        var success = true
        var username: String
    }

    /// `sendMessage`; with an `id` that the client makes it may be sent again when its ack was lost.
    struct Message: EventPayload {
        var message: String
        var id: String?

        func validate(_ check: inout FieldChecks) {
            check("message", self.message, .notBlank, .length(1...500))
            check("id", self.id, .length(8...64))
        }
    }

    /// `newMessage`, to everybody.
    struct NewMessage: Encodable {
        var username: String
        var message: String
        var id: String?
        var timestamp = WallClock.timestamp()
    }

    /// The ack of `sendMessage`.
    struct Done: Encodable { var success = true }

    /// `typing`.
    struct Typing: EventPayload { var isTyping: Bool }

    /// `userTyping`, to the others.
    struct UserTyping: Encodable {
        var username: String
        var isTyping: Bool
    }

    /// `userJoined` and `userLeft`.
    struct Presence: Encodable {
        var username: String
        var timestamp = WallClock.timestamp()
    }

    /// Those who joined; it survives recovery, so who comes back need not join again.
    private static let joined = "joined"

    /// The names that `onlineUsers` has at most, beside the count of all: else a thousand who join one after the other are
    /// sent half a million names.
    private static let maximumNames = 100

    let entrance: GatewayEntrance
    let sentMessages: SentMessages
    private let roster = Roster()

    func install(on sockets: SocketIOServer) {
        let chat = sockets.of("/chat")
        let events = ["joinChat", "sendMessage", "typing"]
        for event in events { chat.limit(event, to: RateLimit(perSecond: 10, burst: 20)) }
        roster.share(in: chat)
        entrance.open(chat) { socket, visitor in welcome(socket, visitor, in: chat) }
    }

    private func welcome(_ socket: Socket, _ visitor: GatewayEntrance.Visitor, in chat: Namespace) {
        let name = visitor.name
        socket.emit("welcome", ["message": "Welcome to the chat!", "timestamp": .string(WallClock.timestamp())])

        socket.on("joinChat") { (_: Join?) throws -> Joined in
            try join(socket, name, in: chat, tell: chat.everybody)
            return Joined(username: name)
        }
        socket.on("sendMessage") { (message: Message) throws -> Done in
            guard socket.rooms.contains(Self.joined) else { throw EventError.notJoined("chat") }
            if sentMessages.isNew(message.id, from: visitor.identity, in: Self.joined) {
                try chat.emit("newMessage", NewMessage(username: name, message: message.message, id: message.id))
            }
            return Done()
        }
        socket.on("typing") { (typing: Typing) throws -> Void in
            guard socket.rooms.contains(Self.joined) else { return }
            try socket.broadcast.volatile.emit("userTyping", UserTyping(username: name, isTyping: typing.isTyping))
        }
        socket.onDisconnecting { _ in
            guard roster.remove(socket.id, from: Self.joined) else { return }
            try? socket.broadcast.emit("userLeft", Presence(username: name))
        }
        if socket.rooms.contains(Self.joined) { try? join(socket, name, in: chat, tell: socket.broadcast) }
    }

    private func join(
        _ socket: Socket,
        _ name: String,
        in chat: Namespace,
        tell receivers: BroadcastOperator
    ) throws {
        socket.join(Self.joined)
        if roster.add(socket.id, name: name, to: Self.joined) {
            try receivers.emit("userJoined", Presence(username: name))
        }
        guard chat.isClustered else {
            return tell(socket, roster.members(of: Self.joined, limit: Self.maximumNames))
        }
        Task { tell(socket, await roster.members(of: Self.joined, limit: Self.maximumNames, in: chat)) }
    }

    private func tell(_ socket: Socket, _ online: (first: [Roster.Member], count: Int)) {
        let names = online.first.map { JSON.string($0.name) }
        socket.emit("onlineUsers", ["users": .array(names), "count": .int(online.count)])
    }
}
