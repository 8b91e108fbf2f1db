/// Why an Engine.IO HTTP request was refused.
///
/// The numbers are the protocol's.
public enum EngineErrorCode: Int, Hashable, Sendable, CaseIterable, Error {
    /// No `transport` parameter, or one that the server does not offer.
    case transportUnknown = 0
    /// No live session has this `sid`.
    case sessionIDUnknown = 1
    /// A handshake came by another method than GET.
    case badHandshakeMethod = 2
    /// The request does not fit the session: wrong transport, overlapping requests, malformed packets.
    case badRequest = 3
    /// The server does not let this client in (Origin, limits).
    case forbidden = 4
    /// The `EIO` parameter is missing or not `4`.
    case unsupportedProtocolVersion = 5

    /// The text of the reference implementation, which clients show.
    public var message: String {
        switch self {
        case .transportUnknown: "Transport unknown"
        case .sessionIDUnknown: "Session ID unknown"
        case .badHandshakeMethod: "Bad handshake method"
        case .badRequest: "Bad request"
        case .forbidden: "Forbidden"
        case .unsupportedProtocolVersion: "Unsupported protocol version"
        }
    }

    /// 403 for `forbidden`, else 400.
    public var httpStatus: Int {
        self == .forbidden ? 403 : 400
    }

    /// The whole answer: `{"code":n,"message":"…"}` as JSON.
    ///
    /// - Parameter message: Another text than the usual one, for `forbidden`.
    /// - Returns: The answer.
    public func response(message: String? = nil) -> EngineResponse {
        let body: JSON = ["code": .int(self.rawValue), "message": .string(message ?? self.message)]
        return EngineResponse(status: self.httpStatus, contentType: .json, body: body.serialize())
    }
}

/// The answer to one HTTP request of the polling transport.
///
/// Besides the content type the gateway adds `Content-Length`, `Cache-Control: no-store` and its CORS headers.
public struct EngineResponse: Hashable, Sendable {
    /// The content types of the protocol.
    public enum ContentType: String, Hashable, Sendable {
        /// A polling payload.
        case plainText = "text/plain; charset=UTF-8"
        /// The `ok` of a POST.
        case html = "text/html"
        /// An error.
        case json = "application/json"
    }

    /// The HTTP status.
    public var status: Int
    /// The content type.
    public var contentType: ContentType
    /// The body.
    public var body: [UInt8]

    /// Makes an answer.
    public init(status: Int, contentType: ContentType, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// The answer to a POST that was taken.
    public static let ok = EngineResponse(status: 200, contentType: .html, body: Array("ok".utf8))
    /// The answer to a POST whose body is larger than `maxPayload`.
    ///
    /// The session lives on.
    public static let payloadTooLarge = EngineResponse(
        status: 413,
        contentType: .html,
        body: Array("Payload too large".utf8)
    )

    /// A polling payload as the answer to a GET.
    public static func payload(_ body: [UInt8]) -> EngineResponse {
        EngineResponse(status: 200, contentType: .plainText, body: body)
    }
}
