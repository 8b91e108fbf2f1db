import NIOCore
import NIOPosix
import Testing

@testable import SocketIO

/// What HTTP/1.1 asks of every request, with the gate of a Socket.IO server in front and with an endpoint's alone.
@Suite("HTTP's own rules")
struct RequestRuleTests {
    enum Front: CaseIterable { case server, endpoint }

    /// Runs a test on a port with one of the gates.
    private func with(_ front: Front, _ test: (Int) async throws -> Void) async throws {
        switch front {
        case .server: try await withServer(configure: { $0.maxPayload = 1000 }, setUp: echo) { try await test($0.port) }
        case .endpoint: try await withEndpoint { try await test($0.port) }
        }
    }

    private static func path(_ front: Front) -> String {
        front == .server ? "/socket.io/?EIO=4&transport=polling" : "/other"
    }

    @Test("A request of HTTP/1.1 has one Host, whatever it is for", arguments: Front.allCases)
    func host(front: Front) async throws {
        try await self.with(front) { port in
            for target in [Self.path(front), "/somewhere"] {
                for hosts in ["", "Host: a\r\nHost: a\r\n", "Host: a\r\nHost: b\r\n", "Host: a b\r\n", "Host: a/b\r\n"]
                {
                    let client = try await RawClient.connect(to: port)
                    try await client.send("GET \(target) HTTP/1.1\r\n\(hosts)\r\n")
                    #expect(try await client.receiveResponse().status == 400, "\(target) \(hosts)")
                    try await client.waitForClose()
                }
                let fine = front == .server && target != "/somewhere" ? 200 : 404
                for text in ["GET \(target) HTTP/1.1\r\nHost:\r\n\r\n", "GET \(target) HTTP/1.0\r\n\r\n"] {
                    let client = try await RawClient.connect(to: port)
                    try await client.send(text)
                    #expect(try await client.receiveResponse().status == fine, "\(text)")
                }
            }
        }
    }

    @Test("A target may name the server, and then counts in place of the Host", arguments: Front.allCases)
    func absoluteForm(front: Front) async throws {
        try await self.with(front) { port in
            let path = Self.path(front)
            let client = try await RawClient.connect(to: port)
            let fine = front == .server ? 200 : 404
            for scheme in ["http", "HTTP", "https"] {
                #expect(try await client.request("GET", "\(scheme)://quire.example\(path)").status == fine)
            }
            if front == .server {
                // The page's origin is compared with the target's host, not with the header's.
                for (host, status) in [("page.example", 200), ("quire.example", 403)] {
                    let response = try await client.request(
                        "GET",
                        "http://\(host)\(path)",
                        headers: ["Origin": "http://page.example"]
                    )
                    #expect(response.status == status)
                }
            }
            for target in ["http://?a", "http:///x", "http://user@host/x"] {
                let other = try await RawClient.connect(to: port)
                #expect(try await other.request("GET", target).status == 400, "\(target)")
                try await other.waitForClose()
            }
        }
    }

    @Test("A WebSocket may be asked for by its whole address")
    func absoluteUpgrade() async throws {
        try await withServer(setUp: echo) { harness in
            let client = try await harness.connect()
            let target = "http://127.0.0.1:\(harness.port)/socket.io/?EIO=4&transport=websocket"
            #expect(try await client.upgrade(target).status == 101)
        }
        try await withEndpoint { harness in
            let client = try await RawClient.connect(to: harness.port)
            #expect(try await client.upgrade("http://127.0.0.1:\(harness.port)/echo").status == 101)
        }
    }

    @Test("An expectation other than 100-continue is refused with 417", arguments: Front.allCases)
    func unknownExpectation(front: Front) async throws {
        try await self.with(front) { port in
            for expectation in ["200-ok", "100-continue, more"] {
                let client = try await RawClient.connect(to: port)
                let headers = ["Expect": expectation, "Content-Length": "5"]
                try await client.sendRequest("POST", Self.path(front), headers: headers)
                #expect(try await client.receiveResponse().status == 417, "\(expectation)")
            }
            // In HTTP/1.0 it means nothing.
            let old = try await RawClient.connect(to: port)
            try await old.send("GET /somewhere HTTP/1.0\r\nExpect: 200-ok\r\n\r\n")
            #expect(try await old.receiveResponse().status == 404)
        }
    }

    @Test("Whoever waits with a body is told to go on, before anything of it was sent", arguments: Front.allCases)
    func expectContinue(front: Front) async throws {
        try await self.with(front) { port in
            let client = try await RawClient.connect(to: port)
            let headers = ["Expect": "100-Continue", "Content-Length": "4"]
            try await client.sendRequest("POST", "/somewhere", headers: headers)
            #expect(try await client.receiveResponse().status == 100)
            try await client.send("body")
            #expect(try await client.receiveResponse().status == 404)
            // The second does not overtake the answer to the first.
            try await client.send(
                RawClient.requestText("GET", "/somewhere")
                    + RawClient.requestText("POST", "/somewhere", headers: headers)
            )
            for status in [404, 100] { #expect(try await client.receiveResponse().status == status) }
            try await client.send("body")
            #expect(try await client.receiveResponse().status == 404)
        }
    }

    @Test("A POST of a session is asked for its body, or refused in place of that")
    func expectContinueOfSession() async throws {
        try await withServer(loops: 2, configure: { $0.maxPayload = 1000 }, setUp: echo) { harness in
            let client = try await harness.connect()
            let sid = try await harness.pollingSession(client)
            let expect = ["Expect": "100-continue"]
            try await client.sendRequest(
                "POST",
                Harness.target(sid),
                headers: expect.merging(["Content-Length": "2"]) { $1 }
            )
            #expect(try await client.receiveResponse().status == 100)
            try await client.send("40")
            #expect(try await client.receiveResponse().body == "ok")
            for (target, length, status) in [(Harness.target("unknown"), 5, 400), (Harness.target(sid), 1001, 413)] {
                let other = try await harness.connect()
                try await other.sendRequest(
                    "POST",
                    target,
                    headers: expect.merging(["Content-Length": "\(length)"]) { $1 }
                )
                #expect(try await other.receiveResponse().status == status)
            }
        }
    }
}
