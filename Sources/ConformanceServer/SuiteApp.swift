import SocketIO
import SocketIOProtocol

/// The app of the official socket.io-protocol suite.
enum SuiteApp {
    static func install(on namespace: Namespace) {
        namespace.onConnection { socket in
            socket.emit("auth", socket.handshake.auth)
            socket.on("message") { args, _ in socket.emit("message-back", with: args) }
            socket.on("message-with-ack") { args, ack in ack.send(args) }
        }
    }
}
