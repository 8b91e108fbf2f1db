import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import SocketIO
import Testing

/// The codec of a foreign framework: behind it the parts have other types than NIOHTTP1's.
private final class ForeignCodec: ChannelDuplexHandler {
    struct Request {
        let part: HTTPServerRequestPart
    }

    struct Response {
        let part: HTTPServerResponsePart
    }

    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = Request
    typealias OutboundIn = Response
    typealias OutboundOut = HTTPServerResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(Self.wrapInboundOut(Request(part: Self.unwrapInboundIn(data))))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(Self.wrapOutboundOut(Self.unwrapOutboundIn(data).part), promise: promise)
    }
}

/// Answers requests of the foreign framework after a while, as a router with tasks does.
private final class ForeignRouter: ChannelInboundHandler {
    typealias InboundIn = ForeignCodec.Request
    typealias OutboundOut = ForeignCodec.Response

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = Self.unwrapInboundIn(data).part else { return }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .milliseconds(30)) {
            var head = HTTPResponseHead(version: .http1_1, status: .ok)
            head.headers.add(name: "content-length", value: "7")
            let context = bound.value
            context.write(Self.wrapOutboundOut(.init(part: .head(head))), promise: nil)
            context.write(
                Self.wrapOutboundOut(.init(part: .body(.byteBuffer(ByteBuffer(string: "foreign"))))),
                promise: nil
            )
            context.writeAndFlush(Self.wrapOutboundOut(.init(part: .end(nil))), promise: nil)
        }
    }
}

/// Half-closes instead of closing, and tells of every quiescing child, as Hummingbird does.
@Suite("The gate inside a foreign pipeline")
struct GatePlacementTests {
    private func withForeignServer(
        _ test: (_ port: Int, _ server: SocketIOServer, _ quiesce: () -> Void) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var configuration = SocketIOConfiguration()
        configuration.closeTimeout = .milliseconds(300)
        let server = SocketIOServer(configuration: configuration, eventLoopGroup: group, logger: Logger(label: "test"))
        echo(server)
        let children = Recorder<any Channel>()
        let listener = try await ServerBootstrap(group: group)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                children.record(channel)
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(
                        withPipeliningAssistance: false,
                        withErrorHandling: false,
                        withOutboundHeaderValidation: false
                    )
                    try pipeline.addHandler(ForeignCodec())
                    try pipeline.addHandler(server.makeGate())
                    try pipeline.addHandler(ForeignRouter())
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        try await test(listener.localAddress?.port ?? 0, server) {
            for child in children.all { child.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        }
        try await listener.close()
        await server.shutdown()
        try await group.shutdownGracefully()
    }

    @Test("Requests of both are answered in order, and a later one becomes a WebSocket")
    func mixed() async throws {
        try await self.withForeignServer { port, server, quiesce in
            let client = try await RawClient.connect(to: port)
            let foreign = RawClient.requestText("GET", "/v1/docs")
            let own = RawClient.requestText("GET", "/socket.io/?EIO=4&transport=polling")
            try await client.send(foreign + own + foreign + foreign + own)
            var bodies: [String] = []
            for _ in 0..<5 { bodies.append(String(try await client.receiveResponse().body.prefix(2))) }
            #expect(bodies == ["fo", "0{", "fo", "fo", "0{"])

            #expect(try await client.upgrade("/socket.io/?EIO=4&transport=websocket").status == 101)
            #expect(try await client.receiveText().hasPrefix("0{"))
            try await client.sendText("40")
            _ = try await client.receiveText()
            try await client.sendText(#"421["ask",1]"#)
            #expect(try await client.receiveText() == "431[1]")
            #expect(server.connectionCount == 3)

            quiesce()
            #expect(try await client.receiveClose().closeCode == 1001)
            try await client.waitForClose(timeout: .seconds(8))
            // Polling sessions have no channel that could tell them; they end with the server.
            #expect(server.connectionCount == 2)
        }
    }

    @Test("A poll that waits when the server stops is still answered, and then the connection closes")
    func quiescingPoll() async throws {
        try await self.withForeignServer { port, server, quiesce in
            let client = try await RawClient.connect(to: port)
            let open = try await client.request("GET", "/socket.io/?EIO=4&transport=polling")
            let sid = String(open.body.dropFirst(9).prefix(20))
            let poster = try await RawClient.connect(to: port)
            try await client.sendRequest("GET", Harness.target(sid))
            try await Task.sleep(for: .milliseconds(100))
            #expect(try await poster.request("POST", "/v1/docs").status == 200)
            quiesce()
            try await poster.close()
            let second = try await RawClient.connect(to: port)
            #expect(try await second.request("POST", Harness.target(sid), body: "40").status == 200)
            #expect(try await client.receiveResponse().headers["connection"] == "close")
            try await client.waitForClose()
        }
    }

    @Test("A half-closed WebSocket and a half-closed poll are over")
    func halfClosure() async throws {
        try await self.withForeignServer { port, server, _ in
            for target in ["websocket", "polling"] {
                let client = try await RawClient.connect(to: port)
                if target == "websocket" {
                    #expect(try await client.upgrade("/socket.io/?EIO=4&transport=websocket").status == 101)
                } else {
                    let open = try await client.request("GET", "/socket.io/?EIO=4&transport=polling")
                    let sid = String(open.body.dropFirst(9).prefix(20))
                    try await client.sendRequest("GET", Harness.target(sid))
                    try await Task.sleep(for: .milliseconds(50))
                }
                try await client.closeOutput()
                try await client.waitForClose(timeout: .seconds(8))
                try await eventually("\(target) noticed") { server.connectionCount == 0 }
            }
        }
    }
}
