import RedisWire

/// Why a command has no reply.
public struct RedisError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is.
    public struct Code: Sendable, Hashable {
        fileprivate let name: String

        /// There is no connection, and the command was not to wait for one.
        ///
        /// It was not sent.
        public static let notConnected = Code(name: "notConnected")
        /// Too many commands, or bytes of them, wait already.
        ///
        /// It was not sent.
        public static let queueFull = Code(name: "queueFull")
        /// No reply, or no connection, within the time.
        ///
        /// If it was sent, it may have been done.
        public static let timeout = Code(name: "timeout")
        /// The connection was lost before the reply.
        ///
        /// It may have been done.
        public static let connectionLost = Code(name: "connectionLost")
        /// Redis refused it; see ``RedisError/word``.
        public static let refused = Code(name: "refused")
        /// The reply is larger than ``RESPParser/Limits`` allow.
        ///
        /// It was done.
        public static let replyTooLarge = Code(name: "replyTooLarge")
        /// The connection could not be made: no such host, nobody listens, no trust in the certificate.
        public static let connectFailed = Code(name: "connectFailed")
        /// What came is not RESP.
        public static let malformed = Code(name: "malformed")
        /// The client was shut down.
        public static let shutDown = Code(name: "shutDown")
    }

    /// The kind.
    public var code: Code
    /// What happened, for people; what Redis said, when it refused.
    public var message: String

    /// An error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The first word of what Redis said: `NOSCRIPT`, `WRONGPASS`, `OOM`; empty when it was not Redis that refused.
    public var word: String {
        self.code == .refused ? String(self.message.prefix { $0 != " " }) : ""
    }

    /// Whether the same command may succeed later.
    public var isRetryable: Bool {
        self.code != .shutDown && self.code != .replyTooLarge
            && (self.code != .refused
                || ["LOADING", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN"].contains(self.word))
    }

    /// The kind and the message.
    public var description: String { "\(self.code.name): \(self.message)" }
}
