import SocketIO
import SocketIOProtocol
import Testing

@Suite("Figures of a namespace, and recovery in some namespaces only")
struct FiguresTests {
    @Test("Sockets, rooms and events are counted", arguments: [1, 3])
    func counts(loops: Int) async throws {
        try await withServer(
            loops: loops,
            setUp: { server in
                server.of("/").onConnection { socket in
                    socket.join("a", "b")
                    socket.on("say") { args, ack in socket.namespace.emit("said") }
                }
            }
        ) { harness in
            let first = try await harness.webSocket()
            try await first.sendText("40")
            _ = try await first.receiveText()
            let second = try await harness.webSocket()
            try await second.sendText("40")
            _ = try await second.receiveText()
            try await first.sendText(#"42["say"]"#)
            #expect(try await first.receiveText() == #"42["said"]"#)
            #expect(try await second.receiveText() == #"42["said"]"#)
            let figures = await harness.server.of("/").figures()
            #expect(figures == NamespaceFigures(sockets: 2, rooms: 2, received: 1, sent: 2))
            #expect(harness.server.namespaces.map(\.name) == ["/"])
        }
    }

    @Test("Only the namespaces that recovery is for have it")
    func recoveryByNamespace() async throws {
        try await withServer(
            configure: { configuration in
                var recovery = ConnectionStateRecovery()
                recovery.namespaces = ["/with"]
                configuration.connectionStateRecovery = recovery
            },
            setUp: { server in
                for name in ["/with", "/without"] { server.of(name).onConnection { $0.emit("hello") } }
            }
        ) { harness in
            let client = try await harness.webSocket()
            try await client.sendText("40/with,")
            #expect(try await client.receiveText().contains(#""pid":"#))
            #expect(try await client.receiveText().hasPrefix(#"42/with,["hello",""#))
            try await client.sendText("40/without,")
            #expect(try await !client.receiveText().contains(#""pid":"#))
            #expect(try await client.receiveText() == #"42/without,["hello"]"#)
        }
    }
}
