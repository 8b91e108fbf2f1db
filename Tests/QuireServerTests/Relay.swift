import NIOCore
import NIOPosix
import Synchronization

/// What stands between a client and a server on the way: passes bytes on, refuses WebSockets as some proxies do, breaks.
final class Relay: Sendable {
    fileprivate struct State {
        var target = 0
        var isDown = false
        var refusedUpgrades = 0
        var connections: [ObjectIdentifier: any Channel] = [:]
        var posts = 0
    }

    /// The port to talk to instead of the server's.
    let port: Int
    private let listener: any Channel
    private let state: SharedState

    /// The state that the handlers share.
    fileprivate final class SharedState: Sendable {
        let refusesWebSockets: Bool
        private let mutex = Mutex(State())

        init(refusesWebSockets: Bool) {
            self.refusesWebSockets = refusesWebSockets
        }

        func change<T: Sendable>(_ body: @Sendable (inout State) -> T) -> T {
            mutex.withLock { body(&$0) }
        }
    }

    /// Listens, in front of the server at `target`.
    init(to target: Int, refusesWebSockets: Bool = false) async throws {
        let state = SharedState(refusesWebSockets: refusesWebSockets)
        state.change { $0.target = target }
        self.state = state
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RelayHandler(state))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        port = listener.localAddress?.port ?? 0
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// How many requests for a WebSocket were answered with 400.
    var refusedUpgrades: Int { state.change { $0.refusedUpgrades } }

    /// How many POSTs passed.
    var posts: Int { state.change { $0.posts } }

    /// Passes bytes to another port from now on.
    func redirect(to target: Int) {
        state.change { $0.target = target }
    }

    /// Cuts what there is, and lets nobody through.
    func goDown() {
        for channel in state.change({
            $0.isDown = true; return Array($0.connections.values)
        }) {
            channel.close(promise: nil)
        }
    }

    /// Lets everybody through again.
    func comeBack() {
        state.change { $0.isDown = false }
    }

    /// Ends it.
    func close() async throws {
        goDown()
        try await listener.close()
    }

    fileprivate static func isUpgrade(_ requestLine: String) -> Bool {
        requestLine.contains("transport=websocket")
    }
}

/// One connection from a client: looks at its first line, then passes everything on.
private final class RelayHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let state: Relay.SharedState
    private var early = ByteBuffer()
    private var server: (any Channel)?
    private var isDecided = false

    init(_ state: Relay.SharedState) {
        self.state = state
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        let isDown = state.change {
            $0.connections[ObjectIdentifier(channel)] = channel
            return $0.isDown
        }
        if isDown { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        if let server {
            server.writeAndFlush(bytes, promise: nil)
            return
        }
        early.writeBuffer(&bytes)
        guard !isDecided, let end = early.readableBytesView.firstIndex(of: UInt8(ascii: "\r")) else { return }
        isDecided = true
        let line = String(decoding: early.readableBytesView[..<end], as: UTF8.self)
        if state.refusesWebSockets, Relay.isUpgrade(line) {
            state.change { $0.refusedUpgrades += 1 }
            let answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
            context.close(promise: nil)
            return
        }
        if line.hasPrefix("POST") { state.change { $0.posts += 1 } }
        connect(client: context.channel)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let key = ObjectIdentifier(context.channel)
        state.change { $0.connections[key] = nil }
        server?.close(promise: nil)
        server = nil
    }

    private func connect(client: any Channel) {
        ClientBootstrap(group: client.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AnswerHandler(client))
                }
            }
            .connect(host: "127.0.0.1", port: state.change { $0.target })
            .assumeIsolated()
            .whenComplete { result in
                guard case .success(let channel) = result, client.isActive else {
                    if case .success(let channel) = result { channel.close(promise: nil) }
                    client.close(promise: nil)
                    return
                }
                self.server = channel
                channel.writeAndFlush(self.early, promise: nil)
            }
    }
}

/// The way back.
private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let client: any Channel

    init(_ client: any Channel) {
        self.client = client
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        client.writeAndFlush(Self.unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        client.close(promise: nil)
    }
}
