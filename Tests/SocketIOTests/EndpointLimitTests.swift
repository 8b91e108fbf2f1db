import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import SocketIO

/// Who may connect to an endpoint, and for how long somebody may do nothing.
@Suite("Limits of WebSocket endpoints")
struct EndpointLimitTests {
    @Test("Past its connections an endpoint refuses with 503, and takes another when one has gone")
    func maxConnections() async throws {
        try await withEndpoint({ $0.maxConnections = 2 }) { harness in
            let first = try await harness.webSocket()
            _ = try await harness.webSocket()
            let third = try await RawClient.connect(to: harness.port)
            let response = try await third.upgrade("/echo")
            #expect(response.status == 503)
            #expect(response.headers["retry-after"] == "1")
            try await third.waitForClose()
            #expect(harness.endpoint.connectionCount == 2)
            try await first.close()
            try await eventually("one is gone") { harness.endpoint.connectionCount == 1 }
            _ = try await harness.webSocket()
        }
    }

    @Test("Past the connections of one address the endpoint refuses it with 429, and not the others")
    func maxConnectionsPerAddress() async throws {
        try await withEndpoint({
            $0.maxConnectionsPerAddress = 1
            $0.forwardedAddressHeader = "X-Forwarded-For"
        }) { harness in
            // What a client writes itself stands before what the proxy adds.
            for (address, status) in [("10.0.0.1", 101), ("10.0.0.9, 10.0.0.1", 429), ("10.0.0.2", 101)] {
                let client = try await RawClient.connect(to: harness.port)
                #expect(try await client.upgrade("/echo", headers: ["X-Forwarded-For": address]).status == status)
            }
            let own = try await harness.webSocket()
            try await own.close()
            try await eventually("it is gone") { harness.endpoint.connectionCount == 2 }
            _ = try await harness.webSocket()
        }
    }

    @Test("New connections of one address are limited, those of others are not, and waiting helps")
    func connectionRate() async throws {
        #expect(WebSocketEndpoint.Configuration().connectionRatePerAddress == RateLimit(perSecond: 20, burst: 40))
        try await withEndpoint({
            $0.connectionRatePerAddress = RateLimit(perSecond: 2, burst: 3)
            $0.forwardedAddressHeader = "X-Forwarded-For"
        }) { harness in
            func status(_ address: String) async throws -> RawResponse {
                let client = try await RawClient.connect(to: harness.port)
                let response = try await client.upgrade("/echo", headers: ["X-Forwarded-For": address])
                try? await client.close()
                return response
            }
            for _ in 0..<3 { #expect(try await status("10.0.0.1").status == 101) }
            let refused = try await status("10.0.0.1")
            #expect(refused.status == 429 && refused.headers["retry-after"] == "1")
            #expect(try await status("10.0.0.2").status == 101)
            try await Task.sleep(for: .milliseconds(600))
            #expect(try await status("10.0.0.1").status == 101)
        }
    }

    @Test(
        "A connection without a whole request is closed after a while",
        arguments: [
            "", "GET /echo HTTP/1.1\r\nHost:", "\(EndpointLimitTests.upgrade)Content-Length: 5\r\n\r\nabc",
            "\(EndpointLimitTests.upgrade)X: y",
        ]
    )
    func idle(bytes: String) async throws {
        try await withEndpoint({ $0.idleTimeout = .milliseconds(100) }) { harness in
            let client = try await RawClient.connect(to: harness.port)
            if !bytes.isEmpty { try await client.send(bytes) }
            try await client.waitForClose()
        }
    }

    static let upgrade =
        "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"

    /// A connection in virtual time to an endpoint where it may idle for ten seconds.
    private static func connect() throws -> (EmbeddedChannel, WebSocketEndpoint) {
        var configuration = WebSocketEndpoint.Configuration()
        configuration.idleTimeout = .seconds(10)
        let endpoint = WebSocketEndpoint(path: "/echo", configuration: configuration) { _ in }
        let channel = EmbeddedChannel()
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
        try channel.pipeline.syncOperations.addHandler(endpoint.makeGate(isSecure: false))
        return (channel, endpoint)
    }

    @Test("The upgrade of a gate before it stops an endpoint's clock")
    func otherUpgrade() throws {
        let (channel, _) = try Self.connect()
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/socket.io/")
        let event = HTTPServerUpgradeEvents.upgradeComplete(toProtocol: "websocket", upgradeRequest: head)
        channel.pipeline.fireUserInboundEventTriggered(event)
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    @Test("Time runs from the last answer, and not against who waits for one or has a WebSocket")
    func busy() throws {
        let (channel, endpoint) = try Self.connect()
        for _ in 0..<2 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(9))
            try channel.writeInbound(ByteBuffer(string: RawClient.requestText("GET", "/other")))
            channel.embeddedEventLoop.advanceTime(by: .seconds(60))
            var head = HTTPResponseHead(version: .http1_1, status: .ok)
            head.headers.add(name: "content-length", value: "0")
            try channel.writeOutbound(HTTPServerResponsePart.head(head))
            try channel.writeOutbound(HTTPServerResponsePart.end(nil))
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(9))
        let upgrade = RawClient.requestText("GET", "/echo", headers: RawClient.upgradeHeaders)
        try channel.writeInbound(ByteBuffer(string: upgrade))
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive && endpoint.connectionCount == 1)
        _ = try channel.finish(acceptAlreadyClosed: true)
        #expect(endpoint.connectionCount == 0)
    }

    @Test("A body that nobody wants may not take for ever")
    func slowBody() async throws {
        try await withEndpoint(requestTimeout: .milliseconds(100)) { harness in
            let client = try await RawClient.connect(to: harness.port)
            try await client.send("POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc")
            try await client.waitForClose()
        }
    }

    @Test("A client that does not answer a close frame is cut off, whatever it says meanwhile")
    func closingTimeout() async throws {
        try await withEndpoint(onConnection: { connection in
            connection.onMessage { _ in connection.close(code: 4000) }
        }) { harness in
            let client = try await harness.webSocket()
            try await client.sendText("close")
            #expect(try await client.receiveClose().closeCode == 4000)
            try await client.sendText("no")
            try await client.waitForClose()
            try await eventually("it is gone") { harness.endpoint.connectionCount == 0 }
        }
    }

    @Test("The answer to a close frame ends the connection at once, wherever it stands")
    func closingAnswer() async throws {
        try await withEndpoint(
            { $0.closeTimeout = .seconds(3600) },
            onConnection: { connection in
                connection.onMessage { _ in connection.close(code: 4000) }
            }
        ) { harness in
            let client = try await harness.webSocket()
            try await client.sendText("close")
            #expect(try await client.receiveClose().closeCode == 4000)
            try await client.send(RawClient.frame(opcode: 2, [1], isFinal: false))
            try await client.send(RawClient.frame(opcode: 8, [0x0F, 0xA0]))
            try await client.waitForClose()
        }
    }

    @Test("The handler is told once of the end, however it comes", arguments: [false, true])
    func closeHandler(isPolite: Bool) async throws {
        let ends = Recorder<Bool>()
        try await withEndpoint(onConnection: { connection in
            connection.onClose { ends.record(true) }
        }) { harness in
            let client = try await harness.webSocket()
            if isPolite { try await client.send(RawClient.frame(opcode: 8, [])) } else { try await client.close() }
            try await client.waitForClose()
            try await eventually("it is gone") { harness.endpoint.connectionCount == 0 }
        }
        #expect(ends.all == [true])
    }
}
