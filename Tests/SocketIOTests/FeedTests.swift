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
            configure: {
                $0.perMessageDeflate = PerMessageDeflate()
                $0.perMessageDeflate?.threshold = 200
            },
            setUp: { server in server.of("/").onConnection { sockets.record($0) } }
        ) { harness in
            var clients: [Client] = []
            for index in 0..<7 {
                let kind: Client.Kind = index == 5 ? .polling : index == 6 ? .compressing : .plain
                clients.append(try await Client.connect(harness, kind))
                try await eventually("the socket is there") { sockets.all.count == index + 1 }
            }
            let all = sockets.all
            let owner = all[0].eventLoop
            let script = Script(random: random.next(), sockets: all, server: harness.server, hasRooms: loops == 1)
            let bound = NIOLoopBoundBox.makeBoxSendingValue(script, eventLoop: owner)
            // Who is in nothing for long gets little: turns are added until everybody got enough to show something.
            var turns = 0
            var isEnough = false
            while turns < 60 || !isEnough {
                turns += 1
                isEnough = try await owner.submit {
                    bound.value.turn()
                    return bound.value.expected.allSatisfy { $0.count > 20 }
                }.get()
            }
            let expected = try await owner.submit { bound.value.end() }.get()
            for (index, client) in clients.enumerated() {
                let received = try await client.receiveUntilEnd()
                try #require(received == expected[index], "seed \(seed), socket \(index)")
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

    @Test("A client that goes over to a WebSocket in the middle misses nothing and gets nothing twice")
    func upgrade() async throws {
        let sockets = Recorder<Socket>()
        try await withServer(
            setUp: { server in
                server.of("/").onConnection { socket in
                    socket.join("all")
                    sockets.record(socket)
                }
            }
        ) { harness in
            let poller = try await harness.connect()
            let sid = try await Client.enterByPolling(harness, poller)
            let socket = try #require(sockets.all.first)
            let namespace = harness.server.of("/")
            let talk = Task {
                for turn in 0..<300 {
                    try await socket.eventLoop.submit {
                        for number in 3 * turn..<3 * turn + 3 { namespace.to("all").emit("n", .int(number)) }
                    }.get()
                    try await Task.sleep(for: .milliseconds(1))
                }
                namespace.to("all").emit("end")
            }
            var numbers: [Int] = []
            while numbers.count < 60 { _ = try Client.read(await Client.poll(poller, sid), into: &numbers) }
            let webSocket = try await harness.connect()
            let target = "/socket.io/?EIO=4&transport=websocket&sid=\(sid)"
            try #require(try await webSocket.upgrade(target).status == 101)
            try await webSocket.sendText("2probe")
            #expect(try await webSocket.receiveText() == "3probe")
            // The last GET is answered with what there is, or released.
            _ = try Client.read(await Client.poll(poller, sid), into: &numbers)
            try await webSocket.sendText("5")
            while !(try Client.read([await webSocket.receiveText()], into: &numbers)) {}
            try await talk.value
            #expect(numbers == Array(0..<900))
        }
    }

    @Test("What is broadcast because somebody reads again reaches everybody")
    func broadcastFromDrain() async throws {
        let text = String(repeating: "x", count: 10_000)
        try await withServer(
            configure: { $0.messageRate = nil },
            setUp: { server in
                server.of("/").onConnection { socket in
                    socket.join("all")
                    socket.on("say") { _, _ in
                        for _ in 0..<20 { socket.to("all").emit("said", .string(text)) }
                    }
                    socket.onDrain { server.of("/").to("all").emit("drained", .string(socket.id)) }
                }
            }
        ) { harness in
            let sender = try await harness.socket()
            let reader = try await harness.socket()
            let slow = try await harness.socket(receiveBuffer: 16_384)
            try await slow.setReading(false)
            for _ in 0..<15 { try await sender.sendText(#"42["say"]"#) }
            try await slow.setReading(true)
            for client in [sender, reader, slow] {
                while true {
                    let message = try await client.receiveText()
                    if message.hasPrefix(#"42["drained""#) { break }
                    #expect(message == #"42["said","\#(text)"]"#)
                }
            }
        }
    }

    @Test("Two namespaces of one connection keep one order, and rooms theirs on every loop", arguments: [1, 2])
    func namespaces(loops: Int) async throws {
        let sockets = Recorder<Socket>()
        try await withServer(
            loops: loops,
            setUp: { server in
                for name in ["/", "/b"] {
                    server.of(name).onConnection { socket in
                        socket.join("all")
                        sockets.record(socket)
                    }
                }
            }
        ) { harness in
            var clients: [RawClient] = []
            for index in 0..<4 {
                let client = try await harness.socket()
                try await client.sendText("40/b,")
                #expect(try await client.receiveText().hasPrefix("40/b,"))
                try await eventually("the sockets are there") { sockets.all.count == 2 * (index + 1) }
                clients.append(client)
            }
            let (plain, other) = (harness.server.of("/"), harness.server.of("/b"))
            try await sockets.all[0].eventLoop.submit {
                for number in 0..<50 {
                    (number % 3 == 0 ? other : plain).to("all").emit("n", .int(number))
                }
            }.get()
            for client in clients {
                for number in 0..<50 {
                    let prefix = number % 3 == 0 ? "42/b," : "42"
                    #expect(try await client.receiveText() == #"\#(prefix)["n",\#(number)]"#)
                }
            }
        }
    }

    @Test("What is put together at the end of a turn leaves with it, wherever the members are", arguments: [1, 2])
    func beforeFlush(loops: Int) async throws {
        let sockets = Recorder<Socket>()
        try await withServer(
            loops: loops,
            setUp: { server in server.of("/").onConnection { sockets.record($0) } }
        ) { harness in
            var clients: [RawClient] = []
            for index in 0..<4 {
                clients.append(try await harness.socket())
                try await eventually("the socket is there") { sockets.all.count == index + 1 }
            }
            let all = sockets.all
            let owner = all[0].eventLoop
            let others = loops == 1 ? [] : all.filter { $0.eventLoop !== owner }
            for members in [all, others] {
                try await owner.submit {
                    let group = BroadcastGroup(namespace: "/", owner: owner)
                    func emit(_ name: String) {
                        group.emit(preencoded: EncodedPacket(namespace: "/", event: name, args: []))
                    }
                    for member in members { group.add(member) }
                    group.beforeFlush {
                        emit("third")
                        group.beforeFlush { emit("fourth") }
                    }
                    emit("first")
                    emit("second")
                }.get()
                for (client, socket) in zip(clients, all) where members.contains(where: { $0 === socket }) {
                    for name in ["first", "second", "third", "fourth"] {
                        #expect(try await client.receiveText() == #"42["\#(name)"]"#)
                    }
                }
            }
        }
    }

    @Test("A group that is let go with its members in it lets them go")
    func forgottenGroup() async throws {
        let kept = NIOLockedValueBox<WeakSocket?>(nil)
        try await withServer(
            setUp: { server in
                server.of("/").onConnection { socket in
                    let group = BroadcastGroup(namespace: "/", owner: socket.eventLoop)
                    group.add(socket)
                    group.add(socket)
                    group.emit(preencoded: EncodedPacket(namespace: "/", event: "once", args: []))
                    group.remove(socket)
                    group.remove(socket)
                    #expect(group.count == 0)
                    group.add(socket)
                    kept.withLockedValue { $0 = WeakSocket(socket: socket) }
                }
            }
        ) { harness in
            let client = try await harness.socket()
            #expect(try await client.receiveText() == #"42["once"]"#)
            #expect(kept.withLockedValue { $0?.socket != nil })
            try await client.close()
            try await eventually("the socket is gone") { kept.withLockedValue { $0?.socket == nil } }
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

/// Sees whether a socket is still there.
private struct WeakSocket: Sendable {
    weak let socket: Socket?
}

/// One client that reads numbers until the end, by whatever transport.
private struct Client {
    enum Kind { case plain, polling, compressing }

    let raw: RawClient
    let sid: String?

    static func connect(_ harness: Harness, _ kind: Kind) async throws -> Client {
        switch kind {
        case .plain: return Client(raw: try await harness.socket(), sid: nil)
        case .polling:
            let raw = try await harness.connect()
            return Client(raw: raw, sid: try await Self.enterByPolling(harness, raw))
        case .compressing:
            let raw = try await harness.connect()
            let offer = ["Sec-WebSocket-Extensions": "permessage-deflate; server_no_context_takeover"]
            let response = try await raw.upgrade("/socket.io/?EIO=4&transport=websocket", headers: offer)
            try #require(response.headers["sec-websocket-extensions"] == offer["Sec-WebSocket-Extensions"])
            _ = try await raw.receiveText()
            try await raw.sendText("40")
            _ = try await raw.receiveText()
            return Client(raw: raw, sid: nil)
        }
    }

    /// A new session that is in the namespace `/`: its sid.
    static func enterByPolling(_ harness: Harness, _ raw: RawClient) async throws -> String {
        let sid = try await harness.pollingSession(raw)
        _ = try await raw.request("POST", Harness.target(sid), body: "40")
        _ = try await raw.request("GET", Harness.target(sid))
        return sid
    }

    /// The numbers of the events `n`, up to the event `end`.
    func receiveUntilEnd() async throws -> [Int] {
        var numbers: [Int] = []
        while true {
            let messages: [String]
            if let sid = self.sid {
                messages = try await Self.poll(self.raw, sid)
            } else {
                let frame = try await self.raw.receiveFrame()
                let bytes = frame.isCompressed ? try ClientCompression(serverKeeps: false).unpack(frame) : frame.payload
                messages = [String(decoding: bytes, as: UTF8.self)]
            }
            if try Self.read(messages, into: &numbers) { return numbers }
        }
    }

    /// What one GET is answered with.
    static func poll(_ raw: RawClient, _ sid: String) async throws -> [String] {
        try await raw.request("GET", Harness.target(sid)).body.split(separator: "\u{1e}").map(String.init)
    }

    /// Whether the end was among the messages.
    static func read(_ messages: [String], into numbers: inout [Int]) throws -> Bool {
        for message in messages {
            if message == #"42["end"]"# { return true }
            if message == "2" || message == "6" { continue }
            let event = try JSON.parse(Array(message.utf8.dropFirst(2)))
            numbers.append(try #require(event.arrayValue?.dropFirst().first?.intValue, "\(message)"))
        }
        return false
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
    mutating func turn() {
        for _ in 0..<self.random.below(14) { self.step() }
    }

    /// Says to each socket that this was all, and what it got.
    func end() -> [[Int]] {
        for socket in self.sockets { socket.emit(preencoded: EncodedPacket(namespace: "/", event: "end", args: [])) }
        return self.expected
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
        // One that may be lost goes to each member by itself, between those that do not.
        target.emit(preencoded: self.next(isDroppable: self.random.oneIn(4)))
    }

    /// The next number, sometimes in a packet that is long enough to be compressed, or to be a buffer of its own.
    private mutating func next(isDroppable: Bool = false) -> EncodedPacket {
        defer { self.number += 1 }
        let length = self.random.oneIn(3) ? 300 : self.random.oneIn(12) ? 40_000 : 0
        let padding = String(decoding: (0..<length).map { _ in UInt8(0x61 + self.random.below(26)) }, as: UTF8.self)
        let args: [JSON] = [.int(self.number), .string(padding)]
        return EncodedPacket(namespace: "/", event: "n", args: args, isDroppable: isDroppable)
    }
}
