import HTTPTypes
import Hummingbird
import SocketIOProtocol

/// `POST /v1/users/{id}/notify`.
struct UserRoutes: Sendable {
    /// The largest notification, in bytes.
    static let maximumBytes = 16 * 1024

    let notifications: Notifications
    let authenticator: Authenticator

    func add(to router: Router<BasicRequestContext>) {
        router.post("/v1/users/:user/notify") { request, context in
            try await notify(user: context.parameters.get("user") ?? "", request)
        }
    }

    private func notify(user name: String, _ request: Request) async throws -> Response {
        let principal = try await authenticator.principal(of: request)
        guard principal.isAdministrator else {
            throw RequestError(.forbidden, "notifying needs a token with the role admin for every document")
        }
        guard let user = PercentEncoding.decode(name), !user.isEmpty else {
            throw RequestError(.invalidArgument, "the user's id is empty or badly encoded")
        }
        let bytes: [UInt8]
        do {
            bytes = Array((try await request.body.collect(upTo: Self.maximumBytes)).readableBytesView)
        } catch {
            throw RequestError(.tooLarge, "a notification has at most \(Self.maximumBytes) bytes")
        }
        guard let body = try? JSON.parse(bytes), case .object(let content) = body else {
            throw RequestError(.invalidArgument, "the body must be a JSON object")
        }
        let sent = await notifications.send(to: user, content)
        return HTTPReply.json(["id": .string(sent.id), "sockets": .int(sent.sockets)])
    }
}

extension Authenticator {
    /// Who makes a request.
    func principal(of request: Request) async throws(AuthenticationError) -> Principal {
        let credentials = try Credentials(
            authorization: request.headers[.authorization],
            queryToken: request.uri.queryParameters["token"].map(String.init),
            host: request.head.authority
        )
        return try await principal(for: credentials, now: WallClock.now)
    }
}
