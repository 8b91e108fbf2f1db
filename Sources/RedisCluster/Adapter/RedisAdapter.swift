public import Logging
import NIOConcurrencyHelpers
import NIOCore
import RedisWire
public import SocketIO
public import SocketIOProtocol
import Synchronization

/// Joins Socket.IO servers over Redis' channels: ours with one another, and with those of the original implementation that
/// use its Redis adapter, and its emitter, which exists in many languages.
///
/// ```swift
/// let redis = RedisClient(configuration: try .init(url: url), eventLoop: group.next(), logger: logger)
/// redis.start()
/// let server = SocketIOServer(
///     configuration: .init(), eventLoopGroup: group, logger: logger,
///     adapter: RedisAdapter(client: redis, logger: logger)
/// )
/// ```
///
/// Nothing is stored: what is published while Redis, or one of the servers, is away is lost to whom it could not reach.
/// Each server goes on serving its own clients meanwhile, and joins again by itself. A message is delivered at most once.
///
/// Whoever may publish in this Redis may send events to every client, put them in rooms and disconnect them: protect it.
/// What is no message of the adapter is counted, and passed over.
public final class RedisAdapter: ClusterAdapter {
    /// How the adapter speaks.
    public struct Configuration: Sendable {
        /// What channels' names begin with; `key` in the original.
        public var prefix = "socket.io"
        /// Whether answers go to the server that asked only, and not to all: less to read for the others.
        ///
        /// As `publishOnSpecificResponseChannel` in the original. All servers listen for both, except the original before
        /// its version 7.
        public var usesSpecificResponseChannels = false
        /// The channel on which Python's `socketio.RedisManager` publishes, `socketio` if not told otherwise; nil (the
        /// default) is not to listen to it.
        ///
        /// Events, rooms and disconnects that it publishes are carried out; it hears nothing of ours.
        public var pythonChannel: String?
        /// The largest message that is read, in bytes.
        ///
        /// Default 16 MiB.
        public var maxMessageBytes = 16 << 20
        /// How deep a message may nest and how many values it may have.
        public var limits = JSON.Limits()

        /// The original's defaults.
        public init() {}
    }

    /// What was counted.
    public struct Figures: Sendable, Hashable {
        /// Messages that Redis took from this server.
        public var published = 0
        /// Messages that came, those of this server itself not counted.
        public var received = 0
        /// Messages of this server that Redis did not take.
        public var unpublished = 0
        /// Messages that came and were none, or too large.
        public var unreadable = 0
        /// Subscriptions that were interrupted: what was published meanwhile is missing here.
        public var gaps = 0
    }

    private struct Place: Hashable {
        let node: String
        let namespace: WireName
    }

    private let client: RedisClient
    private let wire: AdapterWire
    private let configuration: Configuration
    private let logger: Logger
    private let subscriptions = NIOLockedValueBox<[Place: RedisClient.Subscription]>([:])
    private let published = Atomic<Int>(0)
    private let received = Atomic<Int>(0)
    private let unpublished = Atomic<Int>(0)
    private let unreadable = Atomic<Int>(0)
    private let gaps = Atomic<Int>(0)

    /// How long Redis may take to say how many servers there are.
    private static let countTimeout = TimeAmount.seconds(1)

    /// An adapter over a client, which may serve others too and is shut down by its owner.
    public init(client: RedisClient, configuration: Configuration = Configuration(), logger: Logger) {
        self.client = client
        self.configuration = configuration
        self.logger = logger
        self.wire = AdapterWire(
            prefix: configuration.prefix,
            usesSpecificResponseChannels: configuration.usesSpecificResponseChannels
        )
    }

    /// Counts.
    public var figures: Figures {
        Figures(
            published: self.published.load(ordering: .relaxed),
            received: self.received.load(ordering: .relaxed),
            unpublished: self.unpublished.load(ordering: .relaxed),
            unreadable: self.unreadable.load(ordering: .relaxed),
            gaps: self.gaps.load(ordering: .relaxed)
        )
    }

    // MARK: Joining

    /// A server joins: nothing is heard before its first namespace.
    public func attach(_ node: ClusterNode) {
        guard let channel = self.configuration.pythonChannel else { return }
        self.subscribe(node, namespace: "", to: [.channel(channel)]) { [self] payload, _, _ in
            guard let message = PythonWire.message(payload, limits: self.configuration.limits) else { return false }
            node.receive(message)
            return true
        }
    }

    /// A server leaves.
    public func detach(_ node: ClusterNode) {
        let ended = self.subscriptions.withLockedValue { subscriptions in
            let ended = subscriptions.filter { $0.key.node == node.id }
            for place in ended.keys { subscriptions[place] = nil }
            return ended.values
        }
        for subscription in ended { self.client.unsubscribe(subscription) }
    }

    /// Listens to the channels of a namespace.
    public func open(namespace: String, for node: ClusterNode) {
        let channels = self.wire.channels(of: namespace)
        let limits = self.configuration.limits
        self.subscribe(node, namespace: namespace, to: channels.topics(node: node.id)) {
            [self] payload, channel, topic in
            if topic.isPattern {
                guard let message = AdapterWire.broadcast(payload, namespace: namespace, limits: limits) else {
                    return false
                }
                return self.hand(message, to: node)
            }
            if channel.utf8.elementsEqual(channels.request.utf8) {
                guard let message = AdapterWire.request(payload, namespace: namespace, limits: limits) else {
                    return false
                }
                return self.hand(message, to: node)
            }
            guard let (response, id) = AdapterWire.response(payload, limits: limits) else { return false }
            node.receiveResponse(response, id)
            return true
        }
    }

    /// Listens to them no more.
    public func close(namespace: String, for node: ClusterNode) {
        let place = Place(node: node.id, namespace: WireName(namespace))
        guard let subscription = self.subscriptions.withLockedValue({ $0.removeValue(forKey: place) }) else { return }
        self.client.unsubscribe(subscription)
    }

    /// - Returns: nil for a message of the node itself, which came back.
    private func hand(_ message: ClusterMessage, to node: ClusterNode) -> Bool? {
        guard message.sender != node.id else { return nil }
        node.receive(message)
        return true
    }

    private func subscribe(
        _ node: ClusterNode,
        namespace: String,
        to topics: [RedisTopic],
        _ take: @escaping @Sendable (_ payload: [UInt8], _ channel: String, _ topic: RedisTopic) -> Bool?
    ) {
        let place = Place(node: node.id, namespace: WireName(namespace))
        let subscription = self.client.subscribe(to: topics) { [self] event in
            switch event {
            case .active(let afterGap):
                if afterGap { self.gaps.add(1, ordering: .relaxed) }
            case .lost:
                break
            case .message(let channel, let payload, let topic):
                guard payload.readableBytes <= self.configuration.maxMessageBytes else {
                    return self.passOver(channel, payload.readableBytes)
                }
                switch take(Array(payload.readableBytesView), channel, topic) {
                case true?: self.received.add(1, ordering: .relaxed)
                case false?: self.passOver(channel, payload.readableBytes)
                case nil: break
                }
            case .skipped(let channel, let byteCount):
                self.passOver(channel, byteCount)
            }
        }
        self.subscriptions.withLockedValue { $0[place] = subscription }
    }

    private func passOver(_ channel: String, _ byteCount: Int) {
        self.unreadable.add(1, ordering: .relaxed)
        self.logger.debug(
            "a message in Redis that is none of Socket.IO's",
            metadata: ["channel": "\(channel.prefix(200))", "bytes": "\(byteCount)"]
        )
    }

    // MARK: Speaking

    /// Sends a request to all other servers.
    public func publish(_ message: ClusterMessage) {
        self.publish(self.wire.publication(of: message))
    }

    /// Sends an answer to the server that asked.
    public func respond(_ response: ClusterResponse, to message: ClusterMessage) {
        guard let publication = self.wire.publication(of: response, to: message) else { return }
        self.publish(publication)
    }

    private func publish(_ publication: AdapterWire.Publication) {
        let command = RESPCommand("PUBLISH", .text(publication.channel), .bytes(publication.payload))
        self.client.send(command).whenComplete { result in
            switch result {
            case .success:
                self.published.add(1, ordering: .relaxed)
            case .failure(let error):
                self.unpublished.add(1, ordering: .relaxed)
                self.logger.debug("a message was not published", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// How many servers listen for requests of a namespace; 1 when Redis does not say.
    public func serverCount(namespace: String) async -> Int {
        let channel = self.wire.channels(of: namespace).request
        let command = RESPCommand("PUBSUB", "NUMSUB", .text(channel))
        let reply = try? await self.client.reply(to: command, timeout: Self.countTimeout, patience: .failsAtOnce)
        guard let parts = reply?.array, parts.count == 2, let count = parts[1].int else { return 1 }
        return max(1, count)
    }
}
