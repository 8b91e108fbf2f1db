import NIOCore
public import SocketIOProtocol

/// Sockets that are asked all at once, with a time limit: made by ``BroadcastOperator/timeout(_:)``.
public struct AskingBroadcast: Sendable {
    private let receivers: BroadcastOperator
    private let limit: Duration

    /// What came back of a question to many.
    public struct Answers: Sendable {
        /// The arguments of each answer, in no particular order.
        public var responses: [[JSON]] = []
        /// How many were asked and did not answer in time; 0 when all did.
        ///
        /// Of another server that did not even say how many it asked, one counts.
        public var missing = 0
    }

    init(operator receivers: BroadcastOperator, limit: Duration) {
        self.receivers = receivers
        self.limit = limit
    }

    /// Sends an event to all and waits for their answers.
    ///
    /// ```swift
    /// let answers = await namespace.to("room").timeout(.seconds(5)).emitWithAck("ready?")
    /// if answers.missing == 0 { start() }
    /// ```
    ///
    /// The original throws when one is missing; here the answers that did come are not lost in an error.
    ///
    /// - Returns: once all have answered, are gone, or the time is over.
    public func emitWithAck(_ event: String, _ args: JSON...) async -> Answers {
        await self.emitWithAck(event, with: args)
    }

    /// The same with a list of arguments.
    public func emitWithAck(_ event: String, with args: [JSON]) async -> Answers {
        let receivers = self.receivers
        async let remote = self.askOthers([.string(event)] + args)
        var answers = Answers()
        answers.add(await receivers.ask(event, args, timeout: TimeAmount(self.limit)))
        let others = await remote
        answers.responses += others.responses
        answers.missing += others.missing
        return answers
    }

    private func askOthers(_ event: [JSON]) async -> Answers {
        guard self.receivers.isClusterWide else { return Answers() }
        let receivers = self.receivers
        let milliseconds = Int(self.limit / .milliseconds(1))
        let responses = await receivers.namespace.cluster.askSockets(
            .broadcastWithAck(event: event, to: receivers.selection, timeoutMilliseconds: milliseconds),
            in: receivers.namespace,
            timeout: self.limit
        )
        return Answers(responses: responses.answers, missing: responses.missing)
    }
}

extension AskingBroadcast.Answers {
    fileprivate mutating func add(_ results: [Result<[JSON], any Error>]) {
        for result in results {
            switch result {
            case .success(let response): self.responses.append(response)
            case .failure: self.missing += 1
            }
        }
    }
}

extension BroadcastOperator {
    /// Asks the sockets of this server.
    func ask(_ event: String, _ args: [JSON], timeout: TimeAmount) async -> [Result<[JSON], any Error>] {
        await self.collect { sockets, eventLoop in
            EventLoopFuture.whenAllComplete(
                sockets.map { $0.emitWithAck(event, args, timeout: timeout) },
                on: eventLoop
            )
        }
    }

    /// Describes the sockets, those on other servers included.
    ///
    /// Other servers that do not answer within ``SocketIOConfiguration/clusterTimeout`` are left out.
    public func fetchSockets() async -> [RemoteSocket] {
        var sockets = await self.fetchLocalSockets()
        guard self.isClusterWide else { return sockets }
        for response in await self.namespace.cluster.ask(.fetchSockets(self.selection), in: self.namespace) {
            guard case .sockets(let others) = response else { continue }
            sockets += others.map { RemoteSocket(namespace: self.namespace, description: $0, local: nil) }
        }
        return sockets
    }

    /// Describes the sockets of this server.
    func fetchLocalSockets() async -> [RemoteSocket] {
        await self.collect { sockets, eventLoop in
            let found = sockets.map {
                RemoteSocket(namespace: self.namespace, description: SocketDescription($0), local: $0)
            }
            return eventLoop.makeSucceededFuture(found)
        }
    }
}
