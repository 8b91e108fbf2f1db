import NIOCore
import SocketIO
import SocketIOProtocol
import Testing

@Suite("Limits, slow consumers and shutdown")
struct FlowTests {
    @Test("Events over the rate are refused with a code, and far over it the connection is closed")
    func rateLimit() async throws {
        let reasons = Recorder<DisconnectReason>()
        try await withServer(
            configure: { $0.messageRate = RateLimit(perSecond: 0.01, burst: 20) },
            setUp: { server in
                echo(server)
                server.of("/").onConnection { socket in socket.onDisconnect { reasons.record($0) } }
            }
        ) { harness in
            let client = try await harness.socket()
            for index in 0..<30 { try await client.sendText("42\(index)[\"ask\",\(index)]") }
            var allowed = 0
            var refused = 0
            for index in 0..<30 {
                let answer = try await client.receiveText()
                if answer == "43\(index)[\(index)]" {
                    allowed += 1
                } else {
                    let body = try JSON.parse(Array(answer.drop { $0 != "[" }.utf8))
                    #expect(answer.hasPrefix("43\(index)["))
                    #expect(body[0]?["ok"] == false && body[0]?["error"]?["code"] == "RATE_LIMITED")
                    refused += 1
                }
            }
            #expect(allowed >= 19 && allowed <= 22, "\(allowed) allowed")
            #expect(refused == 30 - allowed)
            #expect(reasons.all.isEmpty)
            for index in 30..<60 { try await client.sendText("42\(index)[\"ask\"]") }
            #expect(try await client.receiveClose().closeCode == 1008)
            try await eventually("disconnect") { reasons.all == [.rateLimited] }
        }
    }

    @Test("A flood of pongs counts against the rate too")
    func pongFlood() async throws {
        try await withServer(
            configure: { $0.messageRate = RateLimit(perSecond: 0.01, burst: 20) },
            setUp: echo
        ) { harness in
            let client = try await harness.socket()
            for _ in 0..<60 { try await client.sendText("3") }
            #expect(try await client.receiveClose().closeCode == 1008)
        }
    }

    @Test("So does one of pongs in a polling body, while a few pass")
    func pongFloodByPolling() async throws {
        try await withServer(
            configure: { $0.messageRate = RateLimit(perSecond: 0.01, burst: 20) },
            setUp: echo
        ) { harness in
            let client = try await harness.connect()
            let sid = try await harness.pollingSession(client)
            let few = [String](repeating: "3", count: 5).joined(separator: "\u{1e}")
            #expect(try await client.request("POST", Harness.target(sid), body: few).status == 200)
            let many = [String](repeating: "3", count: 100).joined(separator: "\u{1e}")
            _ = try await client.request("POST", Harness.target(sid), body: many)
            try await eventually("the session is gone") { harness.server.connectionCount == 0 }
        }
    }

    @Test("Polls that nobody reads the answers of are not answered without end")
    func unreadPolls() async throws {
        let sockets = Recorder<Socket>()
        try await withServer(
            configure: { $0.maxBufferedBytes = 100_000_000 },
            setUp: { server in
                server.of("/").onConnection { socket in
                    sockets.record(socket)
                    for _ in 0..<2000 { socket.emit("blob", .string(String(repeating: "x", count: 20_000))) }
                }
            }
        ) { harness in
            let client = try await harness.connect(receiveBuffer: 16_384)
            let sid = try await harness.pollingSession(client)
            let poster = try await harness.connect()
            _ = try await poster.request("POST", Harness.target(sid), body: "40")
            try await client.setReading(false)
            let get = RawClient.requestText("GET", Harness.target(sid))
            try await client.send(String(repeating: get, count: 200))
            try await Task.sleep(for: .milliseconds(500))
            // 40 MB are queued; kernels take some, and one answer of 320 KB may lie in the channel. The rest stays queued.
            let socket = try #require(sockets.all.first)
            let left = try await socket.eventLoop.submit { socket.bufferedBytes }.get()
            #expect(left > 20_000_000, "only \(left) bytes are left")
        }
    }

    @Test("Nor are polls over many TCP connections that nobody reads, until those are gone", arguments: [1, 2])
    func unreadPollsApart(loops: Int) async throws {
        let sockets = Recorder<Socket>()
        let blob = EncodedPacket(
            namespace: "/",
            event: "blob",
            args: [.string(String(repeating: "x", count: 1_000_000))]
        )
        try await withServer(
            loops: loops,
            // What waits for polling counts twice, as messages and as frames.
            configure: { $0.maxBufferedBytes = 200_000_000 },
            setUp: { server in
                server.of("/").onConnection { socket in
                    sockets.record(socket)
                    for _ in 0..<64 { socket.emit(preencoded: blob) }
                }
            }
        ) { harness in
            let opener = try await harness.connect()
            let sid = try await harness.pollingSession(opener)
            _ = try await opener.request("POST", Harness.target(sid), body: "40")
            try await eventually("the socket is there") { !sockets.all.isEmpty }
            let socket = try #require(sockets.all.first)
            var pollers: [RawClient] = []
            for _ in 0..<2 {
                let poller = try await harness.connect(receiveBuffer: 16_384)
                try await poller.setReading(false)
                try await poller.sendRequest("GET", Harness.target(sid))
                pollers.append(poller)
                try await Task.sleep(for: .milliseconds(300))
            }
            func left() async throws -> Int {
                try await socket.eventLoop.submit { socket.bufferedBytes }.get()
            }
            // The first answer has 15 MB and still counts; the second has not begun.
            #expect(try await left() > 60_000_000)
            try await pollers[0].close()
            let end = ContinuousClock.now + .seconds(10)
            while try await left() > 60_000_000 {
                try #require(ContinuousClock.now < end, "the second poll is never answered")
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    @Test("Bytes are limited too, over polling as well")
    func byteRate() async throws {
        try await withServer(
            configure: { $0.byteRate = RateLimit(perSecond: 1, burst: 10_000) },
            setUp: echo
        ) { harness in
            let client = try await harness.connect()
            let sid = try await harness.pollingSession(client)
            _ = try await client.request("POST", Harness.target(sid), body: "40")
            _ = try await client.request("GET", Harness.target(sid))
            let text = String(repeating: "x", count: 6000)
            for _ in 0..<2 {
                _ = try await client.request("POST", Harness.target(sid), body: "421[\"ask\",\"\(text)\"]")
            }
            let answers = try await client.request("GET", Harness.target(sid)).body.split(separator: "\u{1e}")
            try #require(answers.count == 2)
            #expect(answers[0].hasPrefix("431[\"xxx"))
            #expect(answers[1].contains("RATE_LIMITED"))
        }
    }

    @Test("A slow reader with an overflow handler loses droppable packets only, is told, and catches up")
    func slowReaderIsHelped() async throws {
        let events = Recorder<String>()
        let peak = Recorder<Int>()
        try await withServer(
            configure: { $0.maxBufferedBytes = 200_000 },
            setUp: { server in
                server.of("/").onConnection { socket in
                    socket.onOverflow { events.record("overflow") }
                    socket.onDrain {
                        events.record("drain")
                        socket.emit("resync")
                    }
                    socket.on("finish") { _, ack in ack() }
                    socket.on("flood") { _, _ in
                        let blob = String(repeating: "x", count: 10_000)
                        for index in 0..<1000 {
                            let packet = EncodedPacket(
                                namespace: "/",
                                event: "change",
                                args: [.int(index), .string(blob)],
                                isDroppable: true
                            )
                            socket.emit(preencoded: packet)
                            if index % 100 == 0 { socket.emit("important", .int(index)) }
                            peak.record(socket.bufferedBytes)
                        }
                    }
                }
            }
        ) { harness in
            let client = try await harness.socket(receiveBuffer: 16_384)
            try await client.setReading(false)
            // Two turns of the loop: the first flood fills the channel, the second meets a full one.
            for _ in 0..<3 { try await client.sendText(#"42["flood"]"#) }
            try await eventually("overflow") { events.all.contains("overflow") }
            try await eventually("all floods handled") { peak.all.count == 3000 }
            #expect((peak.all.max() ?? 0) < 3_000_000, "the queue grew to \(peak.all.max() ?? 0)")
            try await client.setReading(true)
            try await client.sendText(#"421["finish"]"#)
            var important: [Int] = []
            var changes = 0
            var resyncs = 0
            while true {
                let text = try await client.receiveText()
                if text == "431[]" { break }
                if text == #"42["resync"]"# {
                    resyncs += 1
                } else if text.hasPrefix(#"42["important","#) {
                    important.append(Int(text.dropFirst(15).dropLast()) ?? -1)
                } else {
                    changes += 1
                }
            }
            #expect(important == Array(repeating: Array(stride(from: 0, to: 1000, by: 100)), count: 3).flatMap { $0 })
            #expect(changes < 3000)
            try await eventually("drained at last") { events.all.last == "drain" }
            #expect(resyncs >= 1)
            // Every overflow is followed by a drain before there is another, though the kernel's buffers decide how often.
            for (event, next) in zip(events.all, events.all.dropFirst()) where event == "overflow" {
                #expect(next == "drain")
            }
        }
    }

    @Test("One message larger than the bound gets through to a slow reader, and small ones behind it")
    func largeMessage() async throws {
        try await withServer(
            configure: { $0.maxBufferedBytes = 100_000 },
            setUp: { server in
                server.of("/").onConnection { socket in
                    socket.on("snapshot") { _, ack in
                        // More than kernels buffer, so that it waits; twice, so that one of them waits in our queue.
                        socket.emit("first", .binary(Array(repeating: 1, count: 8_000_000)))
                        ack(.binary(Array(repeating: 7, count: 8_000_000)))
                    }
                    socket.on("ask") { args, ack in ack.send(args) }
                }
            }
        ) { harness in
            let client = try await harness.socket(receiveBuffer: 16_384)
            try await client.setReading(false)
            try await client.sendText(#"421["snapshot"]"#)
            for index in 0..<100 { try await client.sendText("42\(index)[\"ask\",\(index)]") }
            try await Task.sleep(for: .milliseconds(300))
            try await client.setReading(true)
            #expect(try await client.receiveText().hasPrefix("451-[\"first\""))
            #expect(try await client.receiveFrame().payload.count == 8_000_000)
            #expect(try await client.receiveText().hasPrefix("461-1["))
            #expect(try await client.receiveFrame().payload.count == 8_000_000)
            for index in 0..<100 { #expect(try await client.receiveText() == "43\(index)[\(index)]") }
        }
    }

    @Test("A slow reader that nobody helps is closed with a reason, and its memory is given back")
    func slowReaderIsClosed() async throws {
        let reasons = Recorder<DisconnectReason>()
        try await withServer(
            configure: { $0.maxBufferedBytes = 200_000 },
            setUp: { server in
                server.of("/").onConnection { socket in
                    socket.join("all")
                    socket.onDisconnect { reasons.record($0) }
                    socket.on("ping") { _, ack in ack() }
                }
            }
        ) { harness in
            let slow = try await harness.socket(receiveBuffer: 16_384)
            let quick = try await harness.socket()
            try await slow.setReading(false)
            let blob = String(repeating: "x", count: 10_000)
            for round in 0..<500 where reasons.all.isEmpty {
                harness.server.of("/").to("all").emit("change", .int(round), .string(blob))
                #expect(try await quick.receiveText().hasPrefix("42[\"change\",\(round)"))
            }
            try await eventually("the slow one is put out") { reasons.all == [.slowConsumer] }
            try await quick.sendText(#"421["ping"]"#)
            #expect(try await quick.receiveText() == "431[]")
            #expect(harness.server.of("/").socketCount == 1)
        }
    }

    @Test("Volatile events are dropped while the connection is busy, all others arrive in order")
    func volatile() async throws {
        try await withServer(setUp: { server in
            server.of("/").onConnection { socket in
                socket.on("burst") { _, _ in
                    socket.emit("begin")
                    let blob = String(repeating: "x", count: 100)
                    for index in 0..<1000 { socket.volatile.emit("tick", .int(index), .string(blob)) }
                    socket.emit("end")
                }
                socket.on("single") { _, _ in socket.volatile.emit("tick", 1) }
            }
        }) { harness in
            let client = try await harness.socket()
            try await client.sendText(#"42["single"]"#)
            #expect(try await client.receiveText() == #"42["tick",1]"#)
            try await client.sendText(#"42["burst"]"#)
            #expect(try await client.receiveText() == #"42["begin"]"#)
            var ticks = 0
            while try await client.receiveText() != #"42["end"]"# { ticks += 1 }
            #expect(ticks < 1000 && ticks > 0)
        }
    }

    @Test("A shutdown says what was queued, closes with 1001, answers polls, and lets nobody in", arguments: [1, 2])
    func shutdown(loops: Int) async throws {
        let reasons = Recorder<DisconnectReason>()
        try await withServer(
            loops: loops,
            setUp: { server in
                server.of("/").onConnection { socket in socket.onDisconnect { reasons.record($0) } }
            }
        ) { harness in
            let socket = try await harness.socket()
            let idle = try await harness.webSocket()
            let poller = try await harness.connect()
            let sid = try await harness.pollingSession(poller)
            _ = try await poller.request("POST", Harness.target(sid), body: "40")
            _ = try await poller.request("GET", Harness.target(sid))
            try await poller.sendRequest("GET", Harness.target(sid))
            let bystander = try await harness.connect()
            #expect(try await bystander.request("GET", "/x").status == 404)

            harness.server.of("/").emit("closing", ["retryAfter": 1])
            await harness.server.shutdown()
            #expect(harness.server.connectionCount == 0)
            #expect(reasons.all == [.serverShuttingDown, .serverShuttingDown])
            #expect(try await socket.receiveText() == #"42["closing",{"retryAfter":1}]"#)
            #expect(try await socket.receiveClose().closeCode == 1001)
            #expect(try await idle.receiveClose().closeCode == 1001)
            let last = try await poller.receiveResponse()
            #expect(last.status == 200 && last.body.contains("closing"), "\(last)")
            let refused = try await bystander.request("GET", "/socket.io/?EIO=4&transport=polling")
            #expect(refused.status == 503)
        }
    }
}
