import Collaboration
import Logging
import SocketIO
import SocketIOProtocol

/// The way into a namespace: who shows a good token is let in and greeted.
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
        SocketAuthentication(authenticator: authenticator, logger: logger).install(on: namespace)
        namespace.use { socket, _ throws(ConnectError) in
            guard let principal = socket[PrincipalKey.self], isAllowed(principal) else {
                throw ConnectError(message: "This token does not allow it.", data: ["code": "FORBIDDEN"])
            }
        }
        namespace.onConnection { socket in
            guard let principal = socket[PrincipalKey.self] else { return socket.disconnect() }
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

extension EventError {
    /// Only members may say or ask that.
    static func notJoined(_ place: String) -> EventError {
        EventError(code: "NOT_JOINED", message: "You must join the \(place) first", isRetryable: true)
    }
}
