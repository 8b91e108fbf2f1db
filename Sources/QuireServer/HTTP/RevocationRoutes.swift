import Collaboration
import Hummingbird
import SQLiteStore
import SocketIOProtocol

/// `/v1/revocations`: tokens that are good no more, for those who operate the server.
///
/// Times that are compared with a token's are in seconds since 1970, as in tokens.
struct RevocationRoutes: Sendable {
    /// The most revocations one page names.
    private static let pageCount: UInt64 = 100
    private static let maximumBytes = 1024
    /// The latest time: JavaScript holds its milliseconds exactly.
    private static let latest = Double(QueryReader.largest / 1000)

    let keeper: RevocationKeeper
    let authenticator: Authenticator

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/revocations") { request, _ in try await list(request) }
        router.put("/v1/revocations/users/:user") { request, context in try await revokeUser(request, context) }
        router.delete("/v1/revocations/users/:user") { request, context in
            try await lift(request) { () throws(RequestError) in .user(try Self.name(context, "user")) }
        }
        router.put("/v1/revocations/tokens/:jti") { request, context in try await revokeToken(request, context) }
        router.delete("/v1/revocations/tokens/:jti") { request, context in
            try await lift(request) { () throws(RequestError) in .token(try Self.name(context, "jti")) }
        }
    }

    private func list(_ request: Request) async throws -> Response {
        _ = try await administrator(request)
        let query = QueryReader(request)
        let after = try query.number("after", in: 0...QueryReader.largest) ?? 0
        let limit = try query.number("limit", in: 1...Self.pageCount) ?? Self.pageCount
        let page = try await answering { () throws(StoreError) in
            try await keeper.store.revocations(after: Int64(after), limit: Int(limit))
        }
        let last = page.count == Int(limit) ? page.last : nil
        return HTTPReply.json([
            "revocations": .array(page.map { Self.json($0.revocation) }),
            "next": last.map { .int(Int($0.number)) } ?? .null,
        ])
    }

    private func revokeUser(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await administrator(request)
        let user = try Self.name(context, "user")
        let body = try await RequestBody.read(request, upTo: Self.maximumBytes, members: ["before"])
        let now = WallClock.now
        let before = try Self.seconds(body["before"], "before") ?? now
        return try await revoke(
            Revocation(
                subject: .user(user),
                before: Int64((before * 1000).rounded(.up)),
                author: caller,
                timestamp: Int64(now * 1000)
            )
        )
    }

    private func revokeToken(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await administrator(request)
        let token = try Self.name(context, "jti")
        let body = try await RequestBody.read(request, upTo: Self.maximumBytes, members: ["exp"])
        let end = try Self.seconds(body["exp"], "exp")
        let leeway = authenticator.leeway
        return try await revoke(
            Revocation(
                subject: .token(token),
                before: .max,
                until: end.map { Int64((($0 + leeway) * 1000).rounded(.up)) },
                author: caller,
                timestamp: Int64(WallClock.now * 1000)
            )
        )
    }

    private func revoke(_ revocation: Revocation) async throws -> Response {
        do throws(StoreError) {
            try await keeper.revoke(revocation)
        } catch  where error.code == .tooMany {
            throw RequestError(.tooMany, "there are at most \(RevocationKeeper.maximumCount) revocations")
        } catch {
            throw RequestError(RoomError(error))
        }
        return HTTPReply.json(Self.json(revocation))
    }

    private func lift(
        _ request: Request,
        _ subject: () throws(RequestError) -> Revocation.Subject
    ) async throws -> Response {
        _ = try await administrator(request)
        let subject = try subject()
        guard try await answering({ () throws(StoreError) in try await keeper.lift(subject) }) else {
            throw RequestError(.notFound, "that is not revoked")
        }
        return Response(status: .noContent)
    }

    /// The caller's id.
    private func administrator(_ request: Request) async throws -> String {
        let principal = try await authenticator.principal(of: request)
        guard principal.isAdministrator else {
            throw RequestError(.forbidden, "revoking needs a token with the role admin for every document")
        }
        return principal.user.id
    }

    /// A user's or a token's id from the path.
    private static func name(_ context: BasicRequestContext, _ parameter: String) throws(RequestError) -> String {
        try DocumentAccess.user(PercentEncoding.decode(context.parameters.get(parameter) ?? ""))
    }

    /// A time as tokens have it; `nil` when there is none.
    private static func seconds(_ value: JSON?, _ name: String) throws(RequestError) -> Double? {
        guard let value, !value.isNull else { return nil }
        guard let seconds = value.doubleValue, (0...latest).contains(seconds) else {
            throw RequestError(.invalidArgument, "\(name) must be between 0 and \(latest), in seconds since 1970")
        }
        return seconds
    }

    private static func json(_ revocation: Revocation) -> JSON {
        var object =
            switch revocation.subject {
            case .user(let id):
                JSONObject([("user", .string(id)), ("before", .double(Double(revocation.before) / 1000))])
            case .token(let id):
                JSONObject([
                    ("token", .string(id)), ("until", revocation.until.map { .double(Double($0) / 1000) } ?? .null),
                ])
            }
        object["by"] = .string(revocation.author)
        object["time"] = .int(Int(revocation.timestamp))
        return .object(object)
    }
}
