import HTTPTypes
import Hummingbird
import SocketIOProtocol

/// How answers over HTTP are put together.
enum HTTPReply {
    /// A JSON document.
    static func json(
        _ value: JSON,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) -> Response {
        bytes(value.serialize(), contentType: "application/json", status: status, headers: headers)
    }

    /// Anything else.
    static func bytes(
        _ bytes: [UInt8],
        contentType: String,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = contentType
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// `{code, message, retryable}`, as everywhere.
    static func error(_ error: RequestError) -> Response {
        var headers: HTTPFields = [:]
        let status = status(of: error.code)
        if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer realm=\"quire\"" }
        if status == .serviceUnavailable { headers[.retryAfter] = "1" }
        return json(error.json, status: status, headers: headers)
    }

    /// The status that says the same as a code.
    static func status(of code: String) -> HTTPResponse.Status {
        switch code {
        case "INVALID_ARGUMENT", "INVALID_DOCUMENT": return .badRequest
        case "UNAUTHENTICATED", "TOKEN_EXPIRED", "TOKEN_INVALID", "TOKEN_REVOKED": return .unauthorized
        case "FORBIDDEN", "ORIGIN_NOT_ALLOWED": return .forbidden
        case "NOT_FOUND", "UNKNOWN_DOCUMENT": return .notFound
        case "LAST_ADMIN", "TOO_MANY", "ALREADY_EXISTS", "STALE_REVISION": return .conflict
        case "PRECONDITION_FAILED": return .preconditionFailed
        case "NOT_RETAINED": return .gone
        case "INVALID_EDIT", "INVALID_CHANGE", "IDEMPOTENCY_KEY_REUSED": return .unprocessableContent
        case "NOT_CONFIGURED": return .notImplemented
        case "METHOD_NOT_ALLOWED": return .methodNotAllowed
        case "TOO_LARGE": return .contentTooLarge
        case "STORE_FAILED", "SHUTTING_DOWN", "BUSY", "ROOM_CLOSED": return .serviceUnavailable
        default: return .internalServerError
        }
    }
}
