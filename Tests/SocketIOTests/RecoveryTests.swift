import NIOConcurrencyHelpers
import NIOCore
import SocketIO
import SocketIOProtocol
import Testing

@Suite("Connection-state recovery")
struct RecoveryTests {
    /// A client that keeps its secret and the offset of the last event, as stock clients do.
    private struct Client {
        let raw: RawClient
        let pid: String
        let sid: String
        var offset = ""

        static func connect(_ harness: Harness, previous: Client? = nil) async throws -> Client {
            let raw = try await harness.webSocket()
            let auth = previous.map { #"{"pid":"\#($0.pid)","offset":"\#($0.offset)"}"# } ?? ""
            try await raw.sendText("40" + auth)
            let reply = try JSON.parse(try await raw.receiveText().utf8.dropFirst(2))
            return Client(
                raw: raw,
                pid: try #require(reply["pid"]?.stringValue),
                sid: try #require(reply["sid"]?.stringValue),
                offset: previous?.offset ?? ""
            )
        }

        /// The next event, without its offset.
        mutating func next() async throws -> [JSON] {
            let text = try await self.raw.receiveText()
            var event = try JSON.parse(text.utf8.dropFirst(2)).arrayValue ?? []
            self.offset = try #require(event.popLast()?.stringValue, "\(text)")
            return event
        }
    }

    private static func recovery(
        _ change: (inout ConnectionStateRecovery) -> Void = { _ in }
    ) -> (inout SocketIOConfiguration) -> Void {
        var recovery = ConnectionStateRecovery()
        change(&recovery)
        let configured = recovery
        return { $0.connectionStateRecovery = configured }
    }

    /// Joins `room` and says hello, so that there is an offset.
    private static func hello(_ server: SocketIOServer) {
        server.of("/").onConnection { socket in
            if !socket.isRecovered { socket.join("room") }
            socket.emit("hello", .bool(socket.isRecovered), .array(socket.rooms.sorted().map { .string($0) }))
        }
    }

    private func lose(_ client: Client, _ harness: Harness) async throws {
        let count = harness.server.of("/").socketCount
        try await client.raw.close()
        try await eventually("the loss was noticed") { harness.server.of("/").socketCount == count - 1 }
    }

    @Test("What was sent meanwhile comes in its order, then the connection handlers", arguments: [1, 2, 3])
    func missedEvents(loops: Int) async throws {
        try await withServer(loops: loops, configure: Self.recovery(), setUp: Self.hello) { harness in
            let namespace = harness.server.of("/")
            // Often, so that the client comes back on other loops.
            for round in 0..<4 {
                var client = try await Client.connect(harness)
                #expect(try await client.next() == ["hello", false, ["room"]])
                try await self.lose(client, harness)
                namespace.to("room").emit("n", 0)
                namespace.to("elsewhere").emit("n", "not for it")
                namespace.to("room").volatile.emit("n", "may be lost")
                namespace.to(client.sid).emit("n", 1, .binary([1, 2]))
                namespace.except("room").emit("n", "not for it")
                namespace.emit(preencoded: EncodedPacket(namespace: "/", event: "n", args: [2]))
                #expect(namespace.socketCount == 0)
                var back = try await Client.connect(harness, previous: client)
                #expect(back.sid == client.sid && back.pid == client.pid, "round \(round)")
                #expect(try await back.next() == ["n", 0])
                #expect(try await back.raw.receiveText().hasPrefix(#"451-["n",1,{"_placeholder":true,"num":0},""#))
                #expect(try await back.raw.receiveFrame().payload == [1, 2])
                #expect(try await back.next() == ["n", 2])
                #expect(try await back.next() == ["hello", true, ["room"]])
                #expect(namespace.socketCount == 1)
                try await self.lose(back, harness)
                namespace.disconnectSockets()
            }
        }
    }

    @Test("Under steady broadcasts nothing is lost or doubled over many losses, whatever the loops", arguments: [1, 3])
    func steadyBroadcasts(loops: Int) async throws {
        try await withServer(loops: loops, configure: Self.recovery(), setUp: Self.hello) { harness in
            let namespace = harness.server.of("/")
            let isRunning = NIOLockedValueBox(true)
            var client = try await Client.connect(harness)
            _ = try await client.next()
            async let sent: Int = {
                var count = 0
                while isRunning.withLockedValue({ $0 }) {
                    namespace.to("room").emit("n", .int(count))
                    count += 1
                    try await Task.sleep(for: .microseconds(300))
                }
                return count
            }()
            var expected = 0
            for _ in 0..<12 {
                for _ in 0..<20 {
                    let event = try await client.next()
                    if event[0] == "hello" { continue }
                    #expect(event == ["n", .int(expected)])
                    expected += 1
                }
                // Half of the time the loss is noticed only when the client is back.
                if Bool.random() { try await client.raw.close() }
                let back = try await Client.connect(harness, previous: client)
                try #require(back.sid == client.sid)
                client = back
            }
            isRunning.withLockedValue { $0 = false }
            let count = try await sent
            while expected < count {
                let event = try await client.next()
                if event[0] == "hello" { continue }
                try #require(event == ["n", .int(expected)])
                expected += 1
            }
        }
    }

    @Test("It is over when the time is, or the bounds are passed")
    func bounds() async throws {
        try await withServer(
            configure: Self.recovery {
                $0.maxDisconnectionDuration = .milliseconds(300)
                $0.maxEventsPerSession = 5
                $0.maxSessions = 1
            },
            setUp: Self.hello
        ) { harness in
            let namespace = harness.server.of("/")
            func isRecovered(after action: () async throws -> Void) async throws -> Bool {
                var client = try await Client.connect(harness)
                _ = try await client.next()
                try await self.lose(client, harness)
                try await action()
                let back = try await Client.connect(harness, previous: client)
                if back.sid != client.sid { #expect(back.pid != client.pid) }
                try await self.lose(back, harness)
                try await Task.sleep(for: .milliseconds(350))
                return back.sid == client.sid
            }
            #expect(try await isRecovered {})
            #expect(try await isRecovered { for index in 0..<4 { namespace.emit("n", .int(index)) } })
            #expect(try await !isRecovered { for index in 0..<7 { namespace.emit("n", .int(index)) } })
            #expect(try await !isRecovered { try await Task.sleep(for: .milliseconds(400)) })
            #expect(try await !isRecovered { namespace.disconnectSockets() })

            var first = try await Client.connect(harness)
            var second = try await Client.connect(harness)
            _ = try await (first.next(), second.next())
            try await self.lose(first, harness)
            try await self.lose(second, harness)
            let secondAgain = try await Client.connect(harness, previous: second)
            let firstAgain = try await Client.connect(harness, previous: first)
            #expect(secondAgain.sid != second.sid, "one session is all there may be")
            #expect(firstAgain.sid == first.sid)
        }
    }

    @Test("All together keep no more than they may, and what is given up is free again")
    func budget() async throws {
        try await withServer(configure: Self.recovery { $0.maxBytes = 100_000 }, setUp: Self.hello) { harness in
            let namespace = harness.server.of("/")
            let text = JSON.string(String(repeating: "x", count: 10_000))
            func isRecovered(after count: Int) async throws -> Bool {
                var client = try await Client.connect(harness)
                _ = try await client.next()
                try await self.lose(client, harness)
                for _ in 0..<count { namespace.to(client.sid).emit("n", text) }
                let back = try await Client.connect(harness, previous: client)
                try await self.lose(back, harness)
                namespace.disconnectSockets()
                return back.sid == client.sid
            }
            for _ in 0..<3 {
                let (few, many) = try await (isRecovered(after: 4), isRecovered(after: 6))
                #expect(few && !many)
            }
        }
    }

    @Test("Whoever was taken out of a room while away is not in it again")
    func roomsWhileAway() async throws {
        try await withServer(configure: Self.recovery(), setUp: Self.hello) { harness in
            let namespace = harness.server.of("/")
            var client = try await Client.connect(harness)
            _ = try await client.next()
            try await self.lose(client, harness)
            namespace.to(client.sid).socketsLeave("room")
            namespace.to(client.sid).socketsJoin("other")
            #expect(await namespace.fetchSockets().isEmpty)
            var back = try await Client.connect(harness, previous: client)
            #expect(try await back.next() == ["hello", true, ["other"]])
            #expect(await namespace.fetchSockets().map(\.id) == [client.sid])
        }
    }

    @Test("Two that know the secret: one gets the socket, the other a new one")
    func twoClaims() async throws {
        try await withServer(loops: 2, configure: Self.recovery(), setUp: Self.hello) { harness in
            var client = try await Client.connect(harness)
            _ = try await client.next()
            try await self.lose(client, harness)
            let lost = client
            async let one = Client.connect(harness, previous: lost)
            async let two = Client.connect(harness, previous: lost)
            let sids = try await [one.sid, two.sid]
            // Where the second comes after the first is in, it takes over from that one.
            #expect(sids.contains(client.sid))
            try await eventually("as many sockets as clients") { harness.server.of("/").socketCount <= 2 }
        }
    }

    @Test("Data lives on, and the middleware may be left out", arguments: [false, true])
    func dataAndMiddleware(skips: Bool) async throws {
        enum CountKey: SocketDataKey { typealias Value = Int }
        let runs = Recorder<Bool>()
        try await withServer(
            configure: Self.recovery { $0.skipsMiddleware = skips },
            setUp: { server in
                let namespace = server.of("/")
                namespace.use { socket, _ async throws(ConnectError) in runs.record(socket.isRecovered) }
                namespace.onConnection { socket in
                    socket[CountKey.self] = (socket[CountKey.self] ?? 0) + 1
                    socket.data = (socket.data as? String ?? "") + "x"
                    socket.emit("data", .int(socket[CountKey.self] ?? 0), .string(socket.data as? String ?? ""))
                }
            }
        ) { harness in
            var client = try await Client.connect(harness)
            #expect(try await client.next() == ["data", 1, "x"])
            try await self.lose(client, harness)
            var back = try await Client.connect(harness, previous: client)
            #expect(try await back.next() == ["data", 2, "xx"])
            #expect(runs.all == (skips ? [false] : [false, true]))
        }
    }

    @Test("Without recovery there is neither pid nor offset")
    func offByDefault() async throws {
        try await withServer(setUp: Self.hello) { harness in
            let client = try await harness.webSocket()
            try await client.sendText(#"40{"pid":"x","offset":"y"}"#)
            #expect(try JSON.parse(try await client.receiveText().utf8.dropFirst(2)).objectValue?.keys == ["sid"])
            #expect(try await client.receiveText() == #"42["hello",false,["room"]]"#)
        }
    }
}
