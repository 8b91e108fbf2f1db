import Collaboration
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import SocketIOProtocol

/// `/healthz`, `/readyz` and the samples.
struct ServiceRoutes: Sendable {
    /// How long the store may take to answer before the server calls itself ill.
    static let patience = TimeAmount.seconds(2)

    let store: any DocumentStore
    let readiness: Readiness
    let files: StaticFiles?
    let loop: any EventLoop

    func add(to router: Router<BasicRequestContext>) {
        // Alive: whoever restarts what is not alive must not do so because of a disk that a restart does not make well.
        router.get("/healthz") { _, _ in HTTPReply.json(["status": "ok"]) }
        router.get("/readyz") { _, _ in await ready() }
        router.get("/") { request, _ in try await file(request) }
        router.get("**") { request, _ in try await file(request) }
    }

    /// 200 when changes are stored and the store answers.
    private func ready() async -> Response {
        if let refusal = readiness.refusal { return HTTPReply.error(refusal) }
        let answer = loop.makePromise(of: Bool.self)
        // Whichever comes first; a promise ignores the second.
        let timer = loop.scheduleTask(in: Self.patience) { answer.succeed(false) }
        answer.completeWithTask { [store] in
            do throws(StoreError) {
                _ = try await store.list(after: nil, limit: 1)
                return true
            } catch {
                // A page that cannot be read concerns the documents on it; the others go on.
                return error.code == .damaged
            }
        }
        let isWell = (try? await answer.futureResult.get()) ?? false
        timer.cancel()
        guard isWell else {
            return HTTPReply.error(RequestError(RoomError(.storeFailed, "the store does not answer")))
        }
        return HTTPReply.json(["status": "ok"])
    }

    private func file(_ request: Request) async throws -> Response {
        guard let files else {
            throw RequestError(
                .notFound,
                "no pages are served here: start `quire serve` where the samples folder is, or with --samples DIR"
            )
        }
        guard let path = PercentEncoding.decode(request.uri.path) else {
            throw RequestError(.notFound, "there is nothing at this address")
        }
        if try await NIOThreadPool.singleton.runIfActive({ files.isMissingSlash(path) }) {
            // The last part only: the path may begin anywhere behind a proxy, and `//host` would be another host.
            let last = request.uri.path.split(separator: "/").last ?? ""
            let query = request.uri.query.map { "?\($0)" } ?? ""
            return Response(status: .permanentRedirect, headers: [.location: "./\(last)/\(query)"])
        }
        let found = try await NIOThreadPool.singleton.runIfActive { files.file(at: path) }
        guard let found else { throw RequestError(.notFound, "there is nothing at this address") }
        return HTTPReply.bytes(found.bytes, contentType: found.contentType)
    }
}
