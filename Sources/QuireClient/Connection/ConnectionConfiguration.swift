public import NIOCore

/// The times and bounds of a connection.
///
/// The defaults suit an editor on the internet.
public struct ConnectionConfiguration: Sendable {
    /// The name of a user without a token; ignored when there is a token.
    public var guestName: String?
    /// How long TCP (and TLS) may take to connect.
    public var connectTimeout: Duration = .seconds(10)
    /// How long the server may take to answer an event before the connection is taken for dead.
    public var ackTimeout: Duration = .seconds(30)
    /// The upper bound of the first wait before reconnecting; it doubles with each failure.
    public var reconnectBase: Duration = .milliseconds(100)
    /// The upper bound of every wait before reconnecting.
    public var reconnectMaximum: Duration = .seconds(10)
    /// The largest message taken from the server; a snapshot comes in one.
    ///
    /// Above the server's largest document.
    public var maximumMessageSize: Int = 256 << 20
    /// Messages of changes that are sent ahead of their acks.
    ///
    /// What is edited meanwhile travels together in the next one.
    public var inFlightLimit: Int = 4
    /// The size of one message of changes, in bytes; below the 1 MiB that a server takes.
    public var batchByteLimit: Int = 128 << 10
    /// Changes that are not stored yet, in bytes for each document; past it edits fail with `QUEUE_FULL`.
    public var queueByteLimit: Int = 16 << 20
    /// Adds what encrypts a channel, for `https` URLs: `{ try $0.pipeline.syncOperations.addHandler(NIOSSLClientHandler(...)) }`.
    ///
    /// The client itself does not depend on a TLS library.
    public var secureTransport: (@Sendable (any Channel, _ host: String) throws -> Void)?
    /// Where jitter and replica ids come from; a test puts its own generator here.
    public var random: @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }

    /// The defaults.
    public init() {}

    var transportOptions: TransportOptions {
        TransportOptions(
            connectTimeout: TimeAmount(self.connectTimeout),
            maxFrameSize: self.maximumMessageSize,
            secure: self.secureTransport
        )
    }

    var backoff: Backoff {
        Backoff(
            base: UInt64(max(1, TimeAmount(self.reconnectBase).nanoseconds)),
            maximum: UInt64(max(1, TimeAmount(self.reconnectMaximum).nanoseconds))
        )
    }

    var sync: SyncStateMachine.Configuration {
        var sync = SyncStateMachine.Configuration()
        sync.inFlightLimit = max(1, self.inFlightLimit)
        sync.batchByteLimit = max(1, self.batchByteLimit)
        sync.queueByteLimit = max(1, self.queueByteLimit)
        return sync
    }
}

/// Random numbers from a function.
struct FunctionGenerator: RandomNumberGenerator {
    let function: @Sendable () -> UInt64

    mutating func next() -> UInt64 {
        self.function()
    }
}
