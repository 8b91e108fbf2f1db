import NIOCore
import SocketIO
import SocketIOProtocol

/// `/rooms`: conversations by name, of which a socket is in one at a time.
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

    /// Before clients' names of rooms: they shall not listen in on `user:<sub>`, nor on a socket's id.
    private static let prefix = "room:"

    let entrance: GatewayEntrance
    let sentMessages: SentMessages
    private let roster = Roster()

    func install(on sockets: SocketIOServer) {
        let rooms = sockets.of("/rooms")
        let events = ["joinRoom", "leaveRoom", "sendRoomMessage", "getRoomMembers"]
        for event in events { rooms.limit(event, to: RateLimit(perSecond: 10, burst: 20)) }
        roster.share(in: rooms)
        entrance.open(rooms) { socket, visitor in welcome(socket, visitor, in: rooms) }
    }

    private func welcome(_ socket: Socket, _ visitor: GatewayEntrance.Visitor, in rooms: Namespace) {
        let name = visitor.name
        if rooms.isClustered {
            answerForAllServers(socket, name, in: rooms)
        } else {
            answerForThisServer(socket, name, in: rooms)
        }
        socket.on("leaveRoom") { (wish: RoomName) throws -> ChatGateway.Done in
            if isIn(wish.room, socket) { try leave(socket, name, wish.room) }
            return ChatGateway.Done()
        }
        socket.on("sendRoomMessage") { (message: Message) throws -> ChatGateway.Done in
            guard isIn(message.room, socket) else { throw EventError.notJoined("room") }
            let place = Self.prefix + message.room
            guard sentMessages.isNew(message.id, from: visitor.identity, in: place) else { return ChatGateway.Done() }
            let said = NewMessage(username: name, room: message.room, message: message.message, id: message.id)
            try rooms.to(place).emit("newRoomMessage", said)
            return ChatGateway.Done()
        }
        // It stays in the room itself, in case it comes back.
        socket.onDisconnecting { _ in for room in joined(socket) { try? tellLeft(socket, name, room) } }
        // One that recovered its state is in its room already.
        for room in joined(socket) {
            roster.add(socket.id, name: name, to: room)
            try? socket.to(Self.prefix + room).emit("userJoinedRoom", Presence(username: name, room: room))
        }
    }

    /// What counts the members, where all of them are here.
    private func answerForThisServer(_ socket: Socket, _ name: String, in rooms: Namespace) {
        socket.on("joinRoom") { (wish: RoomName) throws -> Joined in
            try enter(socket, name, wish.room, in: rooms)
            return Joined(room: wish.room, members: roster.count(of: wish.room))
        }
        socket.on("getRoomMembers") { (wish: RoomName) throws -> JSON in
            guard isIn(wish.room, socket) else { throw EventError.notJoined("room") }
            return Self.members(of: wish.room, roster.members(of: wish.room, limit: Self.maximumIDs))
        }
    }

    /// The same where other servers have to be asked, for which later events of the socket wait.
    private func answerForAllServers(_ socket: Socket, _ name: String, in rooms: Namespace) {
        socket.on("joinRoom") { (wish: RoomName) async throws -> Joined in
            try await socket.eventLoop.submit { try enter(socket, name, wish.room, in: rooms) }.get()
            return Joined(room: wish.room, members: await roster.members(of: wish.room, limit: 0, in: rooms).count)
        }
        socket.on("getRoomMembers") { (wish: RoomName) async throws -> JSON in
            guard try await socket.eventLoop.submit({ isIn(wish.room, socket) }).get() else {
                throw EventError.notJoined("room")
            }
            return Self.members(
                of: wish.room,
                await roster.members(of: wish.room, limit: Self.maximumIDs, in: rooms)
            )
        }
    }

    /// The sockets that `getRoomMembers` names at most, beside the count of all.
    private static let maximumIDs = 1000

    private static func members(of room: String, _ members: (first: [Roster.Member], count: Int)) -> JSON {
        let ids = JSON.array(members.first.map { .string($0.socket) })
        return ["room": .string(room), "memberCount": .int(members.count), "socketIds": ids]
    }

    private func enter(_ socket: Socket, _ name: String, _ room: String, in rooms: Namespace) throws {
        if !isIn(room, socket) {
            for other in joined(socket) { try leave(socket, name, other) }
            socket.join(Self.prefix + room)
            try rooms.to(Self.prefix + room).emit("userJoinedRoom", Presence(username: name, room: room))
        }
        roster.add(socket.id, name: name, to: room)
    }

    private func isIn(_ room: String, _ socket: Socket) -> Bool { socket.rooms.contains(Self.prefix + room) }

    private func joined(_ socket: Socket) -> [String] {
        // A name may begin with an accent, which a `Character` would take for part of the prefix.
        socket.rooms.filter { $0.utf8.starts(with: Self.prefix.utf8) }
            .map { String($0.unicodeScalars.dropFirst(Self.prefix.count)) }
    }

    private func leave(_ socket: Socket, _ name: String, _ room: String) throws {
        socket.leave(Self.prefix + room)
        try tellLeft(socket, name, room)
    }

    private func tellLeft(_ socket: Socket, _ name: String, _ room: String) throws {
        roster.remove(socket.id, from: room)
        try socket.to(Self.prefix + room).emit("userLeftRoom", Presence(username: name, room: room))
    }
}
