/// What an application sends and receives over one Engine.IO session: text (UTF-8 bytes) or binary.
///
/// The bytes are the message alone, without the packet's type digit.
public enum EngineMessage: Hashable, Sendable {
    /// A text message. The bytes are meant to be UTF-8; this layer does not check them.
    case text([UInt8])
    /// A binary message.
    case binary([UInt8])

    /// The number of payload bytes.
    public var byteCount: Int {
        switch self {
        case .text(let bytes), .binary(let bytes): bytes.count
        }
    }
}

/// One Engine.IO v4 packet.
///
/// ```
/// text packet    +-------+----------------+      type: one ASCII digit
///                | digit | data (UTF-8)   |      0 open  1 close  2 ping  3 pong  4 message  5 upgrade  6 noop
///                +-------+----------------+
/// binary packet  WebSocket: the raw bytes of a message in a binary frame, no digit
///                polling:   'b' + base64
/// ```
public enum EnginePacket: Hashable, Sendable {
    /// `0`: the server's handshake.
    case open(EngineHandshake)
    /// `1`: the sender ends the session.
    case close
    /// `2`: from the server a heartbeat, from the client the probe of an upgrade. The data is at most 125 bytes.
    case ping([UInt8])
    /// `3`: the answer to a ping, with the same data.
    case pong([UInt8])
    /// `4`, or a binary packet.
    case message(EngineMessage)
    /// `5`: the client moves the session to the WebSocket.
    case upgrade
    /// `6`: nothing; releases a waiting GET.
    case noop
}

/// The transports of Engine.IO that this module knows.
public enum EngineTransport: String, Hashable, Sendable {
    /// HTTP long polling.
    case polling
    /// A WebSocket.
    case webSocket = "websocket"
}

/// One HTTP request or one WebSocket, by a number that the caller chose and uses once in the life of a session.
public struct TransportID: Hashable, Sendable, ExpressibleByIntegerLiteral {
    /// The caller's number.
    public let rawValue: UInt64

    /// Wraps the caller's number.
    public init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Wraps a number that is written in the source.
    public init(integerLiteral value: UInt64) {
        self.rawValue = value
    }
}
