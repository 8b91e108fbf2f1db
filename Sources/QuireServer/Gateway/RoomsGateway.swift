import SocketIO
import SocketIOProtocol

/// `/rooms`: conversations by name. A socket is in one room at a time and hears what is said there.
struct RoomsGateway: Sendable {
    /// `joinRoom`, `leaveRoom` and `getRoomMembers`.
    struct RoomName: EventPayload {
        var room: String

        func validate(_ check: inout FieldChecks) { check("room", self.room, .notBlank, .length(1...64)) }
    }

    /// `sendRoomMessage`; for `id` see ``ChatGateway/Message``.
    struct Message: EventPayload {
        var room: String
        var message: String
        var id: String?

        func validate(_ check: inout FieldChecks) {
            check("room", self.room, .notBlank, .length(1...64))
            check("message", self.message, .notBlank, .length(1...500))
            check("id", self.id, .length(8...64))
        }
    }

    /// `newRoomMessage`, to the members.
    struct NewMessage: Encodable {
        var username: String
        var room: String
        var message: String
        var id: String?
        var timestamp = WallClock.timestamp()
    }

    /// `userJoinedRoom` and `userLeftRoom`, to the members.
    struct Presence: Encodable {
        var username: String
        var room: String
        var timestamp = WallClock.timestamp()
    }

    /// The ack of `joinRoom`.
    struct Joined: Encodable {
        var success = true
        var room: String
        var members: Int
    }

    /// The ack of `leaveRoom` and `sendRoomMessage`.
    struct Done: Encodable { var success = true }

    /// The ack of `getRoomMembers`.
    struct Members: Encodable {
        var room: String
        var memberCount: Int
        var socketIds: [String]
        var usernames: [String]
    }

    /// Before what clients call a room: theirs are never a socket's id nor `user:<sub>`, which nobody may listen in on.
    private static let prefix = "room:"

    let entrance: GatewayEntrance
    let sentMessages: SentMessages
    private let roster = Roster()

    init(entrance: GatewayEntrance, sentMessages: SentMessages) {
        self.entrance = entrance
        self.sentMessages = sentMessages
    }

    func install(on sockets: SocketIOServer) {
        let rooms = sockets.of("/rooms")
        for event in ["joinRoom", "leaveRoom", "sendRoomMessage", "getRoomMembers"] {
            rooms.limit(event, to: RateLimit(perSecond: 10, burst: 20))
        }
        entrance.open(rooms) { socket, principal in welcome(socket, principal, in: rooms) }
    }

    private func welcome(_ socket: Socket, _ principal: Principal, in rooms: Namespace) {
        let name = principal.user.name
        let sender = principal.user.isAnonymous ? socket.id : principal.user.id

        socket.on("joinRoom") { (wish: RoomName) throws -> Joined in
            for other in joined(socket) where other != wish.room { try leave(socket, name, other) }
            if !joined(socket).contains(wish.room) {
                socket.join(Self.prefix + wish.room)
                try rooms.to(Self.prefix + wish.room).emit("userJoinedRoom", Presence(username: name, room: wish.room))
            }
            roster.add(socket.id, name: name, to: wish.room)
            return Joined(room: wish.room, members: roster.members(of: wish.room).count)
        }
        socket.on("leaveRoom") { (wish: RoomName) throws -> Done in
            if joined(socket).contains(wish.room) { try leave(socket, name, wish.room) }
            return Done()
        }
        socket.on("sendRoomMessage") { (message: Message) throws -> Done in
            guard joined(socket).contains(message.room) else {
                throw EventError(code: "NOT_JOINED", message: "You must join the room first", isRetryable: true)
            }
            if sentMessages.isNew(message.id, from: sender) {
                let (room, text) = (message.room, message.message)
                try rooms.to(Self.prefix + room)
                    .emit("newRoomMessage", NewMessage(username: name, room: room, message: text, id: message.id))
            }
            return Done()
        }
        socket.on("getRoomMembers") { (wish: RoomName) -> Members in
            let all = roster.members(of: wish.room)
            return Members(room: wish.room, memberCount: all.count, socketIds: all.map(\.socket), usernames: all.map(\.name))
        }
        socket.onDisconnecting { _ in
            for room in joined(socket) {
                roster.remove(socket.id, from: room)
                try? socket.to(Self.prefix + room).emit("userLeftRoom", Presence(username: name, room: room))
            }
        }
        // One that recovered its state is in its room already.
        for room in joined(socket) {
            roster.add(socket.id, name: name, to: room)
            try? socket.to(Self.prefix + room).emit("userJoinedRoom", Presence(username: name, room: room))
        }
    }

    private func joined(_ socket: Socket) -> [String] {
        socket.rooms.filter { $0.hasPrefix(Self.prefix) }.map { String($0.dropFirst(Self.prefix.count)) }
    }

    private func leave(_ socket: Socket, _ name: String, _ room: String) throws {
        socket.leave(Self.prefix + room)
        roster.remove(socket.id, from: room)
        try socket.to(Self.prefix + room).emit("userLeftRoom", Presence(username: name, room: room))
    }
}
