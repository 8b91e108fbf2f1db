import Foundation
import SocketIO
import SocketIOProtocol

/// What several servers do together, asked for by clients, so that tests see it from outside.
enum ClusterFixture {
    static func install(on namespace: Namespace) {
        namespace.onServerSide("who") { arguments in
            // Silent on demand, as a server that has no handler is.
            arguments.first == "nobody" ? nil : ["pid": .int(Int(getpid())), "said": .array(arguments)]
        }
        namespace.onConnection { socket in
            self.questions(socket)
            self.orders(socket)
        }
    }

    /// Not in `async` handlers: the client may say something else before the answers are there.
    private static func questions(_ socket: Socket) {
        let namespace = socket.namespace
        socket.on("ask-all") { args, ack in
            let room = args.first?.stringValue
            let limit = Duration.milliseconds(args.count > 1 ? args[1].intValue ?? 1000 : 1000)
            let question = Array(args.dropFirst(2))
            let receivers = room.map { namespace.to($0) } ?? namespace.everybody
            Task {
                let answers = await receivers.timeout(limit).emitWithAck("question", with: question)
                ack(["responses": .array(answers.responses.map { .array($0) }), "missing": .int(answers.missing)])
            }
        }
        socket.on("ask-servers") { args, ack in
            Task {
                let answers = await namespace.serverSideEmitWithAck("who", args, timeout: .seconds(2))
                ack(.array(answers))
            }
        }
        socket.on("find") { args, ack in
            let receivers = args.first?.stringValue.map { namespace.to($0) } ?? namespace.everybody
            Task {
                let found = await receivers.fetchSockets().sorted { $0.id < $1.id }
                ack(
                    .array(
                        found.map { one in
                            [
                                "id": .string(one.id), "rooms": .array(one.rooms.sorted().map { .string($0) }),
                                "auth": one.auth, "data": one.data, "local": .bool(one.local != nil),
                            ]
                        }
                    )
                )
            }
        }
        socket.on("all-rooms") { _, ack in
            Task { ack(.array(await namespace.allRooms().sorted().map { .string($0) })) }
        }
        socket.on("count-servers") { _, ack in
            Task { ack(.int(await namespace.serverCount())) }
        }
    }

    private static func orders(_ socket: Socket) {
        let namespace = socket.namespace
        socket.on("bring") { (from: String, to: String) in
            namespace.to(from).socketsJoin(to)
            return "ok"
        }
        socket.on("send-away") { (from: String, to: String) in
            namespace.to(from).socketsLeave(to)
            return "ok"
        }
        socket.on("put-out") { (room: String, except: String, close: Bool) in
            namespace.to(room).except(except).disconnectSockets(close: close)
            return "ok"
        }
        socket.on("tell") { (room: String, except: String, what: JSON) in
            namespace.to(room).except(except).emit("told", what)
            return "ok"
        }
        socket.on("tell-here") { (what: JSON) in
            namespace.local.emit("told", what)
            return "ok"
        }
    }
}
