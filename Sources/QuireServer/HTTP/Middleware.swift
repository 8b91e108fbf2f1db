import HTTPTypes
import Hummingbird
import Logging
import SocketIO

/// Turns whatever is thrown into `{code, message, retryable}`, and adds to every answer what keeps browsers careful.
struct AnswerMiddleware<Context: RequestContext>: RouterMiddleware {
    let metrics: ServerMetrics?

    @concurrent
    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as RequestError where error.code == RequestError.Code.notFound.rawValue {
            // What serves files is asked about every path, also one that knows other methods.
            let isKnown = APIDescription.methods(for: request.uri.path)?.contains(request.method.rawValue)
            response = isKnown == false ? Self.nothingHere(request) : HTTPReply.error(error)
        } catch let error as RequestError {
            metrics?.refused(error.code)
            response = HTTPReply.error(error)
        } catch let error as AuthenticationError {
            metrics?.refused(error.code.rawValue)
            context.logger.debug(
                "request refused",
                metadata: ["code": "\(error.code.rawValue)", "reason": "\(error.reason)"]
            )
            response = HTTPReply.error(RequestError(error))
        } catch let error as any HTTPResponseError where error.status == .notFound {
            response = Self.nothingHere(request)
        } catch {
            context.logger.error(
                "request failed",
                metadata: ["error": "\(type(of: error))", "path": "\(request.uri.path)"]
            )
            response = HTTPReply.error(RequestError(.internalError, "the server made a mistake"))
        }
        for (name, value) in Self.security { response.headers[name] = value }
        if !response.headers.contains(.cacheControl) { response.headers[.cacheControl] = "no-cache" }
        return response
    }

    /// The router knows no such method and path.
    ///
    /// What is not described can only be read.
    private static func nothingHere(_ request: Request) -> Response {
        let methods = APIDescription.methods(for: request.uri.path) ?? ["GET", "HEAD"]
        let known = methods.joined(separator: ", ")
        guard methods.contains(request.method.rawValue) else {
            var response = HTTPReply.error(RequestError(.methodNotAllowed, "only \(known) are understood here"))
            response.headers[.allow] = known
            return response
        }
        return HTTPReply.error(RequestError(.notFound, "there is nothing at this address"))
    }

    /// Scripts, styles and connections from this server only; no sniffing of types, no embedding elsewhere.
    private static var security: [(HTTPField.Name, String)] {
        [
            (.xContentTypeOptions, "nosniff"),
            (.contentSecurityPolicy, SecurityPolicy.content),
            (SecurityPolicy.referrerPolicyName, "no-referrer"),
            (SecurityPolicy.frameOptionsName, "SAMEORIGIN"),
            (SecurityPolicy.openerPolicyName, "same-origin"),
        ]
    }
}

/// Header names that HTTPTypes does not know, and the content policy.
enum SecurityPolicy {
    static let referrerPolicyName = name("Referrer-Policy")
    static let frameOptionsName = name("X-Frame-Options")
    static let openerPolicyName = name("Cross-Origin-Opener-Policy")

    /// The samples need no more than this; `wasm-unsafe-eval` lets the engine be compiled, and no script.
    static let content = """
        default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws: wss:; img-src 'self' data:; \
        object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'
        """

    private static func name(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is a header name") }
        return name
    }
}

/// Refuses pages of origins that may not talk to this server, and tells browsers about those that may (CORS).
///
/// The same rule as for Socket.IO.
struct OriginMiddleware<Context: RequestContext>: RouterMiddleware {
    let policy: OriginPolicy

    /// The headers that pages may send.
    private static var requestHeaders: String {
        "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key"
    }

    @concurrent
    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let origin = request.headers[.origin] else { return try await next(request, context) }
        let host = request.head.authority
        guard policy.admits(origin: origin, host: host) else {
            throw RequestError(.originNotAllowed, "pages of this origin may not talk to this server")
        }
        if OriginPolicy.isSameOrigin(origin, host: host) { return try await next(request, context) }
        var response: Response
        if request.method == .options, request.headers[.accessControlRequestMethod] != nil {
            response = Response(status: .noContent)
            response.headers[.accessControlAllowMethods] = "GET, HEAD, POST, PUT, PATCH, DELETE"
            response.headers[.accessControlAllowHeaders] = Self.requestHeaders
            response.headers[.accessControlMaxAge] = "600"
        } else {
            do {
                response = try await next(request, context)
            } catch let error as RequestError {
                response = HTTPReply.error(error)
            } catch let error as AuthenticationError {
                response = HTTPReply.error(RequestError(error))
            }
        }
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = "ETag, Location, Quire-Revision, Retry-After"
        if policy.allowsCredentials { response.headers[.accessControlAllowCredentials] = "true" }
        response.headers[.vary] = response.headers[.vary].map { "\($0), Origin" } ?? "Origin"
        return response
    }
}
