/// An error of the client: what went wrong, in the server's vocabulary where the server said it.
///
/// Two errors are equal when their codes are: messages are for people and may change.
public struct QuireError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of an error: one of the codes below, or one that the server sent.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The code as it is spelt on the wire.
        public let rawValue: String

        /// Makes the code that the wire spells `rawValue`.
        public init(_ rawValue: String) {
            self.rawValue = rawValue
        }

        /// The code as it is spelt on the wire.
        public var description: String { self.rawValue }
    }

    /// The kind of the error.
    public let code: Code
    /// A sentence for people.
    public let message: String
    /// Whether doing the same again later may succeed.
    public let retryable: Bool

    /// Makes an error.
    public init(code: Code, message: String, retryable: Bool = false) {
        self.code = code
        self.message = message
        self.retryable = retryable
    }

    /// The code and the message.
    public var description: String { "\(self.code): \(self.message)" }

    /// Whether both errors are of the same kind.
    public static func == (left: QuireError, right: QuireError) -> Bool {
        left.code == right.code
    }
}

extension QuireError.Code {
    /// The URL is not one that this client can connect to.
    public static let invalidURL = Self("INVALID_URL")
    /// The connection or the handle was closed by its user.
    public static let closed = Self("CLOSED")
    /// The server did not answer in time.
    public static let timedOut = Self("TIMED_OUT")
    /// The connection was lost; the client reconnects by itself.
    public static let disconnected = Self("DISCONNECTED")
    /// The queue of changes that are not stored yet is full: wait (``DocumentHandle/flush()``) before editing on.
    public static let queueFull = Self("QUEUE_FULL")
    /// The participant's role does not allow it.
    public static let forbidden = Self("FORBIDDEN")
    /// Somebody who manages the document put this client out of it.
    public static let kicked = Self("KICKED")
    /// The server sent something that is not of its protocol.
    public static let protocolViolation = Self("PROTOCOL_VIOLATION")
    /// A local edit that the document refused: out of bounds, half a surrogate pair, too large.
    public static let invalidEdit = Self("INVALID_EDIT")
    /// The server no longer has changes that it had acknowledged as stored.
    public static let acknowledgedChangesLost = Self("ACKNOWLEDGED_CHANGES_LOST")
    /// The server lacks changes that this client does not have either.
    public static let missingChanges = Self("MISSING_CHANGES")
    /// The participant has not joined the document, or no longer has.
    public static let notJoined = Self("NOT_JOINED")
}
