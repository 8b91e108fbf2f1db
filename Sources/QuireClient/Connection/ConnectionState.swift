/// Where a connection stands.
public enum ConnectionState: Equatable, Sendable {
    /// Not asked to connect yet.
    case idle
    /// Opening a socket and being let in.
    case connecting
    /// Let into the documents' namespace.
    case connected
    /// Waiting before the next attempt.
    case waiting
    /// The server does not let us in, and trying again would not help: set another token.
    case refused(QuireError)
    /// Closed by its user.
    case closed
}

/// What a connection has cost so far.
public struct ConnectionStatistics: Sendable {
    /// Bytes written to sockets.
    public var bytesSent: UInt64 = 0
    /// Bytes read from sockets.
    public var bytesReceived: UInt64 = 0
    /// Times that the server let us in again after it had before.
    public var reconnects = 0
    /// Socket.IO events sent.
    public var eventsSent: UInt64 = 0
    /// Socket.IO events received.
    public var eventsReceived: UInt64 = 0
}
