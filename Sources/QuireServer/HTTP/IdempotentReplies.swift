import Collaboration
import Crypto
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Does a request with an `Idempotency-Key` once: when it comes again within a day, it gets the answer of the first time.
///
/// Answers are kept in the database, so that a retry after a crash of the server finds them; the newest 10,000 of a server,
/// each of at most 64 KiB. What failed for a reason that may pass is not kept.
final class IdempotentReplies: Sendable {
    /// The header.
    static let header: HTTPField.Name = {
        guard let name = HTTPField.Name("Idempotency-Key") else { preconditionFailure("it is a header name") }
        return name
    }()

    /// The most bytes of a key.
    static let maximumKeyBytes = 255

    private let library: any DocumentLibrary
    private let limits = ReplyLimits()
    private let running = Mutex<Set<String>>([])

    init(library: any DocumentLibrary) { self.library = library }

    /// The key of a request; `nil` when it has none.
    ///
    /// - Throws: `INVALID_ARGUMENT`.
    static func key(of request: Request) throws(RequestError) -> String? {
        guard let key = request.headers[header] else { return nil }
        guard (1...maximumKeyBytes).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw RequestError(
                .invalidArgument,
                "Idempotency-Key must have 1 to \(maximumKeyBytes) visible characters of ASCII"
            )
        }
        return key
    }

    /// A number that only this request of this user has, whenever it comes: 53 bits of a hash.
    static func fingerprint(of request: Request, _ principal: Principal, key: String, body: [UInt8]) -> UInt64 {
        let digest = SHA256.hash(data: Array(scope(request, principal, key).utf8) + [0] + body)
        return digest.prefix(7).reduce(0) { $0 << 8 | UInt64($1) } & ((1 << 53) - 1)
    }

    /// Runs `body`, unless the request was answered before.
    ///
    /// - Throws: `IDEMPOTENCY_KEY_REUSED` when the key came with another body; `BUSY` while the first is still under way.
    func once(
        _ request: Request,
        _ principal: Principal,
        body bytes: [UInt8],
        _ body: () async throws -> Response
    ) async throws -> Response {
        guard let key = try Self.key(of: request) else { return try await body() }
        let digest = SHA256.hash(data: Array(Self.scope(request, principal, key).utf8))
        let name = digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let fingerprint = Array(SHA256.hash(data: bytes))
        guard running.withLock({ $0.insert(name).inserted }) else {
            throw RequestError(.busy, "the same request is still under way")
        }
        defer { _ = running.withLock { $0.remove(name) } }
        let now = Int64(WallClock.now * 1000)
        let known = try await answering { () throws(StoreError) in
            try await library.reply(named: name, since: now - limits.milliseconds)
        }
        if let known {
            guard known.fingerprint == fingerprint else {
                throw RequestError(.keyReused, "this Idempotency-Key came with another request before")
            }
            return Self.response(known)
        }
        let response: Response
        do {
            response = try await body()
        } catch let error as RequestError where !error.isRetryable && HTTPReply.status(of: error.code).code < 500 {
            response = HTTPReply.error(error)
        }
        return try await keep(response, as: name, fingerprint, now)
    }

    private func keep(
        _ response: Response,
        as name: String,
        _ fingerprint: [UInt8],
        _ now: Int64
    ) async throws -> Response {
        let collector = BodyCollector()
        try await response.body.write(collector)
        let bytes = collector.bytes.withLock { $0 }
        let headers = [HTTPField.Name.contentType, .eTag, .location].compactMap { field in
            response.headers[field].map { ReplyHeader(name: field.canonicalName, value: $0) }
        }
        let reply = StoredReply(
            fingerprint: fingerprint,
            status: Int(response.status.code),
            headers: headers,
            body: bytes,
            timestamp: now
        )
        if bytes.count <= limits.byteCount {
            try await answering { () throws(StoreError) in
                try await library.keep(reply, named: name, limits: limits)
            }
        }
        return Self.response(reply)
    }

    private static func response(_ reply: StoredReply) -> Response {
        var headers: HTTPFields = [:]
        for header in reply.headers {
            if let name = HTTPField.Name(header.name) { headers[name] = header.value }
        }
        let body = reply.body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body))
        return Response(status: .init(code: reply.status), headers: headers, body: body)
    }

    /// Guests have no identity that lasts; they share one.
    private static func scope(_ request: Request, _ principal: Principal, _ key: String) -> String {
        let user = principal.user.isAnonymous ? "" : "\(principal.user.id)"
        return [user, request.method.rawValue, request.uri.path, key].map { "\($0.utf8.count):\($0)" }.joined()
    }
}

/// Takes the bytes of an answer that is made in memory.
private final class BodyCollector: ResponseBodyWriter, Sendable {
    let bytes = Mutex<[UInt8]>([])

    func write(_ buffer: ByteBuffer) async throws {
        bytes.withLock { $0 += buffer.readableBytesView }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
