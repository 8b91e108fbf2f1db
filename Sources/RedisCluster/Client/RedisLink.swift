import Logging
import NIOCore
import NIOPosix
import NIOSSL
import RedisWire

/// One connection to Redis, made again whenever it is lost, with a login each time.
///
/// `@unchecked Sendable`: everything is touched on `eventLoop` only, which each way in asserts; Sendable so that the closures
/// of bootstraps and timers, which run there, may hold it.
final class RedisLink: @unchecked Sendable {
    /// What its owner is told, on the loop.
    enum Event {
        /// Logged in: what is written from now on arrives.
        case up
        /// A value that came.
        case value(RESPValue)
        /// It was up, and is so no more.
        case down(RedisError)
    }

    private enum State {
        case idle
        case connecting
        /// Replies of the login that are still to come.
        case loggingIn(any Channel, left: Int, limit: Scheduled<Void>)
        case up(any Channel)
        case waiting(Scheduled<Void>)
        case stopped
    }

    private let configuration: RedisConfiguration
    private let eventLoop: any EventLoop
    private var logger: Logger
    private let onEvent: (Event) -> Void
    private var state = State.idle
    private var backoff: RedisBackoff
    private var generator = SystemRandomNumberGenerator()
    private var isFlushScheduled = false
    /// Why the last attempt failed, so that one outage is one line of the log.
    private var loggedFailure: String?
    /// Of which of the attempts an end tells.
    private var attempt = 0
    private(set) var connectCount = 0
    private(set) var lastReadAt = NIODeadline.now()

    init(
        configuration: RedisConfiguration,
        eventLoop: any EventLoop,
        logger: Logger,
        onEvent: @escaping (Event) -> Void
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        self.onEvent = onEvent
        self.backoff = RedisBackoff(minimum: configuration.minimumBackoff, maximum: configuration.maximumBackoff)
    }

    var isUp: Bool { if case .up = self.state { true } else { false } }

    /// Connects, and keeps connected until ``stop()``.
    func start() {
        self.eventLoop.assertInEventLoop()
        guard case .idle = self.state else { return }
        self.connect()
    }

    /// Closes for ever.
    func stop() {
        self.eventLoop.assertInEventLoop()
        let old = self.state
        self.state = .stopped
        switch old {
        case .loggingIn(let channel, _, let limit):
            limit.cancel()
            channel.close(promise: nil)
        case .up(let channel): channel.close(promise: nil)
        case .waiting(let timer): timer.cancel()
        case .idle, .connecting, .stopped: break
        }
    }

    /// Sends bytes, together with all others of this turn of the loop.
    ///
    /// Does nothing while there is no connection.
    func write(_ bytes: ByteBuffer) {
        self.eventLoop.assertInEventLoop()
        guard case .up(let channel) = self.state else { return }
        channel.write(bytes, promise: nil)
        guard !self.isFlushScheduled else { return }
        self.isFlushScheduled = true
        self.eventLoop.execute {
            self.isFlushScheduled = false
            if case .up(let channel) = self.state { channel.flush() }
        }
    }

    /// Gives the connection up and makes a new one.
    func reset(_ error: RedisError) {
        self.eventLoop.assertInEventLoop()
        self.lose(error, attempt: self.attempt)
    }

    // MARK: Connecting

    private func connect() {
        self.state = .connecting
        self.attempt += 1
        let attempt = self.attempt
        let configuration = self.configuration
        let context: NIOSSLContext?
        do {
            context = try configuration.tls.map { try NIOSSLContext(configuration: $0) }
        } catch {
            return self.lose(RedisError(.connectFailed, "TLS cannot be set up: \(error)"), attempt: attempt)
        }
        ClientBootstrap(group: self.eventLoop)
            .connectTimeout(configuration.connectTimeout)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        // A name is asked for in the handshake (SNI); an address cannot be, and is checked all the same.
                        let isAddress = (try? SocketAddress(ipAddress: configuration.host, port: 0)) != nil
                        let name = isAddress ? nil : configuration.host
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: name)
                        )
                    }
                    try channel.pipeline.syncOperations.addHandler(self.makeHandler(attempt: attempt))
                }
            }
            .connect(host: configuration.host, port: configuration.port)
            .hop(to: self.eventLoop)
            .whenComplete { result in
                switch result {
                case .success(let channel): self.logIn(channel, attempt: attempt)
                case .failure(let error): self.lose(RedisError(.connectFailed, Self.reason(error)), attempt: attempt)
                }
            }
    }

    private func makeHandler(attempt: Int) -> RedisChannelHandler {
        RedisChannelHandler(
            limits: self.configuration.limits,
            onValue: { self.take($0, attempt: attempt) },
            onEnd: { failure in
                let error =
                    switch failure {
                    case let failure as RESPError: RedisError(.malformed, "not RESP2: \(failure)")
                    case let failure?: RedisError(.connectionLost, Self.reason(failure))
                    case nil: RedisError(.connectionLost, "Redis closed the connection")
                    }
                self.lose(error, attempt: attempt)
            }
        )
    }

    private static func reason(_ error: any Error) -> String {
        // What a failed connection of several addresses says is long, and the same as of its last attempt.
        guard let failure = error as? NIOConnectionError else { return "\(error)" }
        return failure.connectionErrors.last.map { "\($0.error)" } ?? "no address for this name"
    }

    private func logIn(_ channel: any Channel, attempt: Int) {
        // It may have been stopped, or lost again, meanwhile.
        guard case .connecting = self.state, attempt == self.attempt else { return channel.close(promise: nil) }
        var commands: [RESPCommand] = []
        if let password = self.configuration.password {
            if let username = self.configuration.username {
                commands.append(RESPCommand("AUTH", .text(username), .text(password)))
            } else {
                commands.append(RESPCommand("AUTH", .text(password)))
            }
        }
        if self.configuration.database != 0 {
            commands.append(RESPCommand("SELECT", .int(self.configuration.database)))
        }
        // Whether we are let in at all shows here, when there was nothing to log in with.
        commands.append(RESPCommand("PING"))
        let limit = self.eventLoop.scheduleTask(in: self.configuration.connectTimeout) {
            self.lose(RedisError(.timeout, "Redis does not answer"), attempt: attempt)
        }
        self.state = .loggingIn(channel, left: commands.count, limit: limit)
        for command in commands { channel.write(command.encoded, promise: nil) }
        channel.flush()
    }

    private func take(_ value: RESPValue, attempt: Int) {
        guard attempt == self.attempt else { return }
        self.lastReadAt = .now()
        switch self.state {
        case .loggingIn(let channel, let left, let limit):
            if case .error(let message) = value {
                return self.lose(RedisError(.refused, message), attempt: attempt)
            }
            guard left == 1 else {
                self.state = .loggingIn(channel, left: left - 1, limit: limit)
                return
            }
            // On a free port of this machine a connection may reach itself, and hear what it said.
            guard value.text == "PONG" else {
                return self.lose(RedisError(.malformed, "this is no Redis"), attempt: attempt)
            }
            limit.cancel()
            self.state = .up(channel)
            self.backoff.reset()
            self.connectCount += 1
            if self.connectCount > 1 || self.loggedFailure != nil {
                self.logger.notice("connected to Redis again", metadata: ["redis": "\(self.configuration)"])
            } else {
                self.logger.debug("connected to Redis", metadata: ["redis": "\(self.configuration)"])
            }
            self.loggedFailure = nil
            self.onEvent(.up)
        case .up:
            self.onEvent(.value(value))
        case .idle, .connecting, .waiting, .stopped:
            break
        }
    }

    private func lose(_ error: RedisError, attempt: Int) {
        guard attempt == self.attempt else { return }
        let old = self.state
        switch old {
        case .connecting, .loggingIn, .up: break
        case .idle, .waiting, .stopped: return
        }
        // Whatever this attempt still tells is of the past; closing tells at once.
        self.attempt += 1
        var wasUp = false
        switch old {
        case .loggingIn(let channel, _, let limit):
            limit.cancel()
            channel.close(promise: nil)
        case .up(let channel):
            wasUp = true
            channel.close(promise: nil)
        case .connecting, .idle, .waiting, .stopped:
            break
        }
        let pause = self.backoff.next(using: &self.generator)
        self.state = .waiting(
            self.eventLoop.scheduleTask(in: pause) {
                guard case .waiting = self.state else { return }
                self.connect()
            }
        )
        self.log(error)
        if wasUp { self.onEvent(.down(error)) }
    }

    private func log(_ error: RedisError) {
        let metadata: Logger.Metadata = ["redis": "\(self.configuration)", "reason": "\(error)"]
        if self.loggedFailure == error.description {
            self.logger.debug("Redis cannot be reached", metadata: metadata)
        } else {
            self.loggedFailure = error.description
            self.logger.warning("Redis cannot be reached, trying again", metadata: metadata)
        }
    }
}
