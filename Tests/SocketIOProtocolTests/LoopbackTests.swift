import SocketIOProtocol
import Testing

/// A client and a server session, joined by queues instead of sockets: what one side's actions say happens to the other.
private final class Loopback {
    private enum Event {
        case toServer(EngineClientAction)
        case toClient(EngineServerAction)
    }

    private var client: EngineClientSession
    private var server: EngineServerSession?
    private let serverConfiguration: EngineServerConfiguration
    private(set) var now = Instant(nanoseconds: 0)
    private var queue: [Event] = []
    private var lastID: UInt64 = 0
    private var get: TransportID?
    private var post: TransportID?
    private var webSocket: TransportID?
    private(set) var atServer: [EngineMessage] = []
    private(set) var atClient: [EngineMessage] = []
    private(set) var serverReason: EngineCloseReason?
    private(set) var clientReason: EngineClientCloseReason?
    private(set) var statuses: Set<Int> = []

    init(mode: EngineClientSession.Mode, server: EngineServerConfiguration = .init()) {
        self.client = EngineClientSession(configuration: .init(mode: mode))
        self.serverConfiguration = server
    }

    var transports: [EngineTransport?] { [self.client.transport, self.server?.transport] }

    func start() { self.enqueue(self.client.start(now: self.now)) }
    func fromClient(_ messages: EngineMessage...) { self.enqueue(self.client.send(messages, now: self.now)) }
    func fromServer(_ messages: EngineMessage...) { self.enqueue(self.server?.send(messages, now: self.now) ?? []) }
    func closeClient() { self.enqueue(self.client.close(now: self.now)) }
    func closeServer() { self.enqueue(self.server?.close(now: self.now) ?? []) }

    /// Lets everything under way arrive, then whatever that causes.
    func settle() {
        while !self.queue.isEmpty {
            switch self.queue.removeFirst() {
            case .toServer(let action): self.perform(action)
            case .toClient(let action): self.perform(action)
            }
        }
    }

    /// Lets time pass, in steps from deadline to deadline.
    func passes(_ duration: Duration) {
        let end = self.now + duration
        while true {
            let deadlines = [self.client.nextDeadline, self.server?.nextDeadline ?? nil].compactMap { $0 }
            guard let next = deadlines.min(), next <= end else { break }
            self.now = next
            self.enqueue(self.server?.timerFired(now: self.now) ?? [])
            self.enqueue(self.client.timerFired(now: self.now))
            self.settle()
        }
        self.now = end
    }

    private func enqueue(_ actions: [EngineClientAction]) { self.queue += actions.map { .toServer($0) } }
    private func enqueue(_ actions: [EngineServerAction]) { self.queue += actions.map { .toClient($0) } }

    private func newID() -> TransportID {
        self.lastID += 1
        return TransportID(self.lastID)
    }

    private func perform(_ action: EngineClientAction) {
        switch action {
        case .openWebSocket(let sessionID):
            let id = self.newID()
            self.webSocket = id
            if sessionID == nil {
                self.openServer(.webSocket(id))
            } else {
                self.enqueue(self.server?.webSocketOpened(id, now: self.now) ?? [])
            }
            self.enqueue(self.client.webSocketOpened(now: self.now))
        case .get(let sessionID):
            let id = self.newID()
            self.get = id
            if sessionID == nil {
                self.openServer(.polling(id))
            } else {
                self.enqueue(self.server?.pollingGet(id, now: self.now) ?? [])
            }
        case .post(_, let body):
            let id = self.newID()
            self.post = id
            let began =
                self.server?.pollingPostBegan(id, contentLength: body.count, isBinary: false, now: self.now) ?? []
            self.enqueue(began)
            self.enqueue(self.server?.pollingPostEnded(id, body: body, now: self.now) ?? [])
        case .sendWebSocketText(let bytes):
            if let webSocket { self.enqueue(self.server?.webSocketText(webSocket, bytes, now: self.now) ?? []) }
        case .sendWebSocketBinary(let bytes):
            if let webSocket { self.enqueue(self.server?.webSocketBinary(webSocket, bytes, now: self.now) ?? []) }
        case .closeWebSocket:
            if let webSocket { self.enqueue(self.server?.webSocketClosed(webSocket, now: self.now) ?? []) }
            self.webSocket = nil
        case .cancelRequests:
            for id in [self.get, self.post].compactMap({ $0 }) {
                self.enqueue(self.server?.requestAborted(id, now: self.now) ?? [])
            }
            self.get = nil
            self.post = nil
        case .deliver(let message): self.atClient.append(message)
        case .closed(let reason): self.clientReason = reason
        case .opened, .upgraded: break
        }
    }

    private func openServer(_ opening: EngineServerSession.Opening) {
        var actions: [EngineServerAction] = []
        self.server = EngineServerSession(
            configuration: self.serverConfiguration,
            sessionID: "loop",
            opening: opening,
            now: self.now,
            actions: &actions
        )
        self.enqueue(actions)
    }

    private func perform(_ action: EngineServerAction) {
        switch action {
        case .respond(let id, let response):
            self.statuses.insert(response.status)
            if id == self.get {
                self.get = nil
                self.enqueue(self.client.getAnswered(status: response.status, body: response.body, now: self.now))
            } else if id == self.post {
                self.post = nil
                self.enqueue(self.client.postAnswered(status: response.status, now: self.now))
            }
        case .sendWebSocketText(let id, let bytes):
            if id == self.webSocket { self.enqueue(self.client.webSocketText(bytes, now: self.now)) }
        case .sendWebSocketBinary(let id, let bytes):
            if id == self.webSocket { self.enqueue(self.client.webSocketBinary(bytes, now: self.now)) }
        case .closeWebSocket(let id, _):
            if id == self.webSocket {
                self.webSocket = nil
                self.enqueue(self.client.webSocketClosed(now: self.now))
            }
        case .deliver(let message): self.atServer.append(message)
        case .closed(let reason): self.serverReason = reason
        case .upgraded, .finished: break
        }
    }
}

@Suite("Client and server sessions together")
struct LoopbackTests {
    private static let modes: [EngineClientSession.Mode] = [.webSocket, .polling, .pollingThenUpgrade]

    @Test("Messages arrive in order both ways, whatever the transport does meanwhile", arguments: modes)
    func messages(mode: EngineClientSession.Mode) {
        let loopback = Loopback(mode: mode)
        var sent: [EngineMessage] = []
        loopback.start()
        for index in 0..<100 {
            let message = index % 3 == 0 ? EngineMessage.binary([UInt8(index)]) : .text("m\(index)")
            sent.append(message)
            loopback.fromClient(message)
            loopback.fromServer(message)
            if index % 7 == 6 { loopback.settle() }
        }
        loopback.settle()
        #expect(loopback.atServer == sent)
        // The server exists from the first settling on; what was sent to it before went nowhere.
        #expect(loopback.atClient == Array(sent.dropFirst(7)))
        #expect(loopback.transports == (mode == .polling ? [.polling, .polling] : [.webSocket, .webSocket]))
        #expect(loopback.statuses.isSubset(of: [200]))
    }

    @Test("An idle session lives on by its heartbeat", arguments: modes)
    func heartbeat(mode: EngineClientSession.Mode) {
        let loopback = Loopback(mode: mode)
        loopback.start()
        loopback.settle()
        loopback.passes(.seconds(3600))
        #expect(loopback.serverReason == nil)
        #expect(loopback.clientReason == nil)
        loopback.fromServer(.text("still here"))
        loopback.settle()
        #expect(loopback.atClient == [.text("still here")])
    }

    @Test("The client's close is one for the server", arguments: modes)
    func clientCloses(mode: EngineClientSession.Mode) {
        let loopback = Loopback(mode: mode)
        loopback.start()
        loopback.settle()
        loopback.fromClient(.text("bye"))
        loopback.closeClient()
        loopback.settle()
        #expect(loopback.atServer == [.text("bye")])
        #expect(loopback.clientReason == .closedByClient)
        #expect(loopback.serverReason == (mode == .polling ? .closedByClient : .transportClosed))
    }

    @Test("The server's close is one for the client, after what was sent", arguments: modes)
    func serverCloses(mode: EngineClientSession.Mode) {
        let loopback = Loopback(mode: mode)
        loopback.start()
        loopback.settle()
        loopback.fromServer(.text("bye"))
        loopback.closeServer()
        loopback.settle()
        #expect(loopback.atClient == [.text("bye")])
        #expect(loopback.serverReason == .closedByServer)
        #expect(loopback.clientReason == (mode == .polling ? .closedByServer : .transportClosed))
    }
}
