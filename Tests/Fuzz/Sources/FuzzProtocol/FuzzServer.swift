import FuzzKit
import SocketIOProtocol

/// Reads an input as a program: one byte an instruction, payloads from a table or from the bytes that follow.
struct Program {
    private var rest: ArraySlice<UInt8>

    init(_ input: [UInt8]) { self.rest = input[...] }

    mutating func next() -> UInt8? { self.rest.popFirst() }

    /// A small number.
    mutating func number(below bound: Int) -> Int { Int(self.rest.popFirst() ?? 0) % bound }

    /// One of the usual payloads, or up to 31 bytes of the program.
    mutating func payload(_ table: [[UInt8]]) -> [UInt8] {
        let choice = self.number(below: 256)
        if choice < 224 { return table[choice % table.count] }
        let bytes = self.rest.prefix(choice - 224)
        self.rest = self.rest.dropFirst(choice - 224)
        return Array(bytes)
    }
}

/// Programs that go through the usual life, to be mutated into unusual ones.
let programs: [[UInt8]] = (0..<24).map { seed in
    var generator = FuzzGenerator(seed: UInt64(seed))
    return generator.bytes(count: 16 + 4 * seed)
}

private let enginePayloads = utf8([
    "4hello", "2probe", "5", "3", "3probe", "2", "1", "6", "4a\u{1E}4b\u{1E}bAQID", "4x\u{1E}1\u{1E}4y", "abc", "",
    "40", "4",
    #"0{"sid":"a","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":100}"#, "2\u{1E}4a",
])

/// A server session, and what a gateway has to be able to rely on.
private struct ServerModel: ~Copyable {
    private var session: EngineServerSession
    private var now = Instant(nanoseconds: 0)
    private var lastID: UInt64 = 1
    private var open: Set<TransportID> = []
    private var posts: [TransportID] = []
    private var sockets: [TransportID] = []
    private var isClosed = false
    private var isFinished = false

    init(overWebSocket: Bool) {
        var actions: [EngineServerAction] = []
        self.session = EngineServerSession(
            configuration: .init(
                pingInterval: .milliseconds(300),
                pingTimeout: .milliseconds(200),
                upgradeTimeout: .milliseconds(250),
                closeTimeout: .milliseconds(400),
                maxPayload: 64,
                maxPacketsPerPayload: 4,
                maxPacketsPerResponse: 3,
                maxBufferedBytes: 512
            ),
            sessionID: "sid",
            opening: overWebSocket ? .webSocket(1) : .polling(1),
            now: self.now,
            actions: &actions
        )
        if overWebSocket { self.sockets.append(1) } else { self.open.insert(1) }
        self.check(actions)
    }

    private mutating func newID() -> TransportID {
        self.lastID += 1
        return TransportID(self.lastID)
    }

    private func pick(_ ids: [TransportID], _ number: Int) -> TransportID {
        ids.isEmpty ? TransportID(UInt64(number)) : ids[number % ids.count]
    }

    mutating func step(_ instruction: UInt8, _ program: inout Program) {
        let actions: [EngineServerAction]
        switch instruction % 16 {
        case 0, 1:
            let id = self.newID()
            self.open.insert(id)
            actions = self.session.pollingGet(id, now: self.now)
        case 2, 3:
            let id = self.newID()
            self.open.insert(id)
            let length: Int? = [nil, 10, 100][program.number(below: 3)]
            actions = self.session.pollingPostBegan(
                id,
                contentLength: length,
                isBinary: instruction >= 240,
                now: self.now
            )
            if !actions.contains(where: { $0.answers(id) }) { self.posts.append(id) }
        case 4, 5:
            let id = self.pick(self.posts, program.number(below: 8))
            self.posts.removeAll { $0 == id }
            actions = self.session.pollingPostEnded(id, body: program.payload(enginePayloads), now: self.now)
        case 6:
            let id = self.pick(self.posts, program.number(below: 8))
            self.posts.removeAll { $0 == id }
            actions = self.session.pollingPostOverflowed(id, now: self.now)
        case 7:
            let id = self.pick(Array(self.open).sorted { $0.rawValue < $1.rawValue }, program.number(below: 8))
            self.open.remove(id)
            self.posts.removeAll { $0 == id }
            actions = self.session.requestAborted(id, now: self.now)
        case 8:
            let id = self.newID()
            self.sockets.append(id)
            actions = self.session.webSocketOpened(id, now: self.now)
        case 9, 10:
            let id = self.pick(self.sockets, program.number(below: 8))
            actions = self.session.webSocketText(id, program.payload(enginePayloads), now: self.now)
        case 11:
            let id = self.pick(self.sockets, program.number(below: 8))
            actions = self.session.webSocketBinary(id, program.payload(enginePayloads), now: self.now)
        case 12:
            let id = self.pick(self.sockets, program.number(below: 8))
            self.sockets.removeAll { $0 == id }
            actions = self.session.webSocketClosed(id, now: self.now)
        case 13:
            let count = program.number(below: 4)
            actions = self.session.send(
                Array(repeating: .text(program.payload(enginePayloads)), count: count),
                now: self.now
            )
        case 14:
            actions = instruction < 128 ? self.session.timerFired(now: self.now) : self.session.close(now: self.now)
        case _:
            self.now = self.now + .milliseconds(program.number(below: 256))
            actions = self.session.timerFired(now: self.now)
        }
        self.check(actions)
    }

    private mutating func check(_ actions: [EngineServerAction]) {
        for action in actions {
            switch action {
            case .respond(let id, _):
                precondition(self.open.remove(id) != nil, "\(id) is answered twice, or never asked")
                self.posts.removeAll { $0 == id }
                continue
            case .sendWebSocketText(let id, _), .sendWebSocketBinary(let id, _):
                precondition(self.sockets.contains(id), "\(id) is written to though it is gone")
                precondition(!self.isFinished, "A send after the end")
            case .closeWebSocket(let id, _):
                precondition(self.sockets.contains(id), "\(id) is closed twice")
                self.sockets.removeAll { $0 == id }
            case .deliver:
                precondition(!self.isClosed, "A delivery after the end")
            case .upgraded(let id):
                precondition(self.session.directWebSocket == id, "Upgraded to another WebSocket")
            case .closed:
                precondition(!self.isClosed, "Closed twice")
                self.isClosed = true
            case .finished:
                precondition(self.isClosed && !self.isFinished, "Finished before the end, or twice")
                self.isFinished = true
            }
        }
        precondition(self.session.isOpen == !self.isClosed, "isOpen is not what was told")
        precondition((self.session.nextDeadline == nil) == self.isFinished, "A deadline after the end, or none before")
        precondition(self.session.bufferedBytes <= 512 + 4 * 200, "The buffer grows beyond its bound")
        precondition(self.open.count <= 2, "A request is left without an answer")
        if self.isFinished { precondition(self.open.isEmpty, "\(self.open) have no answer at the end") }
    }
}

extension EngineServerAction {
    fileprivate func answers(_ id: TransportID) -> Bool {
        if case .respond(id, _) = self { true } else { false }
    }
}

extension FuzzProtocol {
    /// Plays events; every request is answered once, nothing follows the end, the buffer stays within its bound.
    static let engineServerSession = FuzzTarget(
        name: "engine-server-session",
        run: { generator, input in
            var model = ServerModel(overWebSocket: generator.below(3) == 0)
            var program = Program(input)
            while let instruction = program.next() { model.step(instruction, &program) }
        },
        corpus: { programs }
    )

    /// Plays messages and the application's decisions; an ack comes once, nothing follows a close.
    static let socketServerSession = FuzzTarget(
        name: "socket-server-session",
        run: { generator, input in
            var now = Instant(nanoseconds: 0)
            var session = SocketServerSession(
                configuration: .init(connectTimeout: .seconds(1), attachmentTimeout: .seconds(1), maxNamespaces: 3),
                now: now
            )
            var isClosed = false
            var awaited: Set<UInt64> = []
            for message in [.text([0x30])] + messages(of: input) {
                switch session.receive(message, now: now) {
                case .connect(let namespace, _):
                    precondition(!session.isConnected(to: namespace), "\(namespace) is connected before it is let in")
                    if generator.below(4) == 0 {
                        precondition(!session.refuse(namespace: namespace, message: "no").isEmpty, "No refusal")
                    } else if generator.below(4) > 0 {
                        precondition(!session.accept(namespace: namespace, socketID: "s").isEmpty, "No reply")
                    }
                case .event(let namespace, _, let arguments, let id):
                    precondition(session.isConnected(to: namespace), "An event outside of \(namespace)")
                    if let id {
                        let reply = session.acknowledge(namespace: namespace, id: id, arguments: arguments)
                        precondition(!reply.isEmpty, "No ack")
                    }
                    if let id = session.registerAck(namespace: namespace), namespace == "/" { awaited.insert(id) }
                case .ack(let namespace, let id, _):
                    if namespace == "/" { precondition(awaited.remove(id) != nil, "Ack \(id) comes twice or unasked") }
                case .disconnect(let namespace):
                    precondition(!session.isConnected(to: namespace), "\(namespace) was left")
                    if namespace == "/" { awaited = [] }
                case .close:
                    precondition(!isClosed, "Closed twice")
                    isClosed = true
                case .none, .send:
                    break
                }
                precondition(
                    !isClosed || (session.namespaces.isEmpty && session.nextDeadline == nil),
                    "Life after close"
                )
                precondition(session.namespaces.count <= 3, "Too many namespaces")
                if generator.below(8) == 0, let namespace = session.namespaces.first {
                    precondition(!session.disconnect(namespace: namespace).isEmpty, "No DISCONNECT")
                    if namespace == "/" { awaited = [] }
                }
                now = now + .milliseconds(generator.below(300))
                if case .close = session.timerFired(now: now) {
                    precondition(!isClosed, "Closed twice")
                    isClosed = true
                }
            }
        },
        corpus: { socketPacketCorpus }
    )
}
