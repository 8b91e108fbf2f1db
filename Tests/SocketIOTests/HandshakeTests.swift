import NIOCore
import SocketIO
import SocketIOProtocol
import Testing

@Suite("HTTP requests and handshakes")
struct HandshakeTests {
    @Test("A polling handshake has exactly the five keys of the protocol")
    func pollingHandshake() async throws {
        try await withServer(setUp: echo) { harness in
            let client = try await harness.connect()
            let response = try await client.request("GET", "/socket.io/?EIO=4&transport=polling&t=abc")
            #expect(response.status == 200)
            #expect(response.headers["content-type"] == "text/plain; charset=UTF-8")
            #expect(response.headers["cache-control"] == "no-store")
            let body = try JSON.parse(Array(response.body.utf8.dropFirst()))
            #expect(
                body.objectValue?.keys.sorted() == ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]
            )
            #expect(body["upgrades"] == ["websocket"])
            #expect(body["sid"]?.stringValue?.utf8.count == 20)
            #expect(harness.server.connectionCount == 1)
        }
    }

    @Test(
        "Requests that do not fit the protocol are refused with the reference's codes",
        arguments: [
            ("GET", "/socket.io/?transport=polling", 5),
            ("GET", "/socket.io/?EIO=3&transport=polling", 5),
            ("GET", "/socket.io/?EIO=4", 0),
            ("GET", "/socket.io/?EIO=4&transport=carrier-pigeon", 0),
            ("POST", "/socket.io/?EIO=4&transport=polling", 2),
            ("PUT", "/socket.io/?EIO=4&transport=polling", 2),
            ("GET", "/socket.io/?EIO=4&transport=polling&sid=unknown", 1),
            ("GET", "/socket.io/?EIO=4&transport=websocket", 3),
        ]
    )
    func refused(method: String, target: String, code: Int) async throws {
        try await withServer { harness in
            let client = try await harness.connect()
            let response = try await client.request(method, target)
            #expect(response.status == 400)
            let body = try JSON.parse(Array(response.body.utf8))
            #expect(body["code"]?.intValue == code, "\(response)")
            // The refusal did not cost the connection.
            #expect(try await client.request("GET", "/elsewhere").status == 404)
        }
    }

    @Test("Pipelined requests are answered in order, whoever answers them")
    func pipelining() async throws {
        try await withServer { harness in
            let client = try await harness.connect()
            let open = RawClient.requestText("GET", "/socket.io/?EIO=4&transport=polling")
            let bad = RawClient.requestText("GET", "/socket.io?EIO=4&transport=polling&sid=x")
            let other = RawClient.requestText("POST", "/other", body: "some body")
            try await client.send(other + open + other + bad + open + other)
            var statuses: [Int] = []
            for _ in 0..<6 { statuses.append(try await client.receiveResponse().status) }
            #expect(statuses == [404, 200, 404, 400, 200, 404])
        }
    }

    @Test("A request behind a waiting poll waits for it")
    func requestBehindPoll() async throws {
        try await withServer(setUp: echo) { harness in
            let client = try await harness.connect()
            let sid = try await harness.pollingSession(client)
            let get = RawClient.requestText("GET", Harness.target(sid))
            try await client.send(get + RawClient.requestText("GET", "/other"))
            let poster = try await harness.connect()
            #expect(try await poster.request("POST", Harness.target(sid), body: "40").body == "ok")
            #expect(try await client.receiveResponse().body.hasPrefix("40{\"sid\""))
            #expect(try await client.receiveResponse().status == 404)
        }
    }

    @Test("A foreign Origin is refused over HTTP and WebSocket alike; the server's own and none are let in")
    func origin() async throws {
        try await withServer { harness in
            for headers in [["Origin": "https://evil.example"], ["Origin": "null"]] {
                let client = try await harness.connect()
                let response = try await client.request("GET", "/socket.io/?EIO=4&transport=polling", headers: headers)
                #expect(response.status == 403)
                #expect(response.headers["access-control-allow-origin"] == nil)
                let socket = try await harness.connect()
                let upgrade = try await socket.upgrade("/socket.io/?EIO=4&transport=websocket", headers: headers)
                #expect(upgrade.status == 403)
                try await socket.waitForClose()
            }
            #expect(harness.server.connectionCount == 0)
            let own = try await harness.connect()
            let headers = ["Origin": "http://127.0.0.1"]
            #expect(try await own.upgrade("/socket.io/?EIO=4&transport=websocket", headers: headers).status == 101)
        }
    }

    @Test("A listed Origin gets CORS headers, a preflight too, and the connection lives on")
    func cors() async throws {
        try await withServer(configure: {
            $0.allowedOrigins = ["https://app.example"]
            $0.allowsCredentials = true
        }) { harness in
            let client = try await harness.connect()
            let origin = ["Origin": "https://app.example"]
            let target = "/socket.io/?EIO=4&transport=polling"
            let preflight = try await client.request(
                "OPTIONS",
                target,
                headers: origin.merging(["Access-Control-Request-Headers": "x-token"]) { $1 }
            )
            #expect(preflight.status == 204)
            #expect(preflight.headers["access-control-allow-headers"] == "x-token")
            #expect(preflight.headers["access-control-allow-methods"] == "GET,POST")
            let response = try await client.request("GET", target, headers: origin)
            #expect(response.status == 200)
            #expect(response.headers["access-control-allow-origin"] == "https://app.example")
            #expect(response.headers["access-control-allow-credentials"] == "true")
            #expect(response.headers["vary"] == "Origin")
            #expect(try await client.request("GET", target, headers: ["Origin": "https://x.example"]).status == 403)
        }
    }

    @Test("A body over maxPayload gets 413, announced or not, and the session lives on")
    func bigBody() async throws {
        try await withServer(configure: { $0.maxPayload = 1000 }, setUp: echo) { harness in
            let client = try await harness.connect()
            let sid = try await harness.pollingSession(client)
            let announced = try await harness.connect()
            try await announced.send(
                "POST \(Harness.target(sid)) HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"
            )
            #expect(try await announced.receiveResponse().status == 413)
            let chunked = try await harness.connect()
            let chunk = "200\r\n" + String(repeating: "4", count: 512) + "\r\n"
            try await chunked.send(
                "POST \(Harness.target(sid)) HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk
            )
            #expect(try await chunked.receiveResponse().status == 413)
            #expect(try await client.request("POST", Harness.target(sid), body: "40").status == 200)
        }
    }

    @Test("Half a head and half a body are given up in time")
    func slowRequests() async throws {
        try await withServer(configure: {
            $0.idleTimeout = .milliseconds(1000)
            $0.requestTimeout = .milliseconds(500)
        }) { harness in
            let client = try await harness.connect()
            try await client.send("GET /socket.io/?EIO=4")
            try await client.waitForClose(timeout: .seconds(8))

            let opener = try await harness.connect()
            let sid = try await harness.pollingSession(opener)
            let poster = try await harness.connect()
            try await poster.send("POST \(Harness.target(sid)) HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n4")
            try await poster.waitForClose(timeout: .seconds(8))
        }
    }

    @Test("New connections of one address are limited with a code that says that retrying helps")
    func addressLimit() async throws {
        try await withServer(configure: { $0.connectionRatePerAddress = RateLimit(perSecond: 0.01, burst: 2) }) {
            harness in
            let client = try await harness.connect()
            _ = try await harness.pollingSession(client)
            _ = try await harness.pollingSession(client)
            let refused = try await client.request("GET", "/socket.io/?EIO=4&transport=polling")
            #expect(refused.status == 429)
            let body = try JSON.parse(Array(refused.body.utf8))
            #expect(body["code"] == "RATE_LIMITED" && body["retryable"] == true)
            let upgrade = try await client.upgrade("/socket.io/?EIO=4&transport=websocket")
            #expect(upgrade.status == 429)
        }
    }

    @Test("Every way to garble a request ends in an answer or a closed connection, and the server lives")
    func garbled() async throws {
        try await withServer(setUp: echo) { harness in
            let requests = [
                "\r\n\r\n\r\n", "GARBAGE\r\n\r\n", "GET /socket.io/?EIO=4&transport=polling HTTP/9.9\r\n\r\n",
                "GET /socket.io/?%zz&&&=&EIO HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                "GET /socket.io/?EIO=4&transport=websocket HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
            ]
            for request in requests {
                let client = try await harness.connect()
                try await client.send(request)
                if request == "\r\n\r\n\r\n" { try await client.close() }
                try await client.waitForClose()
            }
            let client = try await harness.connect()
            _ = try await harness.pollingSession(client)
        }
    }
}
