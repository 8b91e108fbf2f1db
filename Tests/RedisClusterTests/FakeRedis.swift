import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RedisCluster
import RedisWire

/// A Redis that says what a test wants, and remembers what it was told.
final class FakeRedis: Sendable {
    /// What to send for a command; nil is nothing.
    typealias Script = @Sendable (_ command: [String], _ connection: Int) -> String?

    private struct State {
        var commands: [[String]] = []
        var channels: [any Channel] = []
    }

    private let state: NIOLockedValueBox<State>
    private let listener: any Channel

    static func start(on group: any EventLoopGroup, port: Int = 0, _ script: @escaping Script) async throws -> FakeRedis
    {
        let state = NIOLockedValueBox(State())
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                let number = state.withLockedValue { state in
                    state.channels.append(channel)
                    return state.channels.count
                }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Reader { command in
                            state.withLockedValue { $0.commands.append(command) }
                            guard let reply = script(command, number) else { return }
                            channel.writeAndFlush(ByteBuffer(string: reply), promise: nil)
                        }
                    )
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return FakeRedis(state: state, listener: listener)
    }

    private init(state: NIOLockedValueBox<State>, listener: any Channel) {
        self.listener = listener
        self.state = state
    }

    var port: Int { self.listener.localAddress?.port ?? 0 }
    var commands: [[String]] { self.state.withLockedValue { $0.commands } }

    /// Sends on a connection that is there, the first being 1.
    func push(_ text: String, to connection: Int) {
        let channel = self.state.withLockedValue { $0.channels[connection - 1] }
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    func drop(_ connection: Int) { self.state.withLockedValue { $0.channels[connection - 1] }.close(promise: nil) }

    func stop() async throws {
        for channel in self.state.withLockedValue({ $0.channels }) { channel.close(promise: nil) }
        try await self.listener.close()
    }

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private var parser = RESPParser()
        private var unread = ByteBuffer()
        private let take: ([String]) -> Void

        init(_ take: @escaping ([String]) -> Void) {
            self.take = take
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = Self.unwrapInboundIn(data)
            self.unread.writeBuffer(&bytes)
            while let value = try? self.parser.next(from: &self.unread) {
                self.take((value.array ?? []).map { $0.text ?? "" })
            }
        }
    }
}
