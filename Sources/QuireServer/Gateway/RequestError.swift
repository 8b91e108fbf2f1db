import CRDT
import Collaboration
import SocketIOProtocol

/// Why a request was refused, as the wire tells it: the same over Socket.IO and HTTP.
struct RequestError: Error, Equatable {
    /// Everything that is refused before it reaches a room.
    ///
    /// What a room refuses has the codes of `RoomError`.
    enum Code: String, CaseIterable {
        /// An argument is missing, superfluous, of the wrong type or out of range.
        case invalidArgument = "INVALID_ARGUMENT"
        /// The document's name breaks the rule: 1 to 128 characters of `[A-Za-z0-9._~:-]`.
        case invalidDocument = "INVALID_DOCUMENT"
        /// There is no event of this name.
        case unknownEvent = "UNKNOWN_EVENT"
        /// The user has no role for the document.
        case forbidden = "FORBIDDEN"
        /// The connection has not joined the document.
        case notJoined = "NOT_JOINED"
        /// The connection has joined as many documents as it may.
        case tooManyDocuments = "TOO_MANY_DOCUMENTS"
        /// Something is larger than it may be.
        case tooLarge = "TOO_LARGE"
        /// Too much waits for the document to be loaded.
        case busy = "BUSY"
        /// The server is shutting down.
        case shuttingDown = "SHUTTING_DOWN"
        /// The document would have no admin left but those whose token says so.
        case lastAdmin = "LAST_ADMIN"
        /// There are as many of these as there may be.
        case tooMany = "TOO_MANY"
        /// There is a document of this name.
        case alreadyExists = "ALREADY_EXISTS"
        /// The document is not in the state that `If-Match` names. Carries the revision that it has.
        case preconditionFailed = "PRECONDITION_FAILED"
        /// The log does not reach to the revision, or no more.
        case notRetained = "NOT_RETAINED"
        /// The `Idempotency-Key` came with another request before.
        case keyReused = "IDEMPOTENCY_KEY_REUSED"
        /// The server was not told what it needs for this.
        case notConfigured = "NOT_CONFIGURED"
        /// There is nothing at this address.
        case notFound = "NOT_FOUND"
        /// The address exists, the method does not.
        case methodNotAllowed = "METHOD_NOT_ALLOWED"
        /// Pages of this origin may not talk to the server.
        case originNotAllowed = "ORIGIN_NOT_ALLOWED"
        /// A mistake of ours; the log has more.
        case internalError = "INTERNAL"
    }

    /// The code.
    var code: String

    /// For people.
    var message: String

    /// Whether the same request may succeed later, or after the client did what the code says.
    var isRetryable: Bool

    /// What else the client needs.
    var details: [JSONObject.Member] = []

    init(_ code: Code, _ message: String) {
        self.code = code.rawValue
        self.message = message
        switch code {
        case .notJoined, .busy, .shuttingDown, .internalError: isRetryable = true
        case .invalidArgument, .invalidDocument, .unknownEvent, .forbidden, .tooManyDocuments, .tooLarge,
            .lastAdmin, .tooMany, .alreadyExists, .preconditionFailed, .notRetained, .keyReused,
            .notConfigured, .notFound, .methodNotAllowed, .originNotAllowed:
            isRetryable = false
        }
    }

    /// There is no such document.
    static var unknownDocument: RequestError { RequestError(RoomError(.unknownDocument, "there is no such document")) }

    /// What a room refused, in the wire's words.
    init(_ error: RoomError) {
        code = error.code.rawValue
        message = error.message
        isRetryable = error.isRetryable
        switch error.details {
        case .none, .unreadable:
            break
        case .version(let version, let revision):
            details.append(.init(key: "version", value: .binary(version.encoded)))
            details.append(.init(key: "rev", value: WireValue.revision(revision)))
        case .content(let content, let revision):
            details.append(.init(key: "rev", value: WireValue.revision(revision)))
            details.append(.init(key: "content", value: WireValue.content(content)))
        }
    }

    /// Why a client is not let in.
    init(_ error: AuthenticationError) {
        code = error.code.rawValue
        message = error.message
        isRetryable = false
    }

    /// `{code, message, retryable}` and the details.
    var json: JSON {
        var object = JSONObject([
            ("code", .string(code)), ("message", .string(message)), ("retryable", .bool(isRetryable)),
        ])
        for detail in details { object[detail.key] = detail.value }
        return .object(object)
    }

    /// The negative acknowledgement.
    var acknowledgement: JSON { ["ok": false, "error": json] }
}
