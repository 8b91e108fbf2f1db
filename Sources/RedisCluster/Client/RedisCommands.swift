import NIOCore
import RedisWire
import Synchronization

/// The commands that wait: for the connection, then for their replies, which come in the same order.
///
/// `@unchecked Sendable`: everything is touched on the client's event loop only; see ``RedisLink``.
final class RedisCommands: @unchecked Sendable {
    private struct Waiting {
        let command: RESPCommand
        let deadline: NIODeadline
        let promise: EventLoopPromise<RESPValue>
        /// Whether it has failed already, and its reply is only to be passed over.
        var isOver = false
    }

    private let eventLoop: any EventLoop
    private let pingInterval: TimeAmount
    private let commandTimeout: TimeAmount
    private var link: RedisLink?
    private var unsent: CircularBuffer<Waiting> = []
    private var unanswered: CircularBuffer<Waiting> = []
    private var tick: RepeatedTask?
    private var isStopped = false

    init(configuration: RedisConfiguration, eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.pingInterval = configuration.pingInterval
        self.commandTimeout = configuration.commandTimeout
    }

    func start(_ link: RedisLink) {
        self.eventLoop.assertInEventLoop()
        self.link = link
        link.start()
        // Coarse: timeouts are there to end a wait that is too long, not to measure it.
        self.tick = self.eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(100), delay: .milliseconds(100)) {
            [weak self] _ in self?.look(at: .now())
        }
    }

    func stop() {
        self.eventLoop.assertInEventLoop()
        self.isStopped = true
        self.tick?.cancel()
        self.link?.stop()
        let error = RedisError(.shutDown, "the client was shut down")
        self.failUnanswered(error)
        while let waiting = self.unsent.popFirst() { waiting.promise.fail(error) }
    }

    /// Takes a command over; its promise is kept in every case.
    func send(_ command: RESPCommand, deadline: NIODeadline, mayWait: Bool, _ promise: EventLoopPromise<RESPValue>) {
        self.eventLoop.assertInEventLoop()
        guard !self.isStopped else { return promise.fail(RedisError(.shutDown, "the client was shut down")) }
        guard let link = self.link, link.isUp else {
            guard mayWait else { return promise.fail(RedisError(.notConnected, "there is no connection to Redis")) }
            self.unsent.append(Waiting(command: command, deadline: deadline, promise: promise))
            return
        }
        self.unanswered.append(Waiting(command: command, deadline: deadline, promise: promise))
        link.write(command.encoded)
    }

    func handle(_ event: RedisLink.Event) {
        switch event {
        case .up:
            while let waiting = self.unsent.popFirst() {
                self.link?.write(waiting.command.encoded)
                self.unanswered.append(waiting)
            }
        case .value(let value):
            self.answer(value)
        case .down(let error):
            self.failUnanswered(RedisError(.connectionLost, error.message))
        }
    }

    private func answer(_ value: RESPValue) {
        guard let waiting = self.unanswered.popFirst() else {
            self.link?.reset(RedisError(.malformed, "a reply to nothing"))
            return
        }
        guard !waiting.isOver else { return }
        switch value {
        case .error(let message):
            waiting.promise.fail(RedisError(.refused, message))
        case .skipped(let byteCount):
            waiting.promise.fail(RedisError(.replyTooLarge, "the reply to \(waiting.command) has \(byteCount) bytes"))
        case .simpleString, .integer, .bulkString, .array, .null:
            waiting.promise.succeed(value)
        }
    }

    private func failUnanswered(_ error: RedisError) {
        // What a callback sends meanwhile is not among them.
        var failed: CircularBuffer<Waiting> = []
        swap(&failed, &self.unanswered)
        for waiting in failed where !waiting.isOver { waiting.promise.fail(error) }
    }

    /// Ends what has waited too long, and asks whether anybody is there when nothing else is asked.
    func look(at now: NIODeadline) {
        self.eventLoop.assertInEventLoop()
        if !self.unsent.isEmpty {
            var expired: [Waiting] = []
            self.unsent.removeAll { waiting in
                guard waiting.deadline <= now else { return false }
                expired.append(waiting)
                return true
            }
            for waiting in expired {
                waiting.promise.fail(RedisError(.timeout, "no connection to Redis in time for \(waiting.command)"))
            }
        }
        guard let link = self.link, link.isUp else { return }
        if let oldest = self.unanswered.first, oldest.deadline <= now {
            // Those behind it cannot be answered either.
            return link.reset(RedisError(.timeout, "no reply to \(oldest.command) in time"))
        }
        for index in self.unanswered.indices where self.unanswered[index].deadline <= now {
            guard !self.unanswered[index].isOver else { continue }
            self.unanswered[index].isOver = true
            let waiting = self.unanswered[index]
            waiting.promise.fail(RedisError(.timeout, "no reply to \(waiting.command) in time"))
        }
        if self.unanswered.isEmpty, now - link.lastReadAt >= self.pingInterval {
            let promise = self.eventLoop.makePromise(of: RESPValue.self)
            self.send(RESPCommand("PING"), deadline: now + self.commandTimeout, mayWait: false, promise)
        }
    }
}
