public import Logging
public import NIOCore
public import RedisWire
import Synchronization

/// A client of one Redis: commands over one connection, subscriptions over another.
///
/// Commands are pipelined: they go out in the order of the calls and are answered in that order. Both connections are made
/// again whenever they are lost, with growing pauses. Everything that waits has a bound and a time limit.
///
/// ```swift
/// let redis = RedisClient(configuration: try .init(url: "redis://127.0.0.1"), eventLoop: group.next(), logger: logger)
/// redis.start()
/// _ = try await redis.send(RESPCommand("SET", "key", "value"))
/// let subscription = redis.subscribe(to: [.channel("news")]) { event in … }
/// await redis.shutdown()
/// ```
///
/// Callable from any thread. A command that waits in Redis (`BLPOP`, `XREAD BLOCK`) holds up all those behind it: give it a
/// client of its own, and a `timeout` that is longer than its wait.
public final class RedisClient: Sendable {
    /// How the client stands.
    public struct Figures: Sendable, Hashable {
        /// Whether commands reach Redis, and all subscriptions are active.
        public var isConnected = false
        /// How often a connection was made again.
        public var reconnects = 0
        /// Commands that wait: for a connection, or for their replies.
        public var waitingCommands = 0
        /// Commands that had no good reply.
        public var failedCommands = 0
    }

    /// A subscription, by which it is ended.
    public struct Subscription: Sendable, Hashable {
        fileprivate let id: UInt64
    }

    /// What to do with a command while there is no connection.
    public enum Patience: Sendable {
        /// It waits for one, as long as its time limit allows.
        case waits
        /// It fails at once.
        case failsAtOnce
    }

    /// Where everything happens, and handlers are called.
    public let eventLoop: any EventLoop
    private let configuration: RedisConfiguration
    private let commands: RedisCommands
    private let commandLink: RedisLink
    private let subscriber: RedisSubscriber
    private let subscriberLink: RedisLink
    private let waitingCount = Atomic<Int>(0)
    private let waitingBytes = Atomic<Int>(0)
    private let failedCount = Atomic<Int>(0)
    private let subscriptionIDs = Atomic<UInt64>(0)

    /// A client that does nothing until ``start()``.
    public init(configuration: RedisConfiguration, eventLoop: any EventLoop, logger: Logger) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        let commands = RedisCommands(configuration: configuration, eventLoop: eventLoop)
        let subscriber = RedisSubscriber(configuration: configuration, eventLoop: eventLoop)
        var logger = logger
        logger[metadataKey: "connection"] = "commands"
        self.commandLink = RedisLink(configuration: configuration, eventLoop: eventLoop, logger: logger) {
            [weak commands] in commands?.handle($0)
        }
        logger[metadataKey: "connection"] = "subscriptions"
        self.subscriberLink = RedisLink(configuration: configuration, eventLoop: eventLoop, logger: logger) {
            [weak subscriber] in subscriber?.handle($0)
        }
        self.commands = commands
        self.subscriber = subscriber
    }

    /// Connects, and stays connected until ``shutdown()``.
    ///
    /// Call once. The connection for subscriptions is made with the first of them.
    public func start() {
        self.run {
            self.subscriber.start(self.subscriberLink)
            self.commands.start(self.commandLink)
        }
    }

    /// Closes the connections; commands that wait fail.
    public func shutdown() async {
        // It cannot fail unless the loop has ended, and then nothing is open.
        try? await self.eventLoop.submit {
            self.commands.stop()
            self.subscriber.stop()
        }.get()
    }

    // MARK: Commands

    /// Sends a command.
    ///
    /// - Parameters:
    ///   - command: the command.
    ///   - timeout: how long the reply may take, the wait for a connection included; nil for the configuration's.
    ///   - patience: whether it waits while there is no connection.
    /// - Returns: the reply, on the client's event loop. It fails with a ``RedisError``, also when Redis refuses.
    public func send(
        _ command: RESPCommand,
        timeout: TimeAmount? = nil,
        patience: Patience = .waits
    ) -> EventLoopFuture<RESPValue> {
        let promise = self.eventLoop.makePromise(of: RESPValue.self)
        let byteCount = command.encoded.readableBytes
        guard self.reserve(byteCount) else {
            self.failedCount.add(1, ordering: .relaxed)
            promise.fail(RedisError(.queueFull, "too many commands wait for Redis to send \(command)"))
            return promise.futureResult
        }
        promise.futureResult.whenComplete { result in
            self.waitingCount.subtract(1, ordering: .relaxed)
            self.waitingBytes.subtract(byteCount, ordering: .relaxed)
            if case .failure = result { self.failedCount.add(1, ordering: .relaxed) }
        }
        let deadline = NIODeadline.now() + (timeout ?? self.configuration.commandTimeout)
        self.run { self.commands.send(command, deadline: deadline, mayWait: patience == .waits, promise) }
        return promise.futureResult
    }

    /// Sends a command and waits for the reply.
    ///
    /// - Throws: a ``RedisError``.
    public func reply(
        to command: RESPCommand,
        timeout: TimeAmount? = nil,
        patience: Patience = .waits
    ) async throws -> RESPValue {
        try await self.send(command, timeout: timeout, patience: patience).get()
    }

    /// Two threads at the same moment may both pass: the bounds are kept to one command each.
    private func reserve(_ byteCount: Int) -> Bool {
        let count = self.waitingCount.load(ordering: .relaxed)
        let bytes = self.waitingBytes.load(ordering: .relaxed)
        guard count < self.configuration.maxQueuedCommands else { return false }
        guard count == 0 || bytes <= self.configuration.maxQueuedBytes - byteCount else { return false }
        self.waitingCount.add(1, ordering: .relaxed)
        self.waitingBytes.add(byteCount, ordering: .relaxed)
        return true
    }

    // MARK: Subscriptions

    /// Listens to channels and patterns.
    ///
    /// - Parameters:
    ///   - topics: what to listen to, as one: the handler learns that it is active when all of them are.
    ///   - handler: is called on the client's event loop and must not block.
    /// - Returns: what ends it.
    @discardableResult
    public func subscribe(
        to topics: [RedisTopic],
        _ handler: @escaping @Sendable (RedisSubscriptionEvent) -> Void
    ) -> Subscription {
        let subscription = Subscription(id: self.subscriptionIDs.add(1, ordering: .relaxed).newValue)
        self.run { self.subscriber.subscribe(subscription.id, to: topics, handler) }
        return subscription
    }

    /// Ends a subscription; its handler is not called any more once this has reached the event loop.
    public func unsubscribe(_ subscription: Subscription) {
        self.run { self.subscriber.unsubscribe(subscription.id) }
    }

    // MARK: Figures

    /// Counts.
    public func figures() async -> Figures {
        let (isConnected, connects) =
            (try? await self.eventLoop.submit {
                let isConnected = self.commandLink.isUp && self.subscriber.isActive
                let again = [self.commandLink, self.subscriberLink].reduce(0) { $0 + max(0, $1.connectCount - 1) }
                return (isConnected, again)
            }.get()) ?? (false, 0)
        return Figures(
            isConnected: isConnected,
            reconnects: connects,
            waitingCommands: self.waitingCount.load(ordering: .relaxed),
            failedCommands: self.failedCount.load(ordering: .relaxed)
        )
    }

    private func run(_ body: @escaping @Sendable () -> Void) {
        if self.eventLoop.inEventLoop { body() } else { self.eventLoop.execute(body) }
    }
}
