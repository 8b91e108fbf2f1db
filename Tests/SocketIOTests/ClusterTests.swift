import Logging
import NIOCore
import NIOPosix
import SocketIO
import SocketIOProtocol
import Testing

@Suite("Clusters, dynamic namespaces and plain Engine.IO")
struct ClusterTests {
    /// Two servers as one: rooms, and an ack of who answers.
    private func withTwoServers(
        _ test: (SocketIOServer, SocketIOServer, Harness, Harness) async throws -> Void
    ) async throws {
        let cluster = MemoryCluster()
        let setUp: (SocketIOServer) -> Void = { server in
            server.of("/").onConnection { socket in
                socket.on("join") { (room: String) in socket.join(room) }
                socket.on("say") { (room: String, text: String) in socket.to(room).emit("said", .string(text)) }
                socket.on("id") { socket.id }
            }
        }
        try await withServer(setUp: setUp, adapter: cluster) { first in
            try await withServer(setUp: setUp, adapter: cluster, isSecond: true) { second in
                try await test(first.server, second.server, first, second)
            }
        }
    }

    private func join(_ harness: Harness, _ room: String) async throws -> (client: RawClient, id: String) {
        let client = try await harness.socket()
        try await client.sendText(#"421["join","\#(room)"]"#)
        #expect(try await client.receiveText() == "431[]")
        try await client.sendText(#"421["id"]"#)
        return (client, String(try await client.receiveText().dropFirst(5).dropLast(2)))
    }

    @Test("What is said to rooms is heard on every server, once, and not by the sender")
    func broadcasts() async throws {
        try await self.withTwoServers { first, second, here, there in
            let (ada, adaID) = try await self.join(here, "red")
            let (grace, graceID) = try await self.join(there, "red")
            let (alan, _) = try await self.join(there, "blue")
            try await ada.sendText(#"42["say","red","hello"]"#)
            #expect(try await grace.receiveText() == #"42["said","hello"]"#)
            second.of("/").emit("all", 1)
            for client in [ada, grace, alan] { #expect(try await client.receiveText() == #"42["all",1]"#) }
            first.of("/").local.emit("here", 1)
            #expect(try await ada.receiveText() == #"42["here",1]"#)
            first.of("/").to(graceID).emit("direct", 2)
            #expect(try await grace.receiveText() == #"42["direct",2]"#)
            first.of("/").except("blue", adaID).emit("few", 3)
            #expect(try await grace.receiveText() == #"42["few",3]"#)

            first.of("/").to("red").socketsJoin("green", "yellow")
            second.of("/").to("blue").socketsLeave("blue")
            let found = await first.of("/").fetchSockets()
            let rooms = found.map { $0.rooms.sorted() }.sorted { $0.count < $1.count }
            #expect(rooms == [[], ["green", "red", "yellow"], ["green", "red", "yellow"]])
            #expect(found.filter { $0.local != nil }.map(\.id) == [adaID])
            #expect(await first.of("/").to("blue").fetchSockets().isEmpty)
            #expect(await second.of("/").to("green").except(adaID).fetchSockets().map(\.id) == [graceID])
            try await #require(second.of("/").to(adaID).fetchSockets().first).disconnect()
            #expect(try await ada.receiveText() == "41")
            first.of("/").disconnectSockets(close: true)
            for client in [grace, alan] { _ = try await client.receiveClose() }
        }
    }

    @Test("A question to many gathers all answers, and says how many are missing")
    func questions() async throws {
        try await self.withTwoServers { first, _, here, there in
            let (ada, _) = try await self.join(here, "red")
            let (grace, _) = try await self.join(there, "red")
            let (alan, _) = try await self.join(there, "red")
            async let answers = first.of("/").to("red").timeout(.milliseconds(700)).emitWithAck("ready?", 1)
            for (index, client) in [ada, grace, alan].enumerated() {
                let question = try await client.receiveText()
                #expect(question == #"420["ready?",1]"#)
                if index < 2 { try await client.sendText("430[\(index)]") }
            }
            let result = await answers
            #expect(result.responses.map { $0[0].intValue ?? -1 }.sorted() == [0, 1])
            #expect(result.missing == 1)
            let none = await first.of("/").to("nowhere").timeout(.seconds(1)).emitWithAck("ready?")
            #expect(none.responses.isEmpty && none.missing == 0)
        }
    }

    @Test("Servers talk to each other, not to themselves or to clients")
    func serverSide() async throws {
        try await self.withTwoServers { first, second, _, _ in
            let heard = Recorder<String>()
            first.of("/").onServerSide("ping") { _ in "never" }
            second.of("/").onServerSide("ping") { args in
                heard.record("\(args.count)")
                return ["pong", args[0]]
            }
            #expect(await first.of("/").serverSideEmitWithAck("ping", 7) == [["pong", 7]])
            first.of("/").serverSideEmit("ping", 1, 2)
            try await eventually("it was heard") { heard.all == ["1", "2"] }
        }
        try await withServer { harness in
            #expect(await harness.server.of("/").serverSideEmitWithAck("ping").isEmpty)
        }
    }

    @Test("Namespaces come to be when a client asks, with what was registered for all, and go with the last client")
    func dynamicNamespaces() async throws {
        try await withServer(setUp: { server in
            let tenants = server.of(pattern: "/tenant-*")
            tenants.use { _, handshake async throws(ConnectError) in
                if handshake.auth["token"] == "bad" { throw ConnectError(message: "no") }
            }
            tenants.onConnection { socket in
                socket.on("all") { (text: String) in socket.namespace.emit("said", .string(text)) }
            }
            _ = server.of { name, auth in name == "/secret" && auth["key"] == 1 }
        }) { harness in
            let ada = try await harness.socket("/tenant-a")
            let grace = try await harness.socket("/tenant-a")
            let alan = try await harness.socket("/tenant-b")
            try await alan.sendText(#"42/tenant-b,["all","b"]"#)
            #expect(try await alan.receiveText() == #"42/tenant-b,["said","b"]"#)
            try await ada.sendText(#"42/tenant-a,["all","a"]"#)
            for client in [ada, grace] { #expect(try await client.receiveText() == #"42/tenant-a,["said","a"]"#) }
            for name in ["/tenant-", "/tenant-a/b", "/tenants", "/secret", "/x/tenant-a"] {
                try await ada.sendText("40\(name),")
                #expect(try await ada.receiveText() == #"44\#(name),{"message":"Invalid namespace"}"#)
            }
            try await ada.sendText(#"40/tenant-c,{"token":"bad"}"#)
            #expect(try await ada.receiveText() == #"44/tenant-c,{"message":"no"}"#)
            _ = try await harness.socket("/secret", auth: #"{"key":1}"#)
        }
        try await withServer { harness in
            let tenants = harness.server.of(pattern: "/tenant-*-*")
            let client = try await harness.socket("/tenant-a-b")
            #expect(tenants.children.map(\.name) == ["/tenant-a-b"])
            try await client.sendText("41/tenant-a-b,")
            try await eventually("it is gone") { tenants.children.isEmpty }
            for index in 0..<50 {
                try await client.sendText("40/tenant-\(index)-x,")
                _ = try await client.receiveText()
                try await client.sendText("41/tenant-\(index)-x,")
            }
            try await eventually("they are gone") { tenants.children.isEmpty }
        }
    }

    @Test("An Engine.IO server gives and takes whole messages, beside a Socket.IO server on the port")
    func engine() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var configuration = SocketIOConfiguration()
        configuration.connectTimeout = .milliseconds(100)
        let sockets = SocketIOServer(configuration: configuration, eventLoopGroup: group, logger: Logger(label: "test"))
        echo(sockets)
        configuration.path = "/engine.io"
        let engine = EngineServer(configuration: configuration, eventLoopGroup: group, logger: Logger(label: "test"))
        let closed = Recorder<String>()
        engine.onConnection { socket in
            socket.send(.text(Array("welcome".utf8)))
            socket.onMessage { message in
                if case .text(let bytes) = message, bytes.elementsEqual("close".utf8) { return socket.close() }
                socket.send(message)
            }
            socket.onClose { reason in closed.record("\(reason) \(socket.transport.rawValue)") }
        }
        let listener = try await SocketIOListener.listen(host: "127.0.0.1", port: 0, on: group, for: [engine, sockets])
        let client = try await RawClient.connect(to: listener.port)
        #expect(try await client.request("GET", "/elsewhere").status == 404)
        #expect(try await client.request("GET", "/socket.io/?EIO=4&transport=polling").status == 200)
        #expect(try await client.upgrade("/engine.io/?EIO=4&transport=websocket").status == 101)
        #expect(try await client.receiveText().hasPrefix("0{"))
        #expect(try await client.receiveText() == "4welcome")
        // Longer than a Socket.IO client may take to connect to a namespace.
        try await Task.sleep(for: .milliseconds(200))
        try await client.sendText("440")
        try await client.sendBinary([0, 1, 2])
        #expect(try await client.receiveText() == "440")
        #expect(try await client.receiveFrame() == RawFrame(opcode: 2, payload: [0, 1, 2]))
        try await client.sendText("4close")
        _ = try await client.receiveClose()
        try await eventually("it is gone") { engine.connectionCount == 0 }
        #expect(closed.all == ["forced server close websocket"])
        try await client.close()
        try await listener.close()
        await engine.shutdown()
        await sockets.shutdown()
        try await group.shutdownGracefully()
    }
}
