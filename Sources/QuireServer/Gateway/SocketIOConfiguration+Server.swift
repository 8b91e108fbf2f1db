import SocketIO

extension SocketIOConfiguration {
    /// What the server's configuration means for its connections.
    init(_ configuration: ServerConfiguration) {
        self.init()
        let limits = configuration.limits
        maxPayload = limits.maximumMessageBytes
        allowedOrigins = configuration.allowedOrigins
        allowsCredentials = configuration.allowsCredentials
        maxConnectionsPerAddress = limits.connectionsPerAddress > 0 ? limits.connectionsPerAddress : nil
        // Rooms hold back long before (see `DocsConnection.noticeIfBehind`); what may come on top are answers, the
        // largest of them a whole document.
        maxBufferedBytes = limits.maximumBufferedBytes + 2 * limits.maximumDocumentBytes + limits.maximumMessageBytes
        perMessageDeflate = Self.compression(from: limits.compressionThresholdBytes)
        // Documents catch up by themselves, see `join`; figures of the past are of no use.
        var recovery = ConnectionStateRecovery()
        recovery.namespaces = ["/", "/chat", "/rooms"]
        connectionStateRecovery = recovery
        // Within the time of a shutdown, see `DocsGateway.run`.
        closeTimeout = .seconds(3)
        messageRate = Self.rate(limits.messagesPerSecond, burstSeconds: 10)
        byteRate = Self.rate(limits.bytesPerSecond, burstSeconds: 10)
        connectionRatePerAddress = Self.rate(limits.connectionsPerSecondPerAddress, burstSeconds: 2)
    }

    /// Without a context, so that an idle connection keeps no memory for it and a broadcast is compressed once.
    private static func compression(from threshold: Int) -> PerMessageDeflate? {
        guard threshold > 0 else { return nil }
        var deflate = PerMessageDeflate()
        deflate.threshold = threshold
        deflate.serverNoContextTakeover = true
        deflate.clientNoContextTakeover = true
        return deflate
    }

    private static func rate(_ perSecond: Int, burstSeconds: Int) -> RateLimit? {
        guard perSecond > 0 else { return nil }
        return RateLimit(perSecond: Double(perSecond), burst: Double(perSecond) * Double(burstSeconds))
    }
}
