internal import CRDT
internal import Logging
internal import NIOCore
internal import SocketIOProtocol

/// A connection behind its public face: the current attempt, the wait for the next, the open documents.
///
/// Confined to its event loop.
final class ConnectionCore {
    let address: ServerAddress
    let configuration: ConnectionConfiguration
    let eventLoop: any EventLoop
    let logger: Logger
    private let traffic = Traffic()
    private(set) var state = ConnectionState.idle
    private var token: String?
    private var attempt: SocketAttempt?
    private var backoff: Backoff
    private var generator: FunctionGenerator
    private var documents: [String: DocumentCore] = [:]
    private var observers: [@Sendable (ConnectionState) -> Void] = []
    private var counters = ConnectionStatistics()
    private var connects = 0
    private var mode = EngineClientSession.Mode.webSocket
    private var wait: Scheduled<Void>?
    /// The server asked (`closing`) not to come back earlier.
    private var earliestReconnect = NIODeadline.uptimeNanoseconds(0)

    init(
        address: ServerAddress,
        token: String?,
        configuration: ConnectionConfiguration,
        eventLoop: any EventLoop,
        logger: Logger
    ) {
        self.address = address
        self.token = token
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        self.backoff = configuration.backoff
        self.generator = FunctionGenerator(function: configuration.random)
    }

    var statistics: ConnectionStatistics {
        var statistics = self.counters
        statistics.bytesSent = self.traffic.sent
        statistics.bytesReceived = self.traffic.received
        statistics.reconnects = max(0, self.connects - 1)
        return statistics
    }

    // MARK: What the user asks

    /// Opens the document, or gives the one that is open.
    func open(_ id: String, options: DocumentOptions) throws(QuireError) -> DocumentCore {
        if case .closed = self.state { throw QuireError(code: .closed, message: "the connection is closed") }
        if let document = self.documents[id] { return document }
        let document = DocumentCore(
            id: id,
            eventLoop: self.eventLoop,
            options: options,
            sync: self.configuration.sync,
            retryBackoff: self.configuration.backoff,
            random: self.generator,
            logger: self.logger
        )
        self.documents[id] = document
        if case .connected = self.state { document.connected(through: self) }
        self.connect()
        return document
    }

    /// Connects, when that was not asked before.
    func connect() {
        guard case .idle = self.state else { return }
        self.startAttempt()
    }

    /// Takes another token; a connection that was refused tries again.
    func setToken(_ token: String?) {
        self.token = token
        guard case .refused = self.state else { return }
        self.backoff.reset()
        self.startAttempt()
    }

    func observe(_ handler: @escaping @Sendable (ConnectionState) -> Void) {
        self.observers.append(handler)
        handler(self.state)
    }

    /// Closes all documents and the socket.
    func close() {
        if case .closed = self.state { return }
        for document in self.documents.values { document.close() }
        self.documents.removeAll()
        self.wait?.cancel()
        self.attempt?.close()
        self.attempt = nil
        self.setState(.closed)
        self.observers.removeAll()
    }

    /// Cuts the socket as a failing network would; the connection comes back by itself.
    func interrupt() {
        self.attempt?.fail(.init(code: .disconnected, message: "interrupted by its user", retryable: true))
    }

    // MARK: Attempts

    private func setState(_ state: ConnectionState) {
        guard state != self.state else { return }
        self.state = state
        for observer in self.observers { observer(state) }
    }

    private func startAttempt() {
        self.setState(.connecting)
        var auth = JSONObject()
        if let token = self.token {
            auth["token"] = .string(token)
        } else if let name = self.configuration.guestName {
            auth["name"] = .string(name)
        }
        let attempt = SocketAttempt(
            address: self.address,
            auth: auth,
            mode: self.mode,
            configuration: self.configuration,
            eventLoop: self.eventLoop,
            traffic: self.traffic,
            logger: self.logger
        ) { [weak self] event in
            self?.handle(event)
        }
        self.attempt = attempt
        attempt.start()
    }

    private func handle(_ event: SocketAttempt.Event) {
        switch event {
        case .connected:
            self.connects += 1
            // With documents it is not settled yet: a server that lets us in and then fails must not be hammered.
            if self.documents.isEmpty { self.backoff.reset() }
            self.setState(.connected)
            self.logger.debug("connected", metadata: ["host": "\(self.address.host)", "port": "\(self.address.port)"])
            for document in self.documents.values { document.connected(through: self) }
        case .event(let name, let arguments):
            self.counters.eventsReceived += 1
            self.route(name, arguments)
        case .ended(let error, let isFinal):
            self.ended(error, isFinal: isFinal)
        }
    }

    private func ended(_ error: QuireError, isFinal: Bool) {
        // A proxy that refuses WebSockets will refuse them again: poll from now on, and let the server offer an upgrade.
        if self.attempt?.wasUpgradeRefused == true, self.mode == .webSocket { self.mode = .pollingThenUpgrade }
        self.attempt = nil
        for document in self.documents.values { document.disconnected() }
        if isFinal {
            self.logger.error("the server refuses the connection", metadata: ["error": "\(error)"])
            self.setState(.refused(error))
            for document in self.documents.values { document.waiters.fail(error) }
            return
        }
        self.setState(.waiting)
        let drawn = TimeAmount.nanoseconds(Int64(clamping: self.backoff.next(using: &self.generator)))
        let deadline = max(NIODeadline.now() + drawn, self.earliestReconnect)
        self.logger.debug("disconnected", metadata: ["error": "\(error)", "attempt": "\(self.backoff.attempts)"])
        self.wait = self.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            guard let self, case .waiting = self.state else { return }
            self.startAttempt()
        }
    }

    private func route(_ name: String, _ arguments: [JSON]) {
        if name == "closing" {
            let milliseconds = min(max(arguments.first?["retryAfter"]?.intValue ?? 0, 0), 60_000)
            self.earliestReconnect = .now() + .milliseconds(Int64(milliseconds))
            return
        }
        guard let id = arguments.first?.stringValue, let document = self.documents[id] else { return }
        document.handle(name, arguments.dropFirst())
    }
}

extension ConnectionCore: DocumentLink {
    func request(_ event: String, _ arguments: [JSON], completion: @escaping (Result<[JSON], QuireError>) -> Void) {
        guard case .connected = self.state, let attempt = self.attempt else {
            completion(.failure(.init(code: .disconnected, message: "not connected", retryable: true)))
            return
        }
        self.counters.eventsSent += 1
        attempt.request(event, arguments, completion: completion)
    }

    func leave(_ document: String) {
        guard case .connected = self.state else { return }
        self.counters.eventsSent += 1
        self.attempt?.request("leave", [.string(document)]) { _ in }
    }

    func forget(_ document: String) {
        self.documents[document] = nil
    }

    func settled() {
        self.backoff.reset()
    }

    func restart(_ reason: QuireError) {
        self.logger.warning("connection restarted", metadata: ["reason": "\(reason)"])
        self.attempt?.fail(reason)
    }
}

@available(*, unavailable)
extension ConnectionCore: Sendable {}
