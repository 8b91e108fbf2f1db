public import NIOCore
import RedisWire
public import SocketIO

/// A channel, or a pattern of channels.
public struct RedisTopic: Sendable, Hashable {
    /// The channel's name, or the pattern.
    public var name: WireName
    /// Whether it is a pattern, with `*`, `?`, `[…]` and `\`.
    public var isPattern: Bool

    /// One channel.
    public static func channel(_ name: String) -> RedisTopic { RedisTopic(name: WireName(name), isPattern: false) }
    /// All channels that fit.
    public static func pattern(_ pattern: String) -> RedisTopic {
        RedisTopic(name: WireName(pattern), isPattern: true)
    }

    /// A text as part of a pattern that fits only itself.
    public static func literal(_ text: String) -> String {
        var pattern = ""
        for scalar in text.unicodeScalars {
            if "*?[]\\^".unicodeScalars.contains(scalar) { pattern.unicodeScalars.append("\\") }
            pattern.unicodeScalars.append(scalar)
        }
        return pattern
    }
}

/// What a subscription's handler is told, on the client's event loop.
public enum RedisSubscriptionEvent: Sendable {
    /// Redis sends from now on. With `afterGap`, what was published since ``lost`` is missing and will not come.
    case active(afterGap: Bool)
    /// The connection was lost. It is made again; until ``active(afterGap:)`` nothing comes.
    case lost
    /// A message: the channel, what was published, and which topic brought it.
    case message(channel: String, payload: ByteBuffer, topic: RedisTopic)
    /// A message that was larger than the client's limits, and was passed over.
    case skipped(channel: String, byteCount: Int)
}

/// The connection on which Redis tells what is published: with RESP2 it can do nothing else.
///
/// `@unchecked Sendable`: everything is touched on the client's event loop only; see ``RedisLink``.
final class RedisSubscriber: @unchecked Sendable {
    typealias Handler = @Sendable (RedisSubscriptionEvent) -> Void

    private struct Subscription {
        let topics: [RedisTopic]
        let handler: Handler
        /// What Redis has not confirmed yet.
        var missing: Set<RedisTopic>
        var hadGap = false
    }

    private let eventLoop: any EventLoop
    private let pingInterval: TimeAmount
    private let replyTimeout: TimeAmount
    private var link: RedisLink?
    private var subscriptions: [UInt64: Subscription] = [:]
    /// Who wants a topic, in the order they came.
    private var byTopic: [RedisTopic: [UInt64]] = [:]
    private var confirmed: Set<RedisTopic> = []
    private var tick: RepeatedTask?

    init(configuration: RedisConfiguration, eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.pingInterval = configuration.pingInterval
        self.replyTimeout = configuration.commandTimeout
    }

    /// Whether every topic is being told about; true also when there is none.
    var isActive: Bool { self.byTopic.isEmpty || self.confirmed.count == self.byTopic.count }

    func start(_ link: RedisLink) {
        self.eventLoop.assertInEventLoop()
        self.link = link
        if !self.byTopic.isEmpty { self.begin() }
    }

    func stop() {
        self.eventLoop.assertInEventLoop()
        self.tick?.cancel()
        self.link?.stop()
        self.subscriptions.removeAll()
        self.byTopic.removeAll()
        self.confirmed.removeAll()
    }

    func subscribe(_ id: UInt64, to topics: [RedisTopic], _ handler: @escaping Handler) {
        self.eventLoop.assertInEventLoop()
        let wanted = Set(topics)
        guard self.subscriptions[id] == nil, !wanted.isEmpty else { return }
        if self.tick == nil, self.link != nil { self.begin() }
        let missing = wanted.subtracting(self.confirmed)
        self.subscriptions[id] = Subscription(topics: Array(wanted), handler: handler, missing: missing)
        var new: [RedisTopic] = []
        for topic in wanted {
            if self.byTopic[topic] == nil { new.append(topic) }
            self.byTopic[topic, default: []].append(id)
        }
        self.write(new, begins: true)
        if missing.isEmpty { handler(.active(afterGap: false)) }
    }

    func unsubscribe(_ id: UInt64) {
        self.eventLoop.assertInEventLoop()
        guard let subscription = self.subscriptions.removeValue(forKey: id) else { return }
        var unwanted: [RedisTopic] = []
        for topic in subscription.topics {
            self.byTopic[topic]?.removeAll { $0 == id }
            guard self.byTopic[topic]?.isEmpty == true else { continue }
            self.byTopic[topic] = nil
            self.confirmed.remove(topic)
            unwanted.append(topic)
        }
        self.write(unwanted, begins: false)
    }

    func handle(_ event: RedisLink.Event) {
        switch event {
        case .up:
            self.write(Array(self.byTopic.keys), begins: true)
        case .down:
            self.confirmed.removeAll()
            for id in Array(self.subscriptions.keys) {
                guard var subscription = self.subscriptions[id] else { continue }
                let wasActive = subscription.missing.isEmpty
                subscription.missing = Set(subscription.topics)
                if wasActive { subscription.hadGap = true }
                self.subscriptions[id] = subscription
                if wasActive { subscription.handler(.lost) }
            }
        case .value(let value):
            self.take(value)
        }
    }

    // MARK: Talking to Redis

    private func begin() {
        self.link?.start()
        self.tick = self.eventLoop.scheduleRepeatedTask(initialDelay: self.pingInterval, delay: self.pingInterval) {
            [weak self] _ in self?.look(at: .now())
        }
    }

    private func look(at now: NIODeadline) {
        guard let link = self.link, link.isUp else { return }
        let quiet = now - link.lastReadAt
        if quiet >= self.pingInterval + self.replyTimeout {
            link.reset(RedisError(.timeout, "Redis does not answer"))
        } else if quiet >= self.pingInterval {
            link.write(RESPCommand("PING").encoded)
        }
    }

    private func write(_ topics: [RedisTopic], begins: Bool) {
        guard let link = self.link, link.isUp else { return }
        for isPattern in [false, true] {
            let names = topics.filter { $0.isPattern == isPattern }.map { RESPCommand.Argument.text($0.name.text) }
            guard !names.isEmpty else { continue }
            let name = (isPattern ? "P" : "") + (begins ? "" : "UN") + "SUBSCRIBE"
            link.write(RESPCommand(name, arguments: names).encoded)
        }
    }

    private func take(_ value: RESPValue) {
        guard case .array(let parts) = value else {
            // A status is the reply to a PING without subscriptions. What Redis refuses it refuses again: with a pause.
            if case .error(let message) = value { self.link?.reset(RedisError(.refused, message)) }
            return
        }
        guard let kind = parts.first?.text else { return }
        switch (kind, parts.count) {
        case ("message", 3):
            guard let channel = parts[1].text else { return }
            self.tell(.channel(channel), channel, parts[2])
        case ("pmessage", 4):
            guard let pattern = parts[1].text, let channel = parts[2].text else { return }
            self.tell(.pattern(pattern), channel, parts[3])
        case ("subscribe", 3):
            if let name = parts[1].text { self.confirm(.channel(name)) }
        case ("psubscribe", 3):
            if let name = parts[1].text { self.confirm(.pattern(name)) }
        case _:
            // Replies to PING and to the end of a subscription.
            break
        }
    }

    private func tell(_ topic: RedisTopic, _ channel: String, _ payload: RESPValue) {
        for id in self.byTopic[topic] ?? [] {
            guard let handler = self.subscriptions[id]?.handler else { continue }
            switch payload {
            case .bulkString(let bytes): handler(.message(channel: channel, payload: bytes, topic: topic))
            case .skipped(let byteCount): handler(.skipped(channel: channel, byteCount: byteCount))
            case .simpleString, .error, .integer, .array, .null: break
            }
        }
    }

    private func confirm(_ topic: RedisTopic) {
        // Nobody may want it any more.
        guard let ids = self.byTopic[topic] else { return }
        self.confirmed.insert(topic)
        for id in ids {
            guard self.subscriptions[id]?.missing.remove(topic) != nil,
                let subscription = self.subscriptions[id], subscription.missing.isEmpty
            else { continue }
            self.subscriptions[id]?.hadGap = false
            subscription.handler(.active(afterGap: subscription.hadGap))
        }
    }
}
