import CRDT
import Collaboration
import Logging
import NIOCore
import SocketIO
import SocketIOProtocol

/// What a connection to `/docs` needs of its socket; tests have one without a network.
protocol DocsSocket: AnyObject, Sendable {
    /// The public id of the socket; it is the wire's `session`.
    var id: String { get }

    /// The loop that everything of the connection happens on.
    var eventLoop: any EventLoop { get }

    /// How many bytes wait to be sent.
    ///
    /// To be asked on `eventLoop`.
    var bufferedBytes: Int { get }

    /// Sends an event.
    ///
    /// Callable from any thread; order is kept per thread.
    func emit(preencoded packet: EncodedPacket)
}

/// One client of `/docs`: checks what it asks for, passes it to the rooms, and the rooms' answers back.
///
/// `@unchecked Sendable`: everything mutable is touched on the socket's loop only. Rooms live on loops of their own, often
/// the same; what goes there hops when it must, and in the order in which it was asked for.
final class DocsConnection: RoomClient, @unchecked Sendable {
    /// How an answer goes back.
    ///
    /// Callable once, from any thread.
    typealias Reply = @Sendable (JSON) -> Void

    let session: SessionID
    private let socket: any DocsSocket
    private let principal: Principal
    private let hosts: RoomHosts
    private let limits: ServerLimits
    private let logger: Logger
    private let tracer: EventTracer?
    private var memberships: [DocumentID: Membership] = [:]
    private var membershipCount: UInt64 = 0
    private var isBehind = false
    /// Set while it is behind.
    private var nextLook: Scheduled<Void>?
    private var isClosed = false

    init(
        socket: any DocsSocket,
        principal: Principal,
        hosts: RoomHosts,
        limits: ServerLimits,
        logger: Logger,
        tracer: EventTracer? = nil
    ) {
        self.session = SessionID(socket.id)
        self.socket = socket
        self.principal = principal
        self.hosts = hosts
        self.limits = limits
        self.logger = logger
        self.tracer = tracer
    }

    // MARK: - Requests

    /// Handles one event.
    ///
    /// On the socket's loop.
    func handle(event: String, arguments: [JSON], reply: @escaping Reply) {
        socket.eventLoop.assertInEventLoop()
        let reply = tracer?.trace(event, arguments, session: session.rawValue, reply) ?? reply
        do {
            switch try DocsRequest(event: event, arguments: arguments, limits: limits) {
            case .join(let document, let join): try self.join(document, join, reply)
            case .change(let document, let bytes): try change(document, bytes, reply)
            case .edit(let document, let base, let edits): try edit(document, base, edits, reply)
            case .presence(let document, let state): try presence(document, state, reply)
            case .signal(let document, let payload): try signal(document, payload, reply)
            case .sync(let document, let version): try sync(document, version, reply)
            case .leave(let document): try leave(document, reply)
            }
        } catch {
            refuse(error, event: event, reply)
        }
    }

    private func join(_ document: DocumentID, _ join: DocsRequest.Join, _ reply: @escaping Reply) throws(RequestError) {
        let grant = principal.grant(for: document)
        try refuseIfOverfull()
        let previous = memberships[document]
        guard previous != nil || memberships.count < limits.documentsPerConnection else {
            throw RequestError(
                .tooManyDocuments,
                "a connection joins at most \(limits.documentsPerConnection) documents; leave one first"
            )
        }
        membershipCount += 1
        let membership = Membership(number: membershipCount)
        memberships[document] = membership
        // The room knows whether the user was given another role than the token's.
        let request = JoinRequest(
            session: session,
            user: principal.user,
            role: grant.role ?? .read,
            format: join.format,
            version: join.version,
            epoch: join.epoch,
            presence: join.presence
        )
        let mayCreate = (grant.role ?? .read) >= .write
        hosts.host(of: document).run { [self] host in
            host.enter(document, mayCreate: mayCreate, epoch: join.epoch) { [self] result in
                switch result {
                case .success(let open):
                    open.admit(self, membership: membership, grant: grant, request: request) { [self] result in
                        finishJoin(document, membership, previous, result, reply)
                        // Whoever is turned away does not keep a room open.
                        if case .failure = result { host.unloadIfUnused(document) }
                    }
                case .failure(let error):
                    // Who has no role learns nothing, not even that there is no such document.
                    let isHidden = grant.role == nil && error.code == RoomError.Code.unknownDocument.rawValue
                    finishJoin(document, membership, previous, .failure(isHidden ? .noRole : error), reply)
                }
            }
        }
    }

    /// On the room's loop.
    private func finishJoin(
        _ document: DocumentID,
        _ membership: Membership,
        _ previous: Membership?,
        _ result: Result<JoinReply, RequestError>,
        _ reply: @escaping Reply
    ) {
        switch result {
        case .success(let answer):
            reply(WireValue.join(answer, document: document, session: session))
            onSocketLoop { $0.holdBackIfBehind(document, membership) }
        case .failure(let error):
            onSocketLoop { connection in
                // What it had before it asked again is still there.
                if connection.memberships[document] == membership { connection.memberships[document] = previous }
                connection.refuse(error, event: "join", of: document, reply)
            }
        }
    }

    private func change(_ document: DocumentID, _ bytes: [UInt8], _ reply: @escaping Reply) throws(RequestError) {
        try inRoom(document, event: "change", reply) { [self] open throws(RoomError) in
            open.room.change(bytes, from: session) { [self] result in
                switch result {
                case .success(let revision): reply(["ok": true, "rev": WireValue.revision(revision)])
                case .failure(let error): refuse(RequestError(error), event: "change", of: document, reply)
                }
            }
        }
    }

    private func edit(
        _ document: DocumentID,
        _ base: Revision,
        _ edits: [PathEdit],
        _ reply: @escaping Reply
    ) throws(RequestError) {
        try inRoom(document, event: "edit", reply) { [self] open throws(RoomError) in
            open.room.edit(base: base, edits: edits, from: session) { [self] result in
                switch result {
                case .success(let receipt): reply(WireValue.edit(receipt))
                case .failure(let error): refuse(RequestError(error), event: "edit", of: document, reply)
                }
            }
        }
    }

    private func presence(_ document: DocumentID, _ state: [UInt8]?, _ reply: @escaping Reply) throws(RequestError) {
        try inRoom(document, event: "presence", reply) { [self] open throws(RoomError) in
            try open.room.setPresence(state, from: session)
            reply(["ok": true])
        }
    }

    private func signal(_ document: DocumentID, _ payload: JSON, _ reply: @escaping Reply) throws(RequestError) {
        // The room only weighs these bytes and passes them on; what its members get is `payload`, attachments and all.
        let weight = payload.serialize() + [UInt8](repeating: 0, count: payload.binaryByteCount)
        try inRoom(document, event: "signal", reply) { [self] open throws(RoomError) in
            try open.outlet.passingOn(payload) { () throws(RoomError) in
                try open.room.signal(weight, from: session)
            }
            reply(["ok": true])
        }
    }

    private func sync(_ document: DocumentID, _ version: Version, _ reply: @escaping Reply) throws(RequestError) {
        try refuseIfOverfull()
        try inRoom(document, event: "sync", reply) { [self] open throws(RoomError) in
            open.room.sync(version, from: session) { [self] result in
                switch result {
                case .success(let answer): reply(WireValue.sync(answer))
                case .failure(let error): refuse(RequestError(error), event: "sync", of: document, reply)
                }
            }
        }
    }

    private func leave(_ document: DocumentID, _ reply: @escaping Reply) throws(RequestError) {
        guard let membership = memberships.removeValue(forKey: document) else { throw Self.notJoined }
        withdraw(from: document, membership)
        reply(["ok": true])
    }

    /// Runs `body` with a room that the client has joined; it hears of it when that is not so, or when `body` throws.
    private func inRoom(
        _ document: DocumentID,
        event: String,
        _ reply: @escaping Reply,
        body: @escaping @Sendable (RoomHost.OpenRoom) throws(RoomError) -> Void
    ) throws(RequestError) {
        guard let membership = memberships[document] else { throw Self.notJoined }
        hosts.host(of: document).run { [self] host in
            host.use(document) { [self] result in
                do {
                    let open = try result.get()
                    // A room that was opened anew does not know those whom the one before put out.
                    guard open.outlet.membership(of: session) == membership else { throw Self.notJoined }
                    try body(open)
                } catch let error as RoomError {
                    refuse(RequestError(error), event: event, of: document, reply)
                } catch let error as RequestError {
                    refuse(error, event: event, of: document, reply)
                } catch {
                    let mistake = RequestError(.internalError, "the server made a mistake")
                    refuse(mistake, event: event, of: document, reply)
                }
            }
        }
    }

    private static var notJoined: RequestError { RequestError(.notJoined, "join the document first") }

    /// On any loop.
    private func refuse(_ error: RequestError, event: String, of document: DocumentID? = nil, _ reply: Reply) {
        hosts.metrics?.refused(error.code)
        if logger.logLevel <= .debug {
            var metadata: Logger.Metadata = ["event": "\(event)", "code": "\(error.code)"]
            if let document { metadata["doc"] = "\(document)" }
            logger.debug("request refused", metadata: metadata)
        }
        reply(error.acknowledgement)
    }

    // MARK: - What rooms send

    var broadcastSocket: Socket? { socket as? Socket }

    func deliver(_ packet: EncodedPacket) {
        socket.emit(preencoded: packet)
        onSocketLoop { $0.noticeIfBehind() }
    }

    func expelled(from document: DocumentID, membership: Membership) {
        onSocketLoop { connection in
            if connection.memberships[document] == membership { connection.memberships[document] = nil }
        }
    }

    // MARK: - Slow clients

    /// Tells the rooms to hold back when too much waits for this client already.
    ///
    /// What was sent stays in the queue, so the bound is passed by what one turn of a room sends, and by answers.
    ///
    /// On the socket's loop.
    func noticeIfBehind() {
        guard !isBehind, socket.bufferedBytes > limits.maximumBufferedBytes else { return }
        isBehind = true
        logger.info("participant fell behind", metadata: ["bytes": "\(socket.bufferedBytes)"])
        forEachRoom { room, session in room.fellBehind(session) }
        lookAgainLater()
    }

    /// The socket tells when it is drained, but only when it noticed that it was not; hence the timer.
    private func lookAgainLater() {
        nextLook = socket.eventLoop.scheduleTask(in: .milliseconds(250)) { [self] in
            guard isBehind, !isClosed else { return }
            if socket.bufferedBytes == 0 { drained() } else { lookAgainLater() }
        }
    }

    /// Everything that waited has been sent: the rooms may bring the client up to date.
    ///
    /// On the socket's loop.
    func drained() {
        guard isBehind else { return }
        isBehind = false
        nextLook?.cancel()
        nextLook = nil
        logger.info("participant caught up")
        forEachRoom { room, session in room.drained(session) }
    }

    /// A room that was joined meanwhile must hold back too.
    private func holdBackIfBehind(_ document: DocumentID, _ membership: Membership) {
        guard isBehind, memberships[document] == membership else { return }
        forRoom(document, membership) { room, session in room.fellBehind(session) }
    }

    /// Whole documents are not sent to a client that does not read what it was sent before.
    private func refuseIfOverfull() throws(RequestError) {
        guard socket.bufferedBytes <= limits.maximumBufferedBytes else {
            throw RequestError(.busy, "too much waits to be sent to this connection; read it first")
        }
    }

    private func forEachRoom(_ body: @escaping @Sendable (Room, SessionID) -> Void) {
        for (document, membership) in memberships { forRoom(document, membership, body) }
    }

    private func forRoom(
        _ document: DocumentID,
        _ membership: Membership,
        _ body: @escaping @Sendable (Room, SessionID) -> Void
    ) {
        let session = self.session
        hosts.host(of: document).run { host in
            guard let open = host.openRoom(document), open.outlet.membership(of: session) == membership else { return }
            body(open.room, session)
        }
    }

    // MARK: - The end

    /// The socket is gone: so is the participant, everywhere.
    ///
    /// On the socket's loop.
    func disconnected() {
        guard !isClosed else { return }
        isClosed = true
        nextLook?.cancel()
        for (document, membership) in memberships { withdraw(from: document, membership) }
        memberships = [:]
    }

    private func withdraw(from document: DocumentID, _ membership: Membership) {
        let session = self.session
        hosts.host(of: document).run { host in
            // Behind a join that is still waiting, so that nobody is let in after leaving.
            host.use(document, isUrgent: true) { result in
                guard case .success(let open) = result, open.outlet.membership(of: session) == membership else {
                    return
                }
                open.outlet.dismiss(session)
                open.room.leave(session)
            }
        }
    }

    private func onSocketLoop(_ work: @escaping @Sendable (DocsConnection) -> Void) {
        if socket.eventLoop.inEventLoop {
            work(self)
        } else {
            socket.eventLoop.execute { work(self) }
        }
    }
}

extension RequestError {
    /// Neither the token nor anybody gives the user a role for the document.
    static var noRole: RequestError { RequestError(.forbidden, "no role for this document") }
}

extension RoomHost.OpenRoom {
    /// Lets a participant in; when the room refuses it, everything is as before.
    ///
    /// `completion` is called on the room's loop, mostly before this returns.
    func admit(
        _ client: any RoomClient,
        membership: Membership,
        grant: DocumentRoles.Grant,
        request: JoinRequest,
        completion: @escaping (Result<JoinReply, RequestError>) -> Void
    ) {
        guard let role = roles.role(of: request.user, granted: grant) else { return completion(.failure(.noRole)) }
        var request = request
        request.role = role
        let session = client.session
        let previous = outlet.membership(of: session)
        outlet.admit(client, membership: membership, grant: grant)
        room.join(request) { [outlet] result in
            if case .failure = result, outlet.membership(of: session) == membership {
                if let previous {
                    outlet.admit(client, membership: previous, grant: grant)
                } else {
                    outlet.dismiss(session)
                }
            }
            completion(result.mapError { RequestError($0) })
        }
    }
}
