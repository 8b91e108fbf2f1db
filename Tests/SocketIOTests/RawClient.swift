import NIOCore
import NIOPosix

/// A client that speaks bytes: what a test wants on the wire goes out exactly so, and comes back exactly as it was sent.
final class RawClient: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let channel: any Channel
    private let inbox: NIOLoopBound<Inbox>

    private init(channel: any Channel, inbox: NIOLoopBound<Inbox>) {
        self.channel = channel
        self.inbox = inbox
    }

    /// Connects to a port of this machine.
    ///
    /// - Parameters:
    ///   - port: the port.
    ///   - receiveBuffer: the size of the kernel's receive buffer; small for a client that is to be slow.
    /// - Returns: the client.
    /// - Throws: what the system says.
    static func connect(to port: Int, receiveBuffer: Int? = nil) async throws -> RawClient {
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBuffer))
        }
        let channel = try await bootstrap.channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(Inbox())
            }
        }
        .connect(host: "127.0.0.1", port: port)
        .get()
        let inbox = try await channel.eventLoop.submit {
            NIOLoopBound(try channel.pipeline.syncOperations.handler(type: Inbox.self), eventLoop: channel.eventLoop)
        }
        .get()
        return RawClient(channel: channel, inbox: inbox)
    }

    /// Sends bytes.
    func send(_ bytes: some Sequence<UInt8>) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Sends text.
    func send(_ text: String) async throws {
        try await self.send(Array(text.utf8))
    }

    /// Waits until `parse` finds what it wants in what has come; it removes that from the buffer.
    func receive<Value: Sendable>(
        timeout: TimeAmount = .seconds(10),
        _ what: String,
        _ parse: @escaping @Sendable (inout ByteBuffer) throws -> Value?
    ) async throws -> Value {
        let promise = self.channel.eventLoop.makePromise(of: Value.self)
        let inbox = self.inbox
        self.channel.eventLoop.execute {
            let timer = self.channel.eventLoop.scheduleTask(in: timeout) {
                promise.fail(Failure(description: "no \(what) in time; got \(inbox.value.described)"))
            }
            promise.futureResult.whenComplete { _ in timer.cancel() }
            inbox.value.wait { buffer, isClosed in
                do {
                    if let value = try parse(&buffer) {
                        promise.succeed(value)
                        return true
                    }
                } catch {
                    promise.fail(error)
                    return true
                }
                if isClosed { promise.fail(Failure(description: "closed instead of \(what)")) }
                return isClosed
            }
        }
        return try await promise.futureResult.get()
    }

    /// Waits until the server has closed the connection, whatever it sent before.
    func waitForClose(timeout: TimeAmount = .seconds(10)) async throws {
        let promise = self.channel.eventLoop.makePromise(of: Void.self)
        let timer = self.channel.eventLoop.scheduleTask(in: timeout) {
            promise.fail(Failure(description: "not closed in time"))
        }
        self.channel.closeFuture.whenComplete { _ in
            timer.cancel()
            promise.succeed()
        }
        try await promise.futureResult.get()
    }

    /// Stops or resumes reading, so that the server's writes pile up.
    func setReading(_ isReading: Bool) async throws {
        try await self.channel.setOption(.autoRead, value: isReading).get()
    }

    /// Closes without a word.
    func close() async throws {
        try await self.channel.close()
    }

    /// Says that nothing more will be sent, and stays to listen.
    func closeOutput() async throws {
        try await self.channel.close(mode: .output).get()
    }

    var isOpen: Bool { self.channel.isActive }
}

extension RawClient {
    /// Keeps what has come until somebody wants it.
    fileprivate final class Inbox: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private var buffer = ByteBuffer()
        private var isClosed = false
        private var waiter: ((inout ByteBuffer, Bool) -> Bool)?

        var described: String { String(buffer: self.buffer).prefix(200).debugDescription }

        func wait(_ waiter: @escaping (inout ByteBuffer, Bool) -> Bool) {
            self.waiter = waiter
            self.poll()
        }

        private func poll() {
            guard let waiter = self.waiter else { return }
            self.waiter = nil
            if !waiter(&self.buffer, self.isClosed) { self.waiter = waiter }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = Self.unwrapInboundIn(data)
            self.buffer.writeBuffer(&bytes)
            self.poll()
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.isClosed = true
            self.poll()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
