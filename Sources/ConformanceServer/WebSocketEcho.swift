import SocketIO

/// The RFC 6455 echo that Autobahn|Testsuite is run against: every message comes back with its opcode.
enum WebSocketEcho {
    static func make(path: String) -> WebSocketEndpoint {
        var configuration = WebSocketEndpoint.Configuration()
        configuration.maxMessageBytes = 16 << 20
        configuration.maxFragments = 65_536
        // The suite sends many messages before it reads.
        configuration.maxBufferedBytes = 256 << 20
        configuration.allowedOrigins = ["*"]
        configuration.perMessageDeflate = PerMessageDeflate()
        configuration.perMessageDeflate?.threshold = 0
        return WebSocketEndpoint(path: path, configuration: configuration) { connection in
            connection.onMessage { message in connection.send(message) }
        }
    }
}
