import SocketIO
import SocketIOProtocol
import Testing

@Suite("Polling")
struct PollingTests {
    /// Opens a session in `/` and throws the CONNECT reply away.
    private func connectedSession(_ harness: Harness, _ client: RawClient) async throws -> String {
        let sid = try await harness.pollingSession(client)
        #expect(try await client.request("POST", Harness.target(sid), body: "40").body == "ok")
        #expect(try await client.request("GET", Harness.target(sid)).body.hasPrefix("40{\"sid\""))
        return sid
    }

    @Test("Events and binary attachments go both ways, several in one body", arguments: [1, 2])
    func echoes(loops: Int) async throws {
        try await withServer(loops: loops, setUp: echo) { harness in
            let client = try await harness.connect()
            let poster = try await harness.connect()
            let sid = try await self.connectedSession(harness, client)
            let attachment = "bAQIDBA=="
            let body = [
                #"42["message","a"]"#,
                #"451-["message",{"_placeholder":true,"num":0}]"#,
                attachment,
                #"427["ask",{"k":"ü"}]"#,
            ].joined(separator: "\u{1e}")
            #expect(try await poster.request("POST", Harness.target(sid), body: body).body == "ok")
            let reply = try await client.request("GET", Harness.target(sid))
            let expected = [
                #"42["message-back","a"]"#,
                #"451-["message-back",{"_placeholder":true,"num":0}]"#,
                attachment,
                #"437[{"k":"ü"}]"#,
            ].joined(separator: "\u{1e}")
            #expect(reply.body == expected)
        }
    }

    @Test("A second GET ends the session: the first gets a close packet, the second 400")
    func overlap() async throws {
        try await withServer(setUp: echo) { harness in
            let first = try await harness.connect()
            let second = try await harness.connect()
            let sid = try await self.connectedSession(harness, first)
            try await first.sendRequest("GET", Harness.target(sid))
            // Two connections: the order in which the server reads them is fixed by waiting a little.
            try await Task.sleep(for: .milliseconds(100))
            #expect(try await second.request("GET", Harness.target(sid)).status == 400)
            let closed = try await first.receiveResponse()
            #expect(closed.status == 200 && closed.body == "1")
            #expect(try await second.request("GET", Harness.target(sid)).status == 400)
            try await eventually("the session is gone") { harness.server.connectionCount == 0 }
        }
    }

    @Test("The server pings, and a session without a pong is closed with its reason")
    func heartbeat() async throws {
        let reasons = Recorder<DisconnectReason>()
        try await withServer(
            configure: {
                $0.pingInterval = .milliseconds(700)
                $0.pingTimeout = .milliseconds(2000)
            },
            setUp: { server in
                server.of("/").onConnection { socket in socket.onDisconnect { reasons.record($0) } }
            }
        ) { harness in
            let client = try await harness.connect()
            let sid = try await self.connectedSession(harness, client)
            for _ in 0..<2 {
                #expect(try await client.request("GET", Harness.target(sid)).body == "2")
                #expect(try await client.request("POST", Harness.target(sid), body: "3").body == "ok")
            }
            #expect(reasons.all.isEmpty)
            try await eventually("the session died") { reasons.all == [.pingTimeout] }
            #expect(try await client.request("GET", Harness.target(sid)).status == 400)
        }
    }

    @Test("A client that goes away in a long poll is noticed at once, on whichever loop that is", arguments: [1, 2])
    func abortedPoll(loops: Int) async throws {
        let reasons = Recorder<DisconnectReason>()
        try await withServer(
            loops: loops,
            setUp: { server in
                server.of("/").onConnection { socket in socket.onDisconnect { reasons.record($0) } }
            }
        ) { harness in
            // Several, so that with two loops some poll comes from the loop that its session does not live on.
            for count in 1...4 {
                let opener = try await harness.connect()
                let sid = try await self.connectedSession(harness, opener)
                let client = try await harness.connect()
                try await client.sendRequest("GET", Harness.target(sid))
                try await Task.sleep(for: .milliseconds(50))
                try await client.close()
                try await eventually("the session closed") {
                    reasons.all == Array(repeating: .transportClose, count: count)
                }
                try await eventually("and is forgotten") { harness.server.connectionCount == 0 }
            }
        }
    }

    @Test("A malformed packet ends the session")
    func malformed() async throws {
        try await withServer(setUp: echo) { harness in
            for body in ["abc", "4abc", "42{}", #"42abc["message"]"#, "b!!!!"] {
                let client = try await harness.connect()
                let sid = try await self.connectedSession(harness, client)
                _ = try await client.request("POST", Harness.target(sid), body: body)
                let after = try await harness.connect()
                // What a closing session still has to say is fetched first.
                var status = try await after.request("GET", Harness.target(sid)).status
                if status == 200 { status = try await after.request("GET", Harness.target(sid)).status }
                #expect(status == 400, "\(body)")
            }
        }
    }

    @Test("A session moves to a WebSocket in the middle of its talk, on whichever loop that is", arguments: [1, 2])
    func upgrade(loops: Int) async throws {
        try await withServer(loops: loops, setUp: echo) { harness in
            for _ in 0..<3 {
                let client = try await harness.connect()
                let sid = try await self.connectedSession(harness, client)
                try await client.sendRequest("GET", Harness.target(sid))
                let socket = try await harness.connect()
                #expect(try await socket.upgrade("/socket.io/?EIO=4&transport=websocket&sid=\(sid)").status == 101)
                try await socket.sendText("2probe")
                #expect(try await socket.receiveText() == "3probe")
                #expect(try await client.receiveResponse().body == "6")
                // Sent before the upgrade is complete, so it is answered when it is.
                let poster = try await harness.connect()
                _ = try await poster.request("POST", Harness.target(sid), body: #"421["ask","early"]"#)
                try await socket.sendText("5")
                #expect(try await socket.receiveText() == #"431["early"]"#)
                try await socket.sendText(#"422["ask","late"]"#)
                #expect(try await socket.receiveText() == #"432["late"]"#)
                #expect(try await client.request("GET", Harness.target(sid)).status == 400)

                let intruder = try await harness.connect()
                #expect(try await intruder.upgrade("/socket.io/?EIO=4&transport=websocket&sid=\(sid)").status == 101)
                _ = try await intruder.receiveClose()
                try await intruder.send(RawClient.frame(opcode: 8, []))
                try await intruder.waitForClose()
                try await socket.sendText(#"423["ask"]"#)
                #expect(try await socket.receiveText() == "433[]")
            }
        }
    }

    @Test("An upgrade that takes too long is ended in time, and polling goes on")
    func upgradeTimeout() async throws {
        try await withServer(configure: { $0.upgradeTimeout = .milliseconds(300) }, setUp: echo) { harness in
            let polling = try await harness.connect()
            let sid = try await harness.pollingSession(polling)
            let silent = try await harness.connect()
            let target = "/socket.io/?EIO=4&transport=websocket&sid=\(sid)"
            #expect(try await silent.upgrade(target).status == 101)
            try await silent.sendText("2probe")
            #expect(try await silent.receiveText() == "3probe")
            let start = ContinuousClock.now
            _ = try await silent.receiveClose()
            #expect(ContinuousClock.now - start > .milliseconds(150))
            #expect(try await polling.request("POST", Harness.target(sid), body: "40").body == "ok")
            let answer = try await polling.request("GET", Harness.target(sid))
            #expect(answer.body.hasPrefix("40{"))
        }
    }

    @Test("Attachments that do not come in time close the connection")
    func attachmentTimeout() async throws {
        try await withServer(configure: { $0.attachmentTimeout = .milliseconds(300) }, setUp: echo) { harness in
            let client = try await harness.socket()
            try await client.sendText(#"452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#)
            try await client.sendBinary([1])
            _ = try await client.receiveClose()
        }
    }
}
