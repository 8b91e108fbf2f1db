import NIOCore
import SocketIO
import SocketIOProtocol

/// What real clients are tested against, besides what ``SuiteApp`` offers.
enum ClientFixture {
    static func install(on namespace: Namespace) {
        namespace.onConnection { socket in
            self.rooms(socket)
            self.questions(socket)
            self.state(socket)
            self.bursts(socket)
        }
    }

    /// Lets in only who knows the token.
    static func secure(_ namespace: Namespace, token: String) {
        namespace.use { _, handshake throws(ConnectError) in
            guard handshake.auth["token"]?.stringValue == token else {
                throw ConnectError(message: "not authorized", data: ["code": "E_AUTH"])
            }
        }
    }

    private static func rooms(_ socket: Socket) {
        // Whatever a client calls a room is its name: the reference takes any value, and answers "ok".
        socket.on("join") { args, ack in
            for room in self.roomNames(args.first) { socket.join(room) }
            ack("ok")
        }
        socket.on("leave") { args, ack in
            for room in self.roomNames(args.first) { socket.leave(room) }
            ack("ok")
        }
        socket.on("room-send") { (room: JSON, data: JSON) in
            self.roomNames(room).reduce(socket.broadcast) { $0.to($1) }.emit("room-message", room, data)
            return "ok"
        }
        socket.on("room-send-all") { (room: JSON, data: JSON) in
            self.roomNames(room).reduce(socket.namespace.everybody) { $0.to($1) }.emit("room-message", room, data)
            return "ok"
        }
        socket.on("broadcast") { (data: JSON) in
            socket.broadcast.emit("broadcast-message", data)
            return "ok"
        }
    }

    /// The rooms an argument names: a list is several, what is no string is named by its JSON.
    private static func roomNames(_ argument: JSON?) -> [String] {
        switch argument {
        case .array(let rooms): rooms.flatMap { self.roomNames($0) }
        case .string(let room): [room]
        case let other: [String(decoding: (other ?? .null).serialize(), as: UTF8.self)]
        }
    }

    private static func questions(_ socket: Socket) {
        // Not in an `async` handler: the client may ask for something else before it answers.
        socket.on("ask-me") { args, ack in
            socket.emitWithAck("question", args, timeout: .minutes(10)).whenSuccess { ack.send($0) }
        }
        socket.on("ask-me-timeout") { args, ack in
            let limit = TimeAmount.milliseconds(Int64(args.first?.intValue ?? 0))
            socket.emitWithAck("question-ignored", [], timeout: limit).whenComplete { result in
                if case .success = result { ack("answered") } else { ack("timeout") }
            }
        }
        socket.on("no-ack") { _, _ in }
    }

    private static func state(_ socket: Socket) {
        socket.on("set-data") { (value: JSON) in
            socket.data = value
            return "ok"
        }
        socket.on("whoami") { () -> JSON in
            let query = socket.handshake.query.sorted { $0.key < $1.key }
            return [
                "sid": .string(socket.id),
                "rooms": .array(socket.rooms.sorted().map { .string($0) }),
                "auth": socket.handshake.auth,
                "query": .object(JSONObject(query.map { ($0.key, .string($0.value)) })),
                "recovered": .bool(socket.isRecovered),
                "data": socket.data as? JSON ?? .null,
                "transport": .string(socket.transport.rawValue),
            ]
        }
        // Not in an `async` handler either: `message` comes back at once, whatever was asked before.
        socket.on("peers") { _, ack in
            Task { ack(.array(await socket.namespace.fetchSockets().map(\.id).sorted().map { .string($0) })) }
        }
        socket.on("kick-me") { (close: Bool?) in
            socket.disconnect(close: close ?? false)
        }
    }

    private static func bursts(_ socket: Socket) {
        socket.on("volatile-burst") { (count: Int) in
            socket.emit("burst-start", .int(count))
            for index in 0..<max(0, count) { socket.volatile.emit("burst-tick", .int(index)) }
            socket.emit("burst-end", .int(count))
        }
        socket.on("flood") { (count: Int) in
            for index in 0..<max(0, count) { socket.emit("flood-item", .int(index)) }
            socket.emit("flood-end", .int(count))
        }
    }
}
