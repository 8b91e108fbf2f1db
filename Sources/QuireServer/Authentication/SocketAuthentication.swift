import Collaboration
import Logging
import NIOCore
import NIOHTTP1
import SocketIO
import SocketIOProtocol

/// Under which a socket keeps who it is.
enum PrincipalKey: SocketDataKey {
    typealias Value = Principal
}

/// Lets the sockets of a namespace in by token, and out when the token ends.
///
/// Install it first, so that handlers find ``PrincipalKey`` set. Each socket joins the room `user:<sub>` of its namespace,
/// where whatever concerns the user can be sent. Before its token ends a client may show a new one of the same user with
/// the event `refresh`; else it gets `closing {reason: "TOKEN_EXPIRED", retryAfter: 0}` and is disconnected; so does, with
/// `TOKEN_REVOKED`, a socket whose token is revoked.
struct SocketAuthentication: Sendable {
    /// The event that brings a new token.
    static let refreshEvent = "refresh"

    let authenticator: Authenticator
    let logger: Logger

    /// Tells a socket why its token is good no more, and puts it out.
    ///
    /// On its loop.
    static func end(_ socket: Socket, _ code: AuthenticationError.Code) {
        socket.emit("closing", ["reason": .string(code.rawValue), "retryAfter": 0])
        socket.disconnect()
    }

    /// The room of a user's sockets.
    static func room(of user: String) -> String { "user:\(user)" }

    /// Guards a namespace.
    ///
    /// Call once, before anybody can connect.
    func install(on namespace: Namespace) {
        namespace.use { [self] socket, handshake throws(ConnectError) in
            try await admit(socket, handshake)
        }
        // A token may cost a fetch of keys: nobody needs it more often.
        namespace.limit(Self.refreshEvent, to: RateLimit(perSecond: 0.2, burst: 5))
        namespace.onConnection { [self] socket in
            guard let principal = socket[PrincipalKey.self] else { return socket.disconnect() }
            guard !principal.user.isAnonymous else { return }
            socket.join(Self.room(of: principal.user.id))
            // Revoked since it was let in: whoever revoked it may have looked for its sockets before this one was there.
            guard !authenticator.revocations.cover(principal) else { return Self.end(socket, .tokenRevoked) }
            welcome(socket, principal)
        }
    }

    private func admit(_ socket: Socket, _ handshake: Handshake) async throws(ConnectError) {
        do throws(AuthenticationError) {
            let credentials = try Authenticator.Credentials(
                auth: handshake.auth,
                authorization: handshake.headers.first(name: "authorization"),
                queryToken: handshake.query["token"],
                host: handshake.headers.first(name: "host")
            )
            let principal = try await authenticator.principal(for: credentials, now: WallClock.now)
            if let lost = socket[PrincipalKey.self] {
                // A socket that comes back: its rooms and what it missed belong to who it was.
                if lost.user.isAnonymous, principal.user.isAnonymous { return }
                guard lost.user.id == principal.user.id, lost.user.isAnonymous == principal.user.isAnonymous else {
                    throw .invalid("another user's state")
                }
            }
            socket[PrincipalKey.self] = principal
        } catch {
            authenticator.metrics?.refused(error.code.rawValue)
            logger.info(
                "connection refused",
                metadata: [
                    "code": "\(error.code.rawValue)", "reason": "\(error.reason)",
                    "connection": "\(handshake.connection)", "address": "\(handshake.address)",
                ]
            )
            throw ConnectError(message: error.message, data: ["code": .string(error.code.rawValue)])
        }
    }

    private func welcome(_ socket: Socket, _ principal: Principal) {
        guard let end = principal.expiresAt else { return }
        let expiry = TokenExpiry(socket: socket, end: end)
        expiry.schedule()
        socket.onDisconnect { _ in expiry.cancel() }
        socket.on(Self.refreshEvent) { [self] arguments, ack async in
            do throws(AuthenticationError) {
                let renewed = try await renewed(socket, arguments)
                socket.eventLoop.execute {
                    guard !authenticator.revocations.cover(renewed) else { return Self.end(socket, .tokenRevoked) }
                    expiry.renew(until: renewed.expiresAt)
                    ack(["ok": true, "exp": renewed.expiresAt.map { .double($0) } ?? .null])
                }
            } catch {
                authenticator.metrics?.refused(error.code.rawValue)
                ack(RequestError(error).acknowledgement)
            }
        }
    }

    /// Checks the token of a `refresh`.
    ///
    /// Only the end may differ: what a socket has joined was granted for the old token.
    private func renewed(_ socket: Socket, _ arguments: [JSON]) async throws(AuthenticationError) -> Principal {
        guard let current = socket[PrincipalKey.self] else { throw .unauthenticated("no principal") }
        guard arguments.count == 1, let given = arguments[0].stringValue ?? arguments[0]["token"]?.stringValue else {
            throw .invalid("refresh brings no token")
        }
        let credentials = Authenticator.Credentials(token: given)
        let renewed = try await authenticator.principal(for: credentials, now: WallClock.now)
        guard renewed.user.id == current.user.id, !renewed.user.isAnonymous else { throw .invalid("another user's") }
        guard renewed.grants == current.grants else { throw .invalid("the grants differ: connect again") }
        socket[PrincipalKey.self] = renewed
        return renewed
    }
}
