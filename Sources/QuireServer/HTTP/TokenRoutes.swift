import Collaboration
import Hummingbird
import SocketIOProtocol

/// `POST /v1/tokens`: tokens for an application's users, from whoever administers the server.
struct TokenRoutes: Sendable {
    /// The longest life of a token, in seconds: thirty days.
    static let maximumSeconds: UInt64 = 30 * 86_400

    private static let maximumBodyBytes = 64 << 10

    let authenticator: Authenticator
    /// What tokens are signed with; `nil` where the server only knows others' public keys.
    let secret: Secret?
    let keyID: String?
    let rules: TokenRules

    func add(to router: Router<BasicRequestContext>) {
        router.post("/v1/tokens") { request, _ in try await make(request) }
    }

    private func make(_ request: Request) async throws -> Response {
        let principal = try await authenticator.principal(of: request)
        guard principal.isAdministrator else {
            throw RequestError(.forbidden, "making tokens needs a token with the role admin for every document")
        }
        guard let secret else {
            throw RequestError(.notConfigured, "this server has no secret to sign tokens with")
        }
        let body = try await RequestBody.read(
            request,
            upTo: Self.maximumBodyBytes,
            members: ["sub", "name", "docs", "ttl"]
        )
        let claims = try claims(body)
        let token: String
        do {
            token = try await TokenIssuer(secret: secret, keyID: keyID).token(for: claims)
        } catch {
            throw RequestError(.internalError, "the token could not be signed")
        }
        guard token.utf8.count <= TokenVerifier.maximumTokenBytes else {
            throw RequestError(.tooLarge, "a token has at most \(TokenVerifier.maximumTokenBytes) bytes")
        }
        return HTTPReply.json(
            [
                "token": .string(token), "exp": claims.exp.map { .int(Int($0)) } ?? .null,
                "jti": claims.jti.map { .string($0) } ?? .null,
            ],
            status: .created,
            headers: [.cacheControl: "no-store"]
        )
    }

    private func claims(_ body: RequestBody) throws(RequestError) -> Claims {
        let sub = try DocumentAccess.user(body.string("sub", upTo: UserID.maximumByteCount))
        // At most the 256 bytes that a token's name may have.
        let name = try body.string("name", upTo: 64)
        let seconds = body["ttl"] ?? 3600
        guard let ttl = seconds.intValue, (1...Int(Self.maximumSeconds)).contains(ttl) else {
            throw RequestError(.invalidArgument, "ttl must be between 1 and \(Self.maximumSeconds) seconds")
        }
        var docs: [String: String]?
        if let given = body["docs"], !given.isNull {
            guard let object = given.objectValue else {
                throw RequestError(.invalidArgument, "docs must be an object of patterns and roles")
            }
            var grants: [String: String] = [:]
            for member in object.members {
                guard !member.key.isEmpty, let role = member.value.stringValue, Role(claim: role) != nil else {
                    throw RequestError(.invalidArgument, "docs must name a role for each pattern")
                }
                grants[member.key] = role
            }
            docs = grants
        }
        return Claims(
            sub: sub,
            name: name,
            exp: WallClock.now.rounded(.down) + Double(ttl),
            iat: WallClock.now,
            jti: TokenIssuer.makeTokenID(),
            iss: rules.issuer,
            aud: rules.audience.map { [$0] },
            docs: docs
        )
    }
}
