import NIOCore
import SocketIO
import SocketIOProtocol
import Testing

/// Names that Swift's `String` calls equal and JavaScript does not.
@Suite("Names by their bytes")
struct WireNameTests {
    static let composed = "caf\u{E9}"
    static let decomposed = "cafe\u{301}"

    @Test("A name is equal to the same bytes only")
    func equality() {
        #expect(Self.composed == Self.decomposed, "else this suite shows nothing")
        #expect(WireName(Self.composed) != WireName(Self.decomposed))
        #expect(WireName(Self.composed) == WireName(String(decoding: Array(Self.composed.utf8), as: UTF8.self)))
        #expect(Set<WireName>([WireName(Self.composed), WireName(Self.decomposed), "K", "\u{212A}"]).count == 4)
        let rooms = RoomSet([Self.composed, Self.decomposed, "b", "b"])
        #expect(rooms.count == 3 && rooms.contains(Self.decomposed) && !rooms.contains("\u{212A}"))
        #expect(rooms.sorted().map { Array($0.utf8) } == ["b", Self.decomposed, Self.composed].map { Array($0.utf8) })
    }

    /// `join`, and ways to say something to rooms, on `/`; events of both spellings.
    private func install(_ server: SocketIOServer) {
        let namespace = server.of("/")
        namespace.limit(Self.composed, to: RateLimit(perSecond: 0.001, burst: 1))
        namespace.onConnection { socket in
            socket.on("join") { (room: String) in
                socket.join(room)
                return socket.rooms.count
            }
            socket.on("leave") { (room: String) in socket.leave(room) }
            socket.on("in") { (room: String) in socket.rooms.contains(room) }
            socket.on("to") { (room: String, number: Int) in namespace.to(room).emit("said", .int(number)) }
            socket.on("except") { (room: String, number: Int) in namespace.except(room).emit("said", .int(number)) }
            socket.on("rejoin") { (from: String, other: String) in
                namespace.to(from).socketsJoin(other)
                namespace.to(other).socketsLeave(from)
            }
            socket.on(Self.composed) { "composed" }
            socket.on(Self.decomposed) { "decomposed" }
        }
    }

    @Test("Rooms that look alike are two: to join, to leave, to reach and to leave out", arguments: [1, 2])
    func rooms(loops: Int) async throws {
        try await withServer(loops: loops, setUp: self.install) { harness in
            let ada = try await harness.socket()
            let grace = try await harness.socket()
            for (client, room) in [(ada, Self.composed), (grace, Self.decomposed)] {
                try await client.sendText(#"421["join","\#(room)"]"#)
                #expect(try await client.receiveText() == "431[1]")
            }
            try await ada.sendText(#"422["in","\#(Self.decomposed)"]"#)
            #expect(try await ada.receiveText() == "432[false]")
            try await ada.sendText(#"42["to","\#(Self.decomposed)",1]"#)
            #expect(try await grace.receiveText() == #"42["said",1]"#)
            try await grace.sendText(#"42["except","\#(Self.decomposed)",2]"#)
            // Were the rooms one, this would have been 1.
            #expect(try await ada.receiveText() == #"42["said",2]"#)

            try await ada.sendText(#"423["leave","\#(Self.decomposed)"]"#)
            #expect(try await ada.receiveText() == "433[]")
            try await ada.sendText(#"424["join","\#(Self.decomposed)"]"#)
            #expect(try await ada.receiveText() == "434[2]")
            try await grace.sendText(#"425["rejoin","\#(Self.decomposed)","other"]"#)
            #expect(try await grace.receiveText() == "435[]")
            try await ada.sendText(#"426["in","\#(Self.composed)"]"#)
            #expect(try await ada.receiveText() == "436[true]")
        }
    }

    @Test("Events that look alike have a handler and a rate each")
    func events() async throws {
        try await withServer(setUp: self.install) { harness in
            let client = try await harness.socket()
            for (index, event) in [Self.composed, Self.decomposed, Self.decomposed, Self.composed].enumerated() {
                try await client.sendText("42\(index)[\"\(event)\"]")
            }
            for (index, answer) in ["composed", "decomposed", "decomposed"].enumerated() {
                #expect(try await client.receiveText() == "43\(index)[\"\(answer)\"]")
            }
            #expect(try await client.receiveText().contains("RATE_LIMITED"))
        }
    }

    @Test("Namespaces that look alike are two, known or made when asked for")
    func namespaces() async throws {
        try await withServer(setUp: { server in
            for name in [Self.composed, Self.decomposed] {
                server.of(name).onConnection { $0.emit("in", .int($0.namespace.name.utf8.count)) }
            }
            server.of(pattern: "/dynamic-*").onConnection { socket in
                socket.emit("in", .int(socket.namespace.name.utf8.count))
            }
        }) { harness in
            #expect(harness.server.of(Self.composed) !== harness.server.of(Self.decomposed))
            let client = try await harness.webSocket()
            for name in ["/\(Self.composed)", "/\(Self.decomposed)", "/dynamic-\u{E9}", "/dynamic-e\u{301}"] {
                try await client.sendText("40\(name),")
                #expect(Array(try await client.receiveText().utf8).starts(with: "40\(name),{".utf8))
                #expect(
                    Array(try await client.receiveText().utf8) == Array("42\(name),[\"in\",\(name.utf8.count)]".utf8)
                )
            }
        }
    }

    @Test("Who comes back is in the rooms it was in, and in none that look alike", arguments: [1, 2])
    func recovery(loops: Int) async throws {
        try await withServer(
            loops: loops,
            configure: { $0.connectionStateRecovery = ConnectionStateRecovery() },
            setUp: { server in
                server.of("/").onConnection { socket in
                    socket.on("join") { (room: String) in socket.join(room) }
                    socket.on("rooms") { socket.rooms.sorted().map { $0.utf8.count } }
                }
            }
        ) { harness in
            let first = try await harness.webSocket()
            try await first.sendText("40")
            let reply = try JSON.parse(Array(try await first.receiveText().utf8.dropFirst(2)))
            let pid = try #require(reply["pid"]?.stringValue)
            for room in [Self.composed, Self.decomposed] {
                try await first.sendText(#"421["join","\#(room)"]"#)
                #expect(try await first.receiveText() == "431[]")
            }
            harness.server.of("/").to(Self.decomposed).emit("seen")
            let seen = try JSON.parse(Array(try await first.receiveText().utf8.dropFirst(2)))
            let offset = try #require(seen[1]?.stringValue)
            try await first.close()
            let second = try await harness.webSocket()
            try await second.sendText(#"40{"pid":"\#(pid)","offset":"\#(offset)"}"#)
            #expect(try await second.receiveText().contains(pid))
            try await second.sendText(#"422["rooms"]"#)
            #expect(try await second.receiveText() == "432[[6,5]]")
        }
    }

    @Test("Servers of a cluster tell rooms apart as one server does")
    func cluster() async throws {
        let cluster = MemoryCluster()
        try await withServer(setUp: self.install, adapter: cluster) { here in
            try await withServer(setUp: self.install, adapter: cluster, isSecond: true) { there in
                let ada = try await here.socket()
                let grace = try await there.socket()
                try await grace.sendText(#"421["join","\#(Self.decomposed)"]"#)
                #expect(try await grace.receiveText() == "431[1]")
                for (room, number) in [(Self.composed, 1), (Self.decomposed, 2)] {
                    try await ada.sendText(#"42["to","\#(room)",\#(number)]"#)
                }
                #expect(try await grace.receiveText() == #"42["said",2]"#)
                let found = await here.server.of("/").to(Self.decomposed).fetchSockets()
                #expect(found.map(\.rooms) == [[Self.decomposed]] && found.map(\.rooms) != [[Self.composed]])
            }
        }
    }
}
