import SocketIO

/// The RFC 6455 echo that Autobahn|Testsuite is run against: every message comes back with its opcode.
enum WebSocketEcho {
    static func make(path: String) -> WebSocketEndpoint {
        var configuration = WebSocketEndpoint.Configuration()
        configuration.maxMessageBytes = 16 << 20
        // Cases 9.3.1 and 9.4.1 send 65,536 fragments, and an empty frame that ends the message.
        configuration.maxFragments = 65_537
        // The suite sends many messages before it reads.
        configuration.maxBufferedBytes = 256 << 20
        configuration.allowedOrigins = ["*"]
        // One machine opens hundreds.
        configuration.connectionRatePerAddress = nil
        configuration.perMessageDeflate = PerMessageDeflate()
        configuration.perMessageDeflate?.threshold = 0
        return WebSocketEndpoint(path: path, configuration: configuration) { connection in
            connection.onMessage { message in connection.send(message) }
        }
    }
}
