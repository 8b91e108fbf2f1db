public import SocketIOProtocol

/// Refuses an event: thrown by a handler, sent to the client as the ack.
///
/// ```json
/// {"ok": false, "error": {"code": "FORBIDDEN", "message": "not your room", "retryable": false}}
/// ```
///
/// A client that asked for no ack gets the same object as the event `exception`. The library's own codes are those below;
/// any other error a handler throws becomes `INTERNAL`, and its text stays on the server.
public struct EventError: Error, Sendable, Hashable {
    /// What programs decide by.
    public var code: String
    /// What people read.
    public var message: String
    /// Whether the same event may succeed later.
    public var isRetryable: Bool
    /// What is wrong with which field of the payload.
    public var fields: [FieldError]

    /// Makes an error.
    public init(code: String, message: String, isRetryable: Bool = false, fields: [FieldError] = []) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable
        self.fields = fields
    }

    /// The payload is not what the handler takes; ``fields`` says why.
    public static func invalidPayload(_ fields: [FieldError]) -> EventError {
        EventError(code: "INVALID_PAYLOAD", message: "The payload is not valid", fields: fields)
    }

    /// More events than a rate allows.
    public static let rateLimited = EventError(
        code: "RATE_LIMITED",
        message: "Too many messages; slow down and try again",
        isRetryable: true
    )

    /// Too many events of this socket wait for its `async` handlers.
    public static let busy = EventError(
        code: "BUSY",
        message: "Too many events wait to be handled; try again",
        isRetryable: true
    )

    /// The handler failed for a reason that is none of the client's business.
    public static let internalError = EventError(code: "INTERNAL", message: "The server made a mistake")

    /// The error as it goes to the client.
    public var json: JSON {
        var error: JSONObject = [
            "code": .string(self.code), "message": .string(self.message), "retryable": .bool(self.isRetryable),
        ]
        if !self.fields.isEmpty { error["fields"] = .array(self.fields.map(\.json)) }
        return ["ok": false, "error": .object(error)]
    }
}

/// What is wrong with one field of a payload.
public struct FieldError: Error, Sendable, Hashable {
    /// Where it is: `1.items[0].name` is a field of the second argument; empty for the first argument as a whole.
    ///
    /// The first argument, nearly always the only one, is not numbered.
    public var path: String
    /// What programs decide by: `REQUIRED`, `TYPE`, `LENGTH`, `RANGE`, `EMPTY`, `UNKNOWN`, `INVALID`, or the
    /// application's own.
    public var code: String
    /// What people read.
    public var message: String

    /// Makes an error.
    public init(path: String, code: String, message: String) {
        self.path = path
        self.code = code
        self.message = message
    }

    var json: JSON {
        ["path": .string(self.path), "code": .string(self.code), "message": .string(self.message)]
    }
}
