import SocketIO
import SocketIOProtocol
import Testing

@testable import SocketIO

@Suite("Who may connect how often, and say what before")
struct AdmissionTests {
    private static let polling = "/socket.io/?EIO=4&transport=polling"

    @Test(
        "IPv6 counts by /64, IPv4 by address, and an IPv4 client is the same at a socket for both",
        arguments: [
            ("2001:db8::1", "2001:db8::2", true), ("2001:db8::1", "2001:db8:0:0:ffff::9", true),
            ("2001:db8::1", "2001:db8:0:1::1", false), ("10.0.0.1", "10.0.0.2", false),
            ("10.0.0.1", "::ffff:10.0.0.1", true), ("fe80::1%eth0", "fe80::2", true), ("", "unknown", false),
        ]
    )
    func addressKeys(first: String, second: String, areSame: Bool) {
        #expect((AddressKey(first) == AddressKey(second)) == areSame)
    }

    @Test("An address has so many connections at a time, over WebSocket and polling, and may come back")
    func capPerAddress() async throws {
        try await withServer(
            configure: {
                $0.maxConnectionsPerAddress = 2
                $0.forwardedAddressHeader = "X-Forwarded-For"
            },
            setUp: echo
        ) { harness in
            let client = try await harness.connect()
            let from = { (address: String) in ["X-Forwarded-For": address] }
            let first = try await client.request("GET", Self.polling, headers: from("2001:db8::1"))
            #expect(first.status == 200)
            #expect(try await client.request("GET", Self.polling, headers: from("2001:db8::2")).status == 200)
            let refused = try await client.request("GET", Self.polling, headers: from("2001:db8::3"))
            #expect(refused.status == 429)
            #expect(try JSON.parse(Array(refused.body.utf8))["code"] == "TOO_MANY_CONNECTIONS")
            let webSocket = try await harness.connect()
            let target = "/socket.io/?EIO=4&transport=websocket"
            #expect(try await webSocket.upgrade(target, headers: from("2001:db8::4")).status == 429)
            #expect(try await client.request("GET", Self.polling, headers: from("2001:db8:1::1")).status == 200)

            let sid = try JSON.parse(Array(first.body.utf8.dropFirst()))["sid"]?.stringValue ?? ""
            #expect(try await client.request("POST", Harness.target(sid), body: "1").status == 200)
            try await eventually("the session is over") { harness.server.connectionCount == 2 }
            #expect(try await client.request("GET", Self.polling, headers: from("2001:db8::5")).status == 200)
        }
    }

    @Test("A client that is in no namespace has a budget of bytes")
    func bytesBeforeConnect() async throws {
        try await withServer(configure: { $0.maxBytesBeforeConnect = 1000 }, setUp: echo) { harness in
            let client = try await harness.webSocket()
            try await client.sendText(#"40/nope,{"token":"\#(String(repeating: "a", count: 600))"}"#)
            #expect(try await client.receiveText().hasPrefix("44/nope,"))
            try await client.sendText(#"40/nope,{"token":"\#(String(repeating: "a", count: 600))"}"#)
            try await client.waitForClose()

            let insider = try await harness.socket()
            for _ in 0..<5 { try await insider.sendText(#"42["message","\#(String(repeating: "a", count: 600))"]"#) }
            for _ in 0..<5 { #expect(try await insider.receiveText().contains("aaa")) }
        }
    }

    @Test("Nobody tries tokens for long on one connection")
    func packetsBeforeConnect() async throws {
        try await withServer(configure: { $0.maxPacketsBeforeConnect = 3 }, setUp: echo) { harness in
            let client = try await harness.webSocket()
            for _ in 0..<4 {
                try await client.sendText("40/nope,")
                #expect(try await client.receiveText().hasPrefix("44/nope,"))
            }
            try await client.sendText("40/nope,")
            try await client.waitForClose()
        }
    }

    @Test(
        "A pattern of origins is an origin, a star before its host, or a star",
        arguments: [
            ("*", true), ("https://a.example", true), ("https://*.a.example:8443", true), ("a.example", false),
            ("https://", false), ("https://*", false), ("https://a.*.example", false), ("https://a.example/", false),
            ("null", false), ("", false),
        ]
    )
    func patterns(text: String, isPattern: Bool) {
        #expect(OriginPolicy.isPattern(text) == isPattern)
    }
}
