import Histogram
import NIOCore
import NIOPosix

extension LoadGenerator {
    /// Connects everybody, some at a time; done when each is in its room or was refused.
    func connect() -> EventLoopFuture<Void> {
        let promise = self.loop.makePromise(of: Void.self)
        self.loop.execute {
            self.connectedPromise = promise
            for _ in 0..<min(self.settings.connecting, self.clients.count) { self.connectNext() }
        }
        let timeout = self.loop.scheduleTask(in: Self.connectTimeout) { self.giveUpConnecting() }
        promise.futureResult.whenComplete { _ in timeout.cancel() }
        return promise.futureResult
    }

    private func connectNext() {
        guard self.nextToConnect < self.clients.count else { return }
        let client = self.clients[self.nextToConnect]
        self.nextToConnect += 1
        self.connect(client) { [self] isIn in
            if isIn {
                self.joinedCount += 1
                self.figures.joinLatency.record(max(1, NIODeadline.now().uptimeNanoseconds - client.startTime))
            } else {
                self.failedCount += 1
            }
            self.oneMoreConnected()
        }
    }

    /// Connects one client; `onEntered` is called when it is in its room, or will not be.
    func connect(_ client: LoadClient, onEntered: @escaping (Bool) -> Void) {
        client.onEntered = onEntered
        client.startTime = NIODeadline.now().uptimeNanoseconds
        let bound = NIOLoopBound(client, eventLoop: self.loop)
        ClientBootstrap(group: self.loop)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            // Starts small, so that thousands of idle clients take little memory, and grows to what a gathered write brings.
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 2048, maximum: 256 << 10)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
            }
            .connect(host: self.settings.address.host, port: self.settings.address.port)
            .assumeIsolated()
            .whenFailure { bound.value.fail("\($0)") }
    }

    /// How long a server may take to let everybody in: without it, one that does not answer is waited for without end.
    private static let connectTimeout = TimeAmount.seconds(120)

    private func giveUpConnecting() {
        self.nextToConnect = self.clients.count
        self.connectedPromise?.succeed()
        self.connectedPromise = nil
        for client in self.clients where !client.joinedOnce { client.fail("not in its room after two minutes") }
    }

    private func oneMoreConnected() {
        if self.joinedCount + self.failedCount == self.clients.count {
            self.connectedPromise?.succeed()
            self.connectedPromise = nil
        } else {
            self.connectNext()
        }
    }

    /// Ends every connection.
    func closeAll() {
        for client in self.clients { client.close() }
    }

    // MARK: Stalling

    /// Those who are to, stop reading.
    func stall() {
        for client in self.clients where client.isApart { self.setReading(false, client) }
        self.keepAlive()
    }

    /// They read again.
    func resume() {
        self.resumedAt = NIODeadline.now().uptimeNanoseconds
        for client in self.clients where client.isApart { self.setReading(true, client) }
    }

    private func setReading(_ isReading: Bool, _ client: LoadClient) {
        client.context?.channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
    }

    /// Who does not read sees no pings; it answers them unseen, or the server would take it for dead.
    private func keepAlive() {
        guard self.resumedAt == nil else { return }
        for client in self.clients where client.isApart && client.state == .joined {
            client.send(ClientFrames.text, [UInt8(ascii: "3")])
        }
        self.loop.assumeIsolated().scheduleTask(in: .seconds(5)) { self.keepAlive() }
    }
}
