import Collaboration
import HTTPTypes
import Hummingbird
import SocketIOProtocol

/// What concerns the open room of a document: who is there, signals to them, and putting somebody out.
struct RoomRoutes: Sendable {
    /// The largest body of a signal: the room's bound on the payload, and its frame.
    private static let maximumSignalBytes = RoomLimits().signalByteCount + 1024
    private static let maximumKickBytes = 4096

    let access: DocumentAccess
    let hosts: RoomHosts

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/docs/:doc/presence") { request, context in try await presence(request, context) }
        router.post("/v1/docs/:doc/signal") { request, context in try await signal(request, context) }
        router.post("/v1/docs/:doc/kick") { request, context in try await kick(request, context) }
    }

    /// Nobody is in a document that is not open, and it stays so.
    private func presence(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await access.caller(request, context, atLeast: .read)
        try await requireDocument(caller.document)
        let members = try await hosts.host(of: caller.document).withOpenRoom(caller.document) { open in
            open?.room.members ?? []
        }
        return HTTPReply.json(["members": .array(members.map(WireValue.member))])
    }

    private func signal(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await access.caller(request, context, atLeast: .read)
        let body = try await RequestBody.read(request, upTo: Self.maximumSignalBytes, members: ["payload"])
        guard let payload = body["payload"] else { throw RequestError(.invalidArgument, "payload is missing") }
        try await requireDocument(caller.document)
        let bytes = payload.serialize()
        let user = caller.principal.user
        let count = try await hosts.host(of: caller.document).withOpenRoom(caller.document) {
            (open) throws(RequestError) in
            guard let open else { return 0 }
            do throws(RoomError) {
                try open.room.signal(bytes, as: user)
            } catch {
                throw RequestError(error)
            }
            return open.room.memberCount
        }
        return HTTPReply.json(["participants": .int(count)])
    }

    private func kick(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await access.caller(request, context, atLeast: .admin)
        let body = try await RequestBody.read(request, upTo: Self.maximumKickBytes, members: ["user", "session"])
        let user = try body.string("user", upTo: Self.maximumKickBytes)
        let session = try body.string("session", upTo: Self.maximumKickBytes)
        guard (user == nil) != (session == nil) else {
            throw RequestError(.invalidArgument, "the body names a user or a session")
        }
        try await requireDocument(caller.document)
        let count = try await hosts.host(of: caller.document).withOpenRoom(caller.document) { open in
            open?.kick { member in session.map { $0 == member.session.rawValue } ?? (member.user.id == user) } ?? 0
        }
        return HTTPReply.json(["sessions": .int(count)])
    }

    private func requireDocument(_ document: DocumentID) async throws(RequestError) {
        let summary = try await answering { () throws(StoreError) in try await access.library.summary(of: document) }
        if summary == nil { throw .unknownDocument }
    }
}
