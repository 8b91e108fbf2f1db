import Logging
import NIOCore
import SocketIO

/// The app of the official engine.io-protocol suite: every message, text or binary, comes back unchanged.
enum EngineEcho {
    static func make(
        _ configuration: SocketIOConfiguration,
        on group: any EventLoopGroup,
        logger: Logger
    ) -> EngineServer {
        let engine = EngineServer(configuration: configuration, eventLoopGroup: group, logger: logger)
        engine.onConnection { socket in
            socket.onMessage { message in socket.send(message) }
        }
        return engine
    }
}
