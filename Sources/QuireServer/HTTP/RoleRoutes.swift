import Collaboration
import HTTPTypes
import Hummingbird
import SocketIOProtocol

/// `/v1/docs/{id}/roles`: who was given, or denied, what for a document; it takes effect on open connections at once.
///
/// Only admins of the document see and change it. An admin by assignment cannot take the role from the last one: then nobody
/// but those with a token for it could manage the document. Whoever is admin by token may, and stays admin all the same.
struct RoleRoutes: Sendable {
    /// The most users that a document has an assignment for: an open document holds them in memory.
    static let maximumCount = 1000

    /// How a role is written that bars a user.
    static let none = "none"

    /// The largest body: `{"role": "comment"}` with room to spare.
    private static let maximumBytes = 1024

    let access: DocumentAccess
    let hosts: RoomHosts

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/docs/:doc/roles") { request, context in try await list(request, context) }
        router.get("/v1/docs/:doc/roles/:user") { request, context in try await get(request, context) }
        router.put("/v1/docs/:doc/roles/:user") { request, context in try await put(request, context) }
        router.delete("/v1/docs/:doc/roles/:user") { request, context in try await delete(request, context) }
    }

    private func list(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await access.caller(request, context, atLeast: .admin)
        let roles = try await roles(of: caller.document)
        return HTTPReply.json(["roles": .array(roles.map(Self.json))])
    }

    private func get(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await access.caller(request, context, atLeast: .admin)
        let user = try Self.user(context)
        guard let assignment = try await roles(of: caller.document).first(where: { $0.user == user }) else {
            throw Self.notAssigned
        }
        return HTTPReply.json(Self.json(assignment))
    }

    private func roles(of document: DocumentID) async throws(RequestError) -> [RoleAssignment] {
        try await answering { () throws(StoreError) in
            guard try await access.library.summary(of: document) != nil else {
                throw StoreError(.unknownDocument, "no document")
            }
            return try await access.library.roles(of: document)
        }
    }

    private func put(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await access.caller(request, context, atLeast: .admin)
        let user = try Self.user(context)
        let body = try await RequestBody.read(request, upTo: Self.maximumBytes, members: ["role"])
        let name = body["role"]?.stringValue ?? ""
        let role = Role(claim: name)
        guard role != nil || name == Self.none else {
            throw RequestError(.invalidArgument, "role must be read, comment, write, admin or none")
        }
        let assignment = RoleAssignment(
            user: user,
            role: role,
            author: caller.userID,
            timestamp: Int64(WallClock.now * 1000)
        )
        let told = hosts.host(of: caller.document).loop.makePromise(of: Void.self)
        do throws(StoreError) {
            try await access.library.assign(
                assignment,
                in: caller.document,
                keepsAdmin: Self.dependsOnAssignment(caller),
                limit: Self.maximumCount,
                committed: { apply(assignment, to: user, in: caller.document) { told.succeed() } }
            )
        } catch {
            told.succeed()
            throw Self.refusal(error)
        }
        try await told.futureResult.get()
        return HTTPReply.json(Self.json(assignment))
    }

    private func delete(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await access.caller(request, context, atLeast: .admin)
        let user = try Self.user(context)
        let told = hosts.host(of: caller.document).loop.makePromise(of: Void.self)
        do throws(StoreError) {
            let wasAssigned = try await access.library.unassign(
                user,
                in: caller.document,
                keepsAdmin: Self.dependsOnAssignment(caller),
                committed: { apply(nil, to: user, in: caller.document) { told.succeed() } }
            )
            if !wasAssigned { throw StoreError(.unknownDocument, "nothing was assigned") }
        } catch {
            told.succeed()
            throw error.code == .unknownDocument ? Self.notAssigned : Self.refusal(error)
        }
        try await told.futureResult.get()
        return Response(status: .noContent)
    }

    /// Tells the room, if it is open or on its way.
    ///
    /// Called by the store in the order in which roles were written, so that the room ends with the last one.
    private func apply(
        _ assignment: RoleAssignment?,
        to user: String,
        in document: DocumentID,
        done: @escaping @Sendable () -> Void
    ) {
        hosts.host(of: document).run { host in
            host.use(document, isUrgent: true) { result in
                if case .success(let open) = result { open.assign(assignment, to: user) }
                done()
            }
        }
    }

    /// Whether the caller would not be admin without an assignment.
    private static func dependsOnAssignment(_ caller: DocumentAccess.Caller) -> Bool {
        caller.principal.role(for: caller.document) != .admin
    }

    private static func user(_ context: BasicRequestContext) throws(RequestError) -> String {
        try DocumentAccess.user(PercentEncoding.decode(context.parameters.get("user") ?? ""))
    }

    private static func refusal(_ error: StoreError) -> RequestError {
        switch error.code {
        case .conflict:
            RequestError(.lastAdmin, "this is the document's last admin; give the role to another first")
        case .tooMany:
            RequestError(.tooMany, "a document has at most \(maximumCount) assigned roles")
        default:
            RequestError(RoomError(error))
        }
    }

    private static var notAssigned: RequestError {
        RequestError(.notFound, "no role is assigned to this user for the document")
    }

    static func json(_ assignment: RoleAssignment) -> JSON {
        [
            "user": .string(assignment.user), "role": .string(assignment.role?.name ?? none),
            "by": .string(assignment.author), "time": .int(Int(assignment.timestamp)),
        ]
    }
}
