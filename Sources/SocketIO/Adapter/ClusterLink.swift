import NIOConcurrencyHelpers
import NIOCore
import SocketIOProtocol

/// A server's side of its cluster: asks the others, collects their answers, and does what they ask.
final class ClusterLink: Sendable {
    let nodeID: String
    /// Whether there may be other servers.
    let isClustered: Bool
    private let adapter: any ClusterAdapter
    /// How long others may take to answer.
    private let timeout: Duration
    private let waiting = NIOLockedValueBox<[String: AsyncStream<ClusterResponse>.Continuation]>([:])
    private let node = NIOLockedValueBox<ClusterNode?>(nil)
    /// Questions of others that are being answered; more than ``maxAnswering`` at a time are not.
    private let answering = NIOLockedValueBox(0)
    private static let maxAnswering = 1024

    init(adapter: any ClusterAdapter, timeout: Duration) {
        self.nodeID = String(SessionIDs.make().prefix(8))
        self.adapter = adapter
        self.isClustered = !(adapter is LocalAdapter)
        self.timeout = timeout
    }

    /// Joins the cluster; what others ask of a namespace is done as long as that exists.
    func attach(namespace find: @escaping @Sendable (String) -> Namespace?) {
        guard self.isClustered else { return }
        let node = ClusterNode(
            id: self.nodeID,
            receive: { [weak self] message in
                guard let self, message.sender != self.nodeID, let namespace = find(message.namespace) else { return }
                self.perform(message, in: namespace)
            },
            receiveResponse: { [weak self] response, id in
                self?.waiting.withLockedValue { $0[id] }?.yield(response)
            }
        )
        self.node.withLockedValue { $0 = node }
        self.adapter.attach(node)
    }

    /// Leaves it.
    func detach() {
        guard let node = self.node.withLockedValue({ $0 }) else { return }
        self.node.withLockedValue { $0 = nil }
        self.adapter.detach(node)
    }

    /// A namespace exists from now on.
    ///
    /// Call it, and its counterpart, in the order in which that happens.
    func open(_ namespace: String) {
        guard let node = self.node.withLockedValue({ $0 }) else { return }
        self.adapter.open(namespace: namespace, for: node)
    }

    /// A namespace exists no more.
    func close(_ namespace: String) {
        guard let node = self.node.withLockedValue({ $0 }) else { return }
        self.adapter.close(namespace: namespace, for: node)
    }

    // MARK: Asking

    /// Asks without wanting an answer.
    func publish(_ request: ClusterRequest, in namespace: Namespace) {
        guard self.isClustered else { return }
        self.adapter.publish(self.message(request, namespace, requestID: nil))
    }

    /// Asks all others for one answer each.
    ///
    /// Without a `timeout` they have the configuration's time.
    func ask(
        _ request: ClusterRequest,
        in namespace: Namespace,
        timeout: Duration? = nil
    ) async -> [ClusterResponse] {
        var left = await self.otherCount(namespace)
        guard left > 0 else { return [] }
        var responses: [ClusterResponse] = []
        await self.collect(request, in: namespace, timeout: timeout ?? self.timeout) { response in
            responses.append(response)
            left -= 1
            return left > 0
        }
        return responses
    }

    /// Asks the sockets of all others.
    ///
    /// - Returns: the answers, and how many are missing; of a server that said nothing at all one.
    func askSockets(
        _ request: ClusterRequest,
        in namespace: Namespace,
        timeout: Duration
    ) async -> (answers: [[JSON]], missing: Int) {
        var countsLeft = await self.otherCount(namespace)
        guard countsLeft > 0 else { return ([], 0) }
        var answers: [[JSON]] = []
        var expected = 0
        // The others have the same limit; theirs begins a little later.
        await self.collect(request, in: namespace, timeout: timeout + .milliseconds(100)) { response in
            switch response {
            case .socketCount(let count):
                expected += count
                countsLeft -= 1
            case .ack(let answer):
                answers.append(answer)
            case .sockets, .socketIDs, .rooms, .serverSide, .done:
                break
            }
            return countsLeft > 0 || answers.count < expected
        }
        return (answers, max(0, expected - answers.count) + countsLeft)
    }

    private func otherCount(_ namespace: Namespace) async -> Int {
        self.isClustered ? await self.adapter.serverCount(namespace: namespace.name) - 1 : 0
    }

    /// How many servers take part in a namespace.
    func serverCount(_ namespace: Namespace) async -> Int { await self.otherCount(namespace) + 1 }

    /// Publishes a request and takes responses until `take` wants no more or the time is over.
    private func collect(
        _ request: ClusterRequest,
        in namespace: Namespace,
        timeout: Duration,
        _ take: (ClusterResponse) -> Bool
    ) async {
        let id = SessionIDs.make()
        let (responses, continuation) = AsyncStream.makeStream(of: ClusterResponse.self)
        self.waiting.withLockedValue { $0[id] = continuation }
        let timer = Task {
            try await Task.sleep(for: timeout)
            continuation.finish()
        }
        self.adapter.publish(self.message(request, namespace, requestID: id))
        for await response in responses {
            guard take(response) else { break }
        }
        timer.cancel()
        self.waiting.withLockedValue { $0[id] = nil }
    }

    private func message(_ request: ClusterRequest, _ namespace: Namespace, requestID: String?) -> ClusterMessage {
        ClusterMessage(sender: self.nodeID, namespace: namespace.name, requestID: requestID, request: request)
    }

    // MARK: Being asked

    private func perform(_ message: ClusterMessage, in namespace: Namespace) {
        @Sendable func sockets(_ selection: SocketSelection) -> BroadcastOperator {
            BroadcastOperator(namespace: namespace, selection: selection)
        }
        switch message.request {
        case .broadcast(let event, let selection):
            guard let name = event.first?.stringValue else { return }
            sockets(selection).emit(name, with: Array(event.dropFirst()))
        case .broadcastWithAck(let event, let selection, let milliseconds):
            guard let name = event.first?.stringValue else { return }
            let receivers = sockets(selection)
            self.answer {
                await self.ask(receivers, name, Array(event.dropFirst()), milliseconds: milliseconds, for: message)
            }
        case .join(let selection, let rooms):
            self.change(message, sockets(selection)) { receivers in
                for room in rooms { receivers.socketsJoin(room) }
            }
        case .leave(let selection, let rooms):
            self.change(message, sockets(selection)) { receivers in
                for room in rooms { receivers.socketsLeave(room) }
            }
        case .disconnect(let selection, let close):
            self.change(message, sockets(selection)) { $0.disconnectSockets(close: close) }
        case .fetchSockets(let selection):
            self.answer {
                let found = await sockets(selection).fetchLocalSockets().map(\.description)
                self.adapter.respond(.sockets(found), to: message)
            }
        case .socketIDs(let selection):
            self.answer {
                let found = await sockets(selection).fetchLocalSockets().map(\.id)
                self.adapter.respond(.socketIDs(found), to: message)
            }
        case .allRooms:
            self.answer {
                self.adapter.respond(.rooms(await namespace.localRooms().map(\.text)), to: message)
            }
        case .serverSideEmit(let event):
            guard let name = event.first?.stringValue else { return }
            self.answer {
                guard let answer = await namespace.handleServerSide(name, Array(event.dropFirst())) else { return }
                self.adapter.respond(.serverSide(answer), to: message)
            }
        }
    }

    /// Runs what answers a question, unless so many are being answered that others must be flooding us.
    private func answer(_ body: @escaping @Sendable () async -> Void) {
        let isFree = self.answering.withLockedValue { count in
            guard count < Self.maxAnswering else { return false }
            count += 1
            return true
        }
        guard isFree else { return }
        Task {
            await body()
            self.answering.withLockedValue { $0 -= 1 }
        }
    }

    /// Does something to sockets, and says so where somebody waits for it and there were any.
    private func change(
        _ message: ClusterMessage,
        _ receivers: BroadcastOperator,
        _ body: @escaping @Sendable (BroadcastOperator) -> Void
    ) {
        guard message.requestID != nil else { return body(receivers) }
        self.answer {
            let isAnybody = await !receivers.fetchLocalSockets().isEmpty
            body(receivers)
            if isAnybody { self.adapter.respond(.done, to: message) }
        }
    }

    private func ask(
        _ receivers: BroadcastOperator,
        _ event: String,
        _ args: [JSON],
        milliseconds: Int,
        for message: ClusterMessage
    ) async {
        let timeout = TimeAmount.milliseconds(Int64(milliseconds))
        let counts = await receivers.collect { sockets, eventLoop in
            for socket in sockets {
                socket.emitWithAck(event, args, timeout: timeout).whenSuccess { answer in
                    self.adapter.respond(.ack(answer), to: message)
                }
            }
            return eventLoop.makeSucceededFuture([sockets.count])
        }
        self.adapter.respond(.socketCount(counts.reduce(0, +)), to: message)
    }
}
