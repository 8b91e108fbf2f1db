import NIOCore
import SocketIO
import SocketIOProtocol
import Testing

/// While a client enters a namespace whose middleware takes its time.
@Suite("Entering a namespace beside others")
struct HeldMessagesTests {
    /// `/` answers at once; `/slow`, `/other` and `/never` let in when they are told, the last one never.
    private func install(_ server: SocketIOServer, _ gates: [String: AsyncStream<Void>]) {
        for (name, gate) in gates {
            server.of(name).use { _, _ async throws(ConnectError) in for await _ in gate { break } }
        }
        for name in ["/"] + gates.keys {
            server.of(name).onConnection { socket in socket.on("ask") { args, ack in ack.send(args) } }
        }
    }

    private func withGates(
        _ names: [String],
        configure: (inout SocketIOConfiguration) -> Void = { _ in },
        _ test: (Harness, (String) -> Void) async throws -> Void
    ) async throws {
        var gates: [String: AsyncStream<Void>] = [:]
        var keys: [String: AsyncStream<Void>.Continuation] = [:]
        for name in names { (gates[name], keys[name]) = AsyncStream.makeStream(of: Void.self) }
        let streams = gates
        try await withServer(configure: configure, setUp: { self.install($0, streams) }) { harness in
            try await test(harness) { keys[$0]?.yield() }
        }
    }

    /// The server has taken what was sent: it answers a ping behind that.
    private func waitUntilTaken(_ client: RawClient) async throws {
        try await client.send(RawClient.frame(opcode: 9, []))
        // On a busy machine a ping of Engine.IO may come before.
        while try await client.receiveFrame().opcode != 10 {}
    }

    @Test("What goes to other namespaces is answered meanwhile, and what goes there waits in its order")
    func others() async throws {
        try await self.withGates(["/slow"]) { harness, open in
            let client = try await harness.socket()
            try await client.sendText("40/slow,")
            for index in 0..<100 {
                try await client.sendText("42/slow,\(index)[\"ask\",\(index)]")
                try await client.sendText("42\(index)[\"ask\",\(index)]")
            }
            for index in 0..<100 { #expect(try await client.receiveText() == "43\(index)[\(index)]") }
            open("/slow")
            #expect(try await client.receiveText().hasPrefix("40/slow,"))
            for index in 0..<100 { #expect(try await client.receiveText() == "43/slow,\(index)[\(index)]") }
        }
    }

    @Test("Attachments go with their packet, whichever waits")
    func attachments() async throws {
        try await self.withGates(["/slow"]) { harness, open in
            let client = try await harness.socket()
            let packet = #"["ask",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#
            try await client.sendText("40/slow,")
            for (prefix, first) in [("452-/slow,1", 1), ("452-2", 3)] {
                try await client.sendText(prefix + packet)
                try await client.sendBinary([UInt8(first)])
                try await client.sendBinary([UInt8(first + 1)])
            }
            #expect(try await client.receiveText().hasPrefix("462-2["))
            for byte in [3, 4] as [UInt8] { #expect(try await client.receiveFrame().payload == [byte]) }
            open("/slow")
            #expect(try await client.receiveText().hasPrefix("40/slow,"))
            #expect(try await client.receiveText().hasPrefix("462-/slow,1["))
            for byte in [1, 2] as [UInt8] { #expect(try await client.receiveFrame().payload == [byte]) }
        }
    }

    @Test("A namespace that decides between a packet of another and its attachment waits for that")
    func decisionBetween() async throws {
        try await self.withGates(["/slow"]) { harness, open in
            let client = try await harness.socket()
            try await client.sendText("40/slow,")
            try await client.sendText(#"42/slow,1["ask",1]"#)
            try await client.sendText(#"451-2["ask",{"_placeholder":true,"num":0}]"#)
            try await self.waitUntilTaken(client)
            open("/slow")
            #expect(try await client.receiveText().hasPrefix("40/slow,"))
            try await client.sendBinary([7])
            #expect(try await client.receiveText().hasPrefix("461-2["))
            #expect(try await client.receiveFrame().payload == [7])
            #expect(try await client.receiveText() == "43/slow,1[1]")
        }
    }

    @Test("Text where an attachment is due ends the connection, held or not")
    func textForAttachment() async throws {
        try await self.withGates(["/slow"]) { harness, _ in
            let client = try await harness.socket()
            try await client.sendText("40/slow,")
            try await client.sendText(
                #"452-/slow,1["ask",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#
            )
            try await client.sendBinary([1])
            try await client.sendText("429[\"ask\"]")
            #expect(try await client.receiveClose().opcode == 8)
        }
    }

    @Test("A packet of which half was held when the namespace decided is completed by what comes then")
    func halfHeld() async throws {
        try await self.withGates(["/slow"]) { harness, open in
            let patient = try await harness.socket()
            try await patient.sendText("40/slow,")
            try await patient.sendText(
                #"452-/slow,1["ask",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#
            )
            try await patient.sendBinary([1])
            try await self.waitUntilTaken(patient)
            open("/slow")
            #expect(try await patient.receiveText().hasPrefix("40/slow,"))
            try await patient.sendBinary([2])
            #expect(try await patient.receiveText().hasPrefix("462-/slow,1["))
            for byte in [1, 2] as [UInt8] { #expect(try await patient.receiveFrame().payload == [byte]) }
        }
    }

    @Test("What waits is bounded in bytes, over all namespaces together")
    func bound() async throws {
        try await self.withGates(["/slow", "/other"], configure: { $0.maxPayload = 10_000 }) { harness, _ in
            let client = try await harness.socket()
            for name in ["/slow", "/other"] { try await client.sendText("40\(name),") }
            let text = String(repeating: "x", count: 4000)
            try await client.sendText("42/slow,[\"ask\",\"\(text)\"]")
            try await client.sendText("42/other,[\"ask\",\"\(text)\"]")
            // It is not the traffic beside it that counts.
            for _ in 0..<10 {
                try await client.sendText("421[\"ask\",\"\(text)\"]")
                #expect(try await client.receiveText().utf8.count > 4000)
            }
            try await client.sendText("42/slow,[\"ask\",\"\(text)\"]")
            #expect(try await client.receiveClose().closeCode == 1008)
        }
    }
}
