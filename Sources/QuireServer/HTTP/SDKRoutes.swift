import HTTPTypes
import Hummingbird
import NIOPosix

/// `/sdk/`: the JavaScript SDK and the engine as WebAssembly, as `Sources/QuireWeb/build` lays them out.
///
/// A browser asks each time and is mostly told that nothing changed (304): the modules import each other by plain names, so
/// that none of them may be kept longer than the others. Beside a file `name` there may be `name.gz`, which is sent to
/// whoever takes gzip.
struct SDKRoutes: Sendable {
    let files: StaticFiles?

    func add(to router: Router<BasicRequestContext>) {
        router.get("/sdk/**") { request, _ in try await file(request) }
    }

    private func file(_ request: Request) async throws -> Response {
        guard let files else {
            throw RequestError(
                .notFound,
                "the SDK is not served here: run Sources/QuireWeb/build and start `quire serve` with --sdk .build-web/sdk"
            )
        }
        guard let path = PercentEncoding.decode(request.uri.path) else {
            throw RequestError(.notFound, "there is nothing at this address")
        }
        let inside = String(path.dropFirst("/sdk".count))
        let isPacked = Self.takesGzip(request.headers[.acceptEncoding])
        let found = try await NIOThreadPool.singleton.runIfActive { () -> (file: StaticFiles.File, isPacked: Bool)? in
            if isPacked, let packed = files.file(at: inside + ".gz") { return (packed, true) }
            return files.file(at: inside).map { ($0, false) }
        }
        guard let found else { throw RequestError(.notFound, "there is nothing at this address") }
        let tag = Self.entityTag(of: found.file.bytes)
        var headers: HTTPFields = [.eTag: tag, .vary: "Accept-Encoding"]
        if Self.matches(request.headers[.ifNoneMatch], tag) {
            return Response(status: .notModified, headers: headers)
        }
        if found.isPacked { headers[.contentEncoding] = "gzip" }
        return HTTPReply.bytes(
            found.file.bytes,
            contentType: StaticFiles.contentType(ofName: inside),
            headers: headers
        )
    }

    /// Whether an `Accept-Encoding` names gzip and does not forbid it (RFC 9110, section 12.5.3).
    static func takesGzip(_ header: String?) -> Bool {
        for part in (header ?? "").lowercased().split(separator: ",") {
            let words = part.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard words.first == "gzip" else { continue }
            return !words.dropFirst().contains { $0.hasPrefix("q=0") && $0.allSatisfy { !("1"..."9").contains($0) } }
        }
        return false
    }

    /// Whether an `If-None-Match` names the tag.
    static func matches(_ header: String?, _ tag: String) -> Bool {
        (header ?? "").split(separator: ",").contains { part in
            let candidate = part.filter { $0 != " " && $0 != "\t" }
            // A proxy that compresses makes tags weak.
            return candidate == "*" || candidate == tag || candidate == "W/" + tag
        }
    }

    /// A tag of the content: its length and FNV-1a, which tells the versions of a file apart; nobody gains by a collision.
    static func entityTag(of bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return "\"\(String(bytes.count, radix: 16))-\(String(hash, radix: 16))\""
    }
}
