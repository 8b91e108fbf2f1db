import Collaboration
import Logging
import NIOHTTP1
import SocketIO
import SocketIOProtocol

/// The way into a namespace: who shows a good token is let in, greeted, and found under `user:<sub>`.
struct GatewayEntrance: Sendable {
    /// Who came in.
    struct Visitor: Sendable {
        /// The name, of the token or as a guest has it.
        var name: String

        /// What is the same when it comes back: the token's `sub`.
        ///
        /// A guest is another one each time it connects anew; what it keeps when it recovers is its socket's id.
        var identity: String
    }

    let authenticator: Authenticator
    let logger: Logger

    /// The room of all sockets of one user, in every namespace that is entered here.
    static func room(ofUser id: String) -> String { "user:\(id)" }

    /// Opens a namespace.
    ///
    /// - Parameters:
    ///   - namespace: the namespace.
    ///   - isAllowed: whether somebody who is known may enter.
    ///   - welcome: is told of each socket and who it is, on the socket's loop.
    func open(
        _ namespace: Namespace,
        if isAllowed: @escaping @Sendable (Principal) -> Bool = { _ in true },
        welcome: @escaping @Sendable (Socket, Visitor) -> Void
    ) {
        namespace.use { socket, handshake throws(ConnectError) in
            var principal = try await authenticator.admit(handshake, logger: logger)
            guard isAllowed(principal) else {
                throw ConnectError(message: "This token does not allow it.", data: ["code": "FORBIDDEN"])
            }
            if socket.isRecovered, let before = socket.data as? Principal {
                // A guest gets another number each time; the one who came back is still the one who went.
                if before.user.isAnonymous, principal.user.isAnonymous { principal = before }
                // The socket is in rooms of that user, and what it missed was sent to that user.
                guard before.user.id == principal.user.id else {
                    throw ConnectError(message: "This was somebody else.", data: ["code": "NOT_RECOVERABLE"])
                }
            }
            socket.data = principal
        }
        namespace.onConnection { socket in
            guard let principal = socket.data as? Principal else { return socket.disconnect() }
            if let end = principal.expiresAt { TokenExpiry.watch(socket, end: end) }
            // Guests have no `sub`: nobody could know under what name to reach them.
            if !principal.user.isAnonymous { socket.join(Self.room(ofUser: principal.user.id)) }
            socket.emit(
                "authenticated",
                ["user": WireValue.user(principal.user), "timestamp": .string(WallClock.timestamp())]
            )
            socket.onUnhandled { event, _, ack in
                let name = String(event.prefix(64))
                ack(RequestError(.unknownEvent, "there is no event \(name)").acknowledgement)
            }
            let user = principal.user
            welcome(socket, Visitor(name: user.name, identity: user.isAnonymous ? socket.id : user.id))
        }
    }
}

extension Authenticator {
    /// Who connects; refuses those who may not.
    func admit(_ handshake: Handshake, logger: Logger) async throws(ConnectError) -> Principal {
        do {
            let credentials = try Credentials(
                auth: handshake.auth,
                authorization: handshake.headers.first(name: "authorization"),
                queryToken: handshake.query["token"],
                host: handshake.headers.first(name: "host")
            )
            return try await principal(for: credentials, now: WallClock.now)
        } catch {
            logger.info(
                "connection refused",
                metadata: [
                    "code": "\(error.code.rawValue)", "reason": "\(error.reason)", "address": "\(handshake.address)",
                ]
            )
            throw ConnectError(message: error.message, data: ["code": .string(error.code.rawValue)])
        }
    }
}
