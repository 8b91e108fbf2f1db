import NIOCore
import SocketIO
import SocketIOProtocol
import Testing

@Suite("Namespaces, middleware, rooms and acknowledgements")
struct NamespaceTests {
    @Test("An unknown namespace is refused and the connection lives on")
    func unknownNamespace() async throws {
        try await withServer(setUp: echo) { harness in
            let client = try await harness.webSocket()
            try await client.sendText("40/nope")
            #expect(try await client.receiveText() == #"44/nope,{"message":"Invalid namespace"}"#)
            try await client.sendText("40")
            #expect(try await client.receiveText().hasPrefix("40{"))
        }
    }

    @Test("A namespace has one spelling, and a canonically equivalent one is unknown")
    func equivalentNamespace() async throws {
        try await withServer(setUp: { _ = $0.of("/caf\u{E9}") }) { harness in
            let client = try await harness.socket("/caf\u{E9}")
            try await client.sendText("40/cafe\u{301},")
            #expect(try await client.receiveText().hasSuffix(#",{"message":"Invalid namespace"}"#))
            #expect(harness.server.of("/caf\u{E9}").socketCount == 1)
        }
    }

    @Test("A connection without CONNECT is closed in time")
    func connectTimeout() async throws {
        try await withServer(configure: { $0.connectTimeout = .milliseconds(1500) }, setUp: echo) { harness in
            let silent = try await harness.webSocket()
            let busy = try await harness.socket()
            _ = try await silent.receiveClose(timeout: .seconds(8))
            try await busy.sendText(#"421["ask"]"#)
            #expect(try await busy.receiveText() == "431[]")
        }
    }

    @Test("Middleware runs in order, refuses with message and data, and hands data on")
    func middleware() async throws {
        try await withServer(setUp: { server in
            let namespace = server.of("/docs")
            namespace.use { socket, handshake async throws(ConnectError) in
                guard handshake.auth["token"] == "good" else {
                    throw ConnectError(message: "not authorized", data: ["code": "UNAUTHENTICATED"])
                }
                socket.data = "first"
            }
            namespace.use { socket, _ async throws(ConnectError) in
                socket.data = (socket.data as? String ?? "") + " second"
            }
            namespace.onConnection { socket in
                socket.emit("authenticated", .string(socket.data as? String ?? ""))
            }
        }) { harness in
            let client = try await harness.webSocket()
            try await client.sendText(#"40/docs,{"token":"bad"}"#)
            #expect(
                try await client.receiveText()
                    == #"44/docs,{"message":"not authorized","data":{"code":"UNAUTHENTICATED"}}"#
            )
            try await client.sendText(#"40/docs,{"token":"good"}"#)
            #expect(try await client.receiveText().hasPrefix(#"40/docs,{"sid":"#))
            #expect(try await client.receiveText() == #"42/docs,["authenticated","first second"]"#)
        }
    }

    @Test("Packets that come while middleware runs wait, keep their order, and are bounded")
    func heldPackets() async throws {
        try await withServer(
            configure: { $0.maxPacketsBeforeConnect = 20 },
            setUp: { server in
                echo(server)
                let slow = server.of("/slow")
                slow.use { _, _ async throws(ConnectError) in try? await Task.sleep(for: .milliseconds(200)) }
                slow.onConnection { socket in socket.on("n") { args, ack in ack.send(args) } }
                server.of("/slower").use { _, _ async throws(ConnectError) in try? await Task.sleep(for: .seconds(30)) }
            }
        ) { harness in
            let client = try await harness.webSocket()
            try await client.sendText("40/slow,")
            for index in 0..<20 { try await client.sendText("42/slow,\(index)[\"n\",\(index)]") }
            #expect(try await client.receiveText().hasPrefix("40/slow,"))
            for index in 0..<20 { #expect(try await client.receiveText() == "43/slow,\(index)[\(index)]") }

            let flooding = try await harness.webSocket()
            try await flooding.sendText("40/slower,")
            for index in 0..<21 { try await flooding.sendText("42/slower,\(index)[\"n\",\(index)]") }
            #expect(try await flooding.receiveClose().closeCode == 1008)

            // One that is in a namespace already may have more to say where it enters.
            let settled = try await harness.socket()
            try await settled.sendText("40/slow,")
            for index in 0..<100 { try await settled.sendText("42/slow,\(index)[\"n\",\(index)]") }
            #expect(try await settled.receiveText().hasPrefix("40/slow,"))
            for index in 0..<100 { #expect(try await settled.receiveText() == "43/slow,\(index)[\(index)]") }
        }
    }

    @Test("A client that leaves while middleware runs never becomes a socket")
    func leavesDuringMiddleware() async throws {
        let events = Recorder<String>()
        try await withServer(setUp: { server in
            let slow = server.of("/slow")
            slow.use { _, _ async throws(ConnectError) in
                do { try await Task.sleep(for: .seconds(20)) } catch { events.record("cancelled") }
            }
            slow.onConnection { _ in events.record("connected") }
        }) { harness in
            let client = try await harness.webSocket()
            try await client.sendText("40/slow,")
            try await Task.sleep(for: .milliseconds(50))
            try await client.close()
            try await eventually("the middleware was cancelled") { events.all == ["cancelled"] }
            #expect(harness.server.of("/slow").socketCount == 0)
        }
    }

    /// `join`, `leave`, and ways to say something to others.
    private func rooms(_ server: SocketIOServer) {
        let namespace = server.of("/")
        namespace.onConnection { socket in
            socket.on("join") { args, ack in
                socket.join(args[0].stringValue ?? "")
                ack(.array(socket.rooms.sorted().map { .string($0) }))
            }
            socket.on("leave") { args, ack in
                socket.leave(args[0].stringValue ?? "")
                ack()
            }
            socket.on("id") { _, ack in ack(.string(socket.id)) }
            socket.on("say") { args, _ in
                switch args[0].stringValue ?? "" {
                case "to": socket.to("red").emit("said", args[1])
                case "both": namespace.to("red", "blue").emit("said", args[1])
                case "but": namespace.except("red").emit("said", args[1])
                case "red-but-blue": namespace.to("red").except("blue").emit("said", args[1])
                case "broadcast": socket.broadcast.emit("said", args[1])
                case "all": namespace.emit("said", args[1])
                default: namespace.to(args[0].stringValue ?? "").emit("said", args[1])
                }
            }
        }
    }

    @Test("Rooms, exceptions and broadcasts reach whom they should, once each", arguments: [1, 2])
    func rooms(loops: Int) async throws {
        try await withServer(loops: loops, setUp: self.rooms) { harness in
            // 0: red, 1: red and blue, 2: blue, 3: none.
            var clients: [RawClient] = []
            for _ in 0..<4 { clients.append(try await harness.socket()) }
            for (client, room) in [(0, "red"), (1, "red"), (1, "blue"), (2, "blue")] {
                try await clients[client].sendText("421[\"join\",\"\(room)\"]")
                #expect(try await clients[client].receiveText().hasPrefix("431[["))
            }
            try await clients[3].sendText(#"421["id"]"#)
            let id = String(try await clients[3].receiveText().dropFirst(5).dropLast(2))
            let cases: [(from: Int, how: String, whom: Set<Int>)] = [
                (0, "to", [1]), (3, "to", [0, 1]), (3, "both", [0, 1, 2]), (0, "but", [2, 3]),
                (2, "red-but-blue", [0]), (1, "broadcast", [0, 2, 3]), (0, "all", [0, 1, 2, 3]), (0, id, [3]),
            ]
            for (index, test) in cases.enumerated() {
                try await clients[test.from].sendText(#"42["say","\#(test.how)",\#(index)]"#)
                for whom in test.whom {
                    #expect(try await clients[whom].receiveText() == "42[\"said\",\(index)]", "\(test)")
                }
            }
            try await clients[1].sendText(#"429["leave","red"]"#)
            #expect(try await clients[1].receiveText() == "439[]")
            try await clients[3].sendText(#"42["say","to","last"]"#)
            #expect(try await clients[0].receiveText() == #"42["said","last"]"#)
            // Whoever got too much has it lying before this answer.
            for client in clients {
                try await client.sendText(#"428["leave","x"]"#)
                #expect(try await client.receiveText() == "438[]")
            }
        }
    }

    @Test("A broadcast reaches many, in order, gathered in few writes", arguments: [1, 2])
    func manyReceivers(loops: Int) async throws {
        try await withServer(loops: loops, setUp: self.rooms) { harness in
            var clients: [RawClient] = []
            for _ in 0..<50 {
                let client = try await harness.socket()
                try await client.sendText(#"42["join","red"]"#)
                clients.append(client)
            }
            let sender = try await harness.socket()
            // The joins of the others are handled before their next answer.
            for client in clients {
                try await client.sendText(#"421["leave","x"]"#)
                #expect(try await client.receiveText() == "431[]")
            }
            for index in 0..<100 { try await sender.sendText(#"42["say","to",\#(index)]"#) }
            for client in clients {
                for index in 0..<100 { #expect(try await client.receiveText() == "42[\"said\",\(index)]") }
            }
        }
    }

    @Test("The server asks and is answered, with binary, in time or not at all")
    func serverAsks() async throws {
        let results = Recorder<String>()
        try await withServer(setUp: { server in
            server.of("/").onConnection { socket in
                socket.on("ask-me") { args, _ in
                    let timeout = TimeAmount.milliseconds(Int64(args[0].intValue ?? 0))
                    socket.emitWithAck("question", [.binary([1, 2])], timeout: timeout).whenComplete { result in
                        switch result {
                        case .success(let args):
                            results.record(String(decoding: JSON.array(args).serialize(), as: UTF8.self))
                        case .failure(let error): results.record("\(error)")
                        }
                    }
                }
            }
        }) { harness in
            let client = try await harness.socket()
            try await client.sendText(#"42["ask-me",5000]"#)
            let question = try await client.receiveText()
            #expect(question.hasPrefix("451-") && question.hasSuffix(#"["question",{"_placeholder":true,"num":0}]"#))
            #expect(try await client.receiveFrame() == RawFrame(opcode: 2, payload: [1, 2]))
            let id = question.dropFirst(4).prefix { $0.isNumber }
            try await client.sendText("43\(id)[\"yes\"]")
            try await client.sendText("43\(id)[\"again\"]")
            try await eventually("an answer") { results.all == [#"["yes"]"#] }

            try await client.sendText(#"42["ask-me",50]"#)
            try await eventually("a time-out") { results.all.last == "timeout" }
            try await client.sendText(#"42["ask-me",5000]"#)
            _ = try await client.receiveText()
            try await client.close()
            try await eventually("a disconnect") { results.all.last == "disconnected" }
            #expect(results.all.count == 3)
        }
    }

    @Test("An ack goes out once, from any thread, and not after the end")
    func ackOnce() async throws {
        try await withServer(setUp: { server in
            server.of("/").onConnection { socket in
                socket.on("twice") { _, ack in
                    ack(1)
                    ack(2)
                    socket.emit("wanted", .bool(ack.isWanted))
                }
                socket.on("later") { _, ack in
                    Task {
                        ack("from a task")
                        ack("no more")
                    }
                }
                socket.on("leave") { _, ack in
                    socket.disconnect()
                    ack("too late")
                }
            }
        }) { harness in
            let client = try await harness.socket()
            try await client.sendText(#"421["twice"]"#)
            #expect(try await client.receiveText() == "431[1]")
            #expect(try await client.receiveText() == #"42["wanted",true]"#)
            try await client.sendText(#"42["twice"]"#)
            #expect(try await client.receiveText() == #"42["wanted",false]"#)
            try await client.sendText(#"422["later"]"#)
            #expect(try await client.receiveText() == #"432["from a task"]"#)
            try await client.sendText(#"423["leave"]"#)
            #expect(try await client.receiveText() == "41")
            try await client.sendText("40")
            #expect(try await client.receiveText().hasPrefix("40{"))
        }
    }

    @Test("A socket that is turned away as it comes leaves nothing behind, and the handlers after that miss it")
    func turnedAway() async throws {
        let events = Recorder<String>()
        let setUp: (SocketIOServer) -> Void = { server in
            server.of("/").onConnection { socket in
                let witness = Witness { events.record("freed") }
                socket.disconnect(close: true)
                socket.on("event") { _, _ in witness.look(at: socket) }
                socket.onUnhandled { _, _, _ in witness.look(at: socket) }
                socket.onDrain { witness.look(at: socket) }
                socket.onOverflow { witness.look(at: socket) }
                socket.onDisconnect { _ in witness.look(at: socket) }
            }
            server.of("/").onConnection { _ in events.record("second handler") }
        }
        try await withServer(setUp: setUp) { harness in
            let client = try await harness.webSocket()
            try await client.sendText("40")
            try await eventually("the handlers are freed") { !events.all.isEmpty }
            #expect(events.all == ["freed"])
        }
    }

    @Test("Leaving a namespace keeps the connection, and each end has its reason")
    func reasons() async throws {
        let reasons = Recorder<DisconnectReason>()
        try await withServer(setUp: { server in
            for name in ["/", "/other"] {
                server.of(name).onConnection { socket in
                    socket.join("room")
                    socket.onDisconnect { reason in
                        reasons.record(reason)
                        // Nobody is left in the room, the leaver neither.
                        server.of(name).to("room").emit("gone")
                    }
                    socket.on("out") { args, _ in socket.disconnect(close: args[0].boolValue ?? false) }
                }
            }
        }) { harness in
            let client = try await harness.socket()
            try await client.sendText("40/other,")
            _ = try await client.receiveText()
            try await client.sendText("41/other,")
            try await client.sendText("40/other,")
            #expect(try await client.receiveText().hasPrefix("40/other,"))
            try await client.sendText(#"42/other,["out",false]"#)
            #expect(try await client.receiveText() == "41/other,")
            #expect(reasons.all == [.clientNamespaceDisconnect, .serverNamespaceDisconnect])
            try await client.sendText("40/other,")
            _ = try await client.receiveText()
            try await client.sendText(#"42["out",true]"#)
            #expect(Set([try await client.receiveText(), try await client.receiveText()]) == ["41", "41/other,"])
            _ = try await client.receiveClose()
            try await eventually("all gone") { reasons.all.count == 4 }
            #expect(harness.server.of("/").socketCount == 0)
            #expect(harness.server.of("/other").socketCount == 0)
        }
    }
}

/// Tells when it goes.
private final class Witness: Sendable {
    private let onDeinit: @Sendable () -> Void

    init(_ onDeinit: @escaping @Sendable () -> Void) {
        self.onDeinit = onDeinit
    }

    func look(at socket: Socket) {}

    deinit { self.onDeinit() }
}
