import NIOConcurrencyHelpers
import NIOCore
import SocketIO
import SocketIOProtocol
import TestSupport
import Testing

/// What a broadcast of one turn becomes at each member: the same, in the same order, as if each packet went out by itself.
@Suite("Feeds")
struct FeedTests {
    @Test("Rooms, groups and single emits in any mixture come in the order they were sent", arguments: 0..<8)
    func order(round: Int) async throws {
        let seed = Fuzz.replayedSeed ?? UInt64.random(in: .min ... .max)
        var random = SplitMix64(seed: seed)
        // Rooms are entered on each socket's own loop, so that with two of them only groups have an order to compare.
        let loops = 1 + round % 2
        let sockets = Recorder<Socket>()
        try await withServer(
            loops: loops,
            setUp: { server in server.of("/").onConnection { sockets.record($0) } }
        ) { harness in
            var clients: [Client] = []
            for index in 0..<6 {
                clients.append(try await Client.connect(harness, isPolling: index == 5))
                try await eventually("the socket is there") { sockets.all.count == index + 1 }
            }
            let all = sockets.all
            let owner = all[0].eventLoop
            let script = Script(random: random.next(), sockets: all, server: harness.server, hasRooms: loops == 1)
            let bound = NIOLoopBoundBox.makeBoxSendingValue(script, eventLoop: owner)
            for turn in 0..<60 {
                let isLast = turn == 59
                try await owner.submit { bound.value.turn(isLast: isLast) }.get()
            }
            let expected = try await owner.submit { bound.value.expected }.get()
            for (index, client) in clients.enumerated() {
                let received = try await client.receiveUntilEnd()
                try #require(received == expected[index], "seed \(seed), socket \(index)")
                #expect(received.count > 20, "seed \(seed): too little came to show anything")
            }
        }
    }

    @Test("Megabytes in one turn come whole, and the sender's own are left out")
    func longTurn() async throws {
        let text = String(repeating: "x", count: 9_000)
        try await withServer(
            setUp: { server in
                server.of("/").onConnection { socket in
                    socket.join("all")
                    socket.on("flood") { _, ack in
                        for number in 0..<400 {
                            server.of("/").to("all").emit("n", .int(2 * number), .string(text))
                            socket.to("all").emit("n", .int(2 * number + 1), .string(text))
                        }
                        ack()
                    }
                }
            }
        ) { harness in
            let sender = try await harness.socket()
            let other = try await harness.socket()
            try await sender.sendText(#"421["flood"]"#)
            for number in 0..<400 {
                #expect(try await sender.receiveText() == #"42["n",\#(2 * number),"\#(text)"]"#)
            }
            #expect(try await sender.receiveText() == "431[]")
            for number in 0..<800 { #expect(try await other.receiveText() == #"42["n",\#(number),"\#(text)"]"#) }
        }
    }

    @Test("What was sent before a socket leaves, is put out or closed still comes; what follows does not")
    func leaving() async throws {
        try await withServer(
            setUp: { server in
                server.of("/").onConnection { socket in
                    socket.join("all")
                    socket.on("leave") { _, _ in
                        server.of("/").to("all").emit("before")
                        socket.leave("all")
                        server.of("/").to("all").emit("between")
                        socket.join("all")
                        server.of("/").to("all").emit("after")
                        socket.disconnect(close: true)
                        server.of("/").to("all").emit("late")
                    }
                }
            }
        ) { harness in
            let leaver = try await harness.socket()
            let other = try await harness.socket()
            try await leaver.sendText(#"42["leave"]"#)
            #expect(try await leaver.receiveText() == #"42["before"]"#)
            #expect(try await leaver.receiveText() == #"42["after"]"#)
            #expect(try await leaver.receiveText() == "41")
            for name in ["before", "between", "after", "late"] {
                #expect(try await other.receiveText() == #"42["\#(name)"]"#)
            }
        }
    }

    @Test("Who does not read is noticed, while the others get everything", arguments: [false, true])
    func backlog(isPolling: Bool) async throws {
        let behind = Recorder<String>()
        let text = String(repeating: "x", count: 10_000)
        try await withServer(
            configure: { $0.messageRate = nil },
            setUp: { server in
                server.of("/").onConnection { socket in
                    socket.join("all")
                    socket.onBacklog(above: 200_000) {
                        behind.record(socket.id)
                        socket.leave("all")
                    }
                    socket.on("say") { _, _ in
                        for _ in 0..<20 { socket.to("all").emit("said", .string(text)) }
                    }
                }
            }
        ) { harness in
            let sender = try await harness.socket()
            let reader = try await harness.socket()
            if isPolling {
                // It connects, and never asks for more.
                let client = try await harness.connect()
                let sid = try await harness.pollingSession(client)
                _ = try await client.request("POST", Harness.target(sid), body: "40")
                _ = try await client.request("GET", Harness.target(sid))
            } else {
                let stalled = try await harness.socket(receiveBuffer: 16_384)
                try await stalled.setReading(false)
            }
            // Kernels take some megabytes before anything waits here.
            for _ in 0..<100 {
                try await sender.sendText(#"42["say"]"#)
                for _ in 0..<20 { #expect(try await reader.receiveText() == #"42["said","\#(text)"]"#) }
            }
            try await eventually("the stalled one is noticed") { !behind.all.isEmpty }
            #expect(behind.all.count == 1, "it is told once a turn only, and left at the first")
        }
    }
}

/// One client that reads numbers until the end, by whatever transport.
private struct Client {
    let raw: RawClient
    let sid: String?

    static func connect(_ harness: Harness, isPolling: Bool) async throws -> Client {
        guard isPolling else { return Client(raw: try await harness.socket(), sid: nil) }
        let raw = try await harness.connect()
        let sid = try await harness.pollingSession(raw)
        _ = try await raw.request("POST", Harness.target(sid), body: "40")
        _ = try await raw.request("GET", Harness.target(sid))
        return Client(raw: raw, sid: sid)
    }

    /// The numbers of the events `n`, up to the event `end`.
    func receiveUntilEnd() async throws -> [Int] {
        var numbers: [Int] = []
        while true {
            let messages: [String]
            if let sid = self.sid {
                let body = try await self.raw.request("GET", Harness.target(sid)).body
                messages = body.split(separator: "\u{1e}").map(String.init)
            } else {
                messages = [try await self.raw.receiveText()]
            }
            for message in messages {
                if message == #"42["end"]"# { return numbers }
                if message == "2" { continue }
                numbers.append(try #require(Int(message.dropFirst(7).dropLast()), "\(message)"))
            }
        }
    }
}

/// Sends at random, and knows who is to get what.
private struct Script {
    private var random: SplitMix64
    private let sockets: [Socket]
    private let namespace: Namespace
    private let hasRooms: Bool
    private var groups: [BroadcastGroup]
    private var inGroup: [[Bool]]
    private var inRoom: [[Bool]]
    private var number = 0
    private(set) var expected: [[Int]]

    init(random: UInt64, sockets: [Socket], server: SocketIOServer, hasRooms: Bool) {
        self.random = SplitMix64(seed: random)
        self.sockets = sockets
        self.namespace = server.of("/")
        self.hasRooms = hasRooms
        self.groups = (0..<2).map { _ in BroadcastGroup(namespace: "/", owner: sockets[0].eventLoop) }
        self.inGroup = Array(repeating: Array(repeating: false, count: sockets.count), count: 2)
        self.inRoom = self.inGroup
        self.expected = Array(repeating: [], count: sockets.count)
    }

    /// Some steps within one turn of the loop.
    mutating func turn(isLast: Bool) {
        for _ in 0..<self.random.below(14) { self.step() }
        guard isLast else { return }
        for socket in self.sockets { socket.emit(preencoded: EncodedPacket(namespace: "/", event: "end", args: [])) }
    }

    private mutating func step() {
        let which = self.random.below(2)
        let who = self.random.below(self.sockets.count)
        let socket = self.sockets[who]
        let isExcluding = self.random.oneIn(2)
        switch self.random.below(8) {
        case 0:
            self.inGroup[which][who].toggle()
            if self.inGroup[which][who] { self.groups[which].add(socket) } else { self.groups[which].remove(socket) }
        case 1 where self.hasRooms:
            self.inRoom[which][who].toggle()
            if self.inRoom[which][who] { socket.join("\(which)") } else { socket.leave("\(which)") }
        case 2:
            self.expected[who].append(self.number)
            socket.emit(preencoded: self.next())
        case 3, 4:
            if self.hasRooms { return self.emitToRoom(which, except: isExcluding ? who : nil) }
            fallthrough
        default:
            for index in self.sockets.indices where self.inGroup[which][index] && !(isExcluding && index == who) {
                self.expected[index].append(self.number)
            }
            self.groups[which].emit(preencoded: self.next(), except: isExcluding ? socket : nil)
        }
    }

    private mutating func emitToRoom(_ which: Int, except who: Int?) {
        for index in self.sockets.indices where self.inRoom[which][index] && index != who {
            self.expected[index].append(self.number)
        }
        let target = who.map { self.sockets[$0].to("\(which)") } ?? self.namespace.to("\(which)")
        target.emit("n", .int(self.number))
        self.number += 1
    }

    private mutating func next() -> EncodedPacket {
        defer { self.number += 1 }
        return EncodedPacket(namespace: "/", event: "n", args: [.int(self.number)])
    }
}
