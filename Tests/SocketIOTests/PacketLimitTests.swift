import SocketIO
import SocketIOProtocol
import Testing

@Suite("Bounds on packets")
struct PacketLimitTests {
    /// An argument so many arrays deep, inside the array of the event.
    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    @Test("JSON may be as deep, and hold as many values, as the configuration says", arguments: [false, true])
    func json(isOver: Bool) async throws {
        let packets = [
            "421[\"ask\",\(Self.nested(isOver ? 4 : 3))]",
            "421[\"ask\"\(String(repeating: ",1", count: isOver ? 99 : 98))]",
        ]
        for packet in packets {
            try await withServer(
                configure: {
                    $0.maxJSONDepth = 4
                    $0.maxJSONValues = 100
                },
                setUp: echo
            ) { harness in
                let client = try await harness.socket()
                try await client.sendText(packet)
                if isOver {
                    _ = try await client.receiveClose()
                } else {
                    #expect(try await client.receiveText().hasPrefix("431["))
                }
            }
        }
    }

    @Test(
        "By default JSON is 64 deep at most; what is set beyond 256 counts as that, and 0 as 1",
        arguments: [nil, 0, 9999]
    )
    func depths(_ setting: Int?) async throws {
        try await withServer(configure: { if let setting { $0.maxJSONDepth = setting } }, setUp: echo) { harness in
            let depth = setting == nil ? 64 : setting == 0 ? 1 : 256
            let client = try await harness.socket()
            try await client.sendText(depth > 1 ? "421[\"ask\",\(Self.nested(depth - 1))]" : "421[\"ask\"]")
            #expect(try await client.receiveText().hasPrefix("431["))
            try await client.sendText("421[\"ask\",\(Self.nested(depth))]")
            _ = try await client.receiveClose()
        }
    }

    @Test("A polling body may hold as many packets as the configuration says")
    func packets() async throws {
        try await withServer(configure: { $0.maxPacketsPerPayload = 3 }, setUp: echo) { harness in
            let client = try await harness.connect()
            let sid = try await harness.pollingSession(client)
            let body = ["40", "3", "3"].joined(separator: "\u{1E}")
            #expect(try await client.request("POST", Harness.target(sid), body: body).body == "ok")
            let longer = ["3", "3", "3", "3"].joined(separator: "\u{1E}")
            let other = try await harness.connect()
            #expect(try await other.request("POST", Harness.target(sid), body: longer).status == 400)
            try await eventually("the session is over") { harness.server.connectionCount == 0 }
        }
    }
}
