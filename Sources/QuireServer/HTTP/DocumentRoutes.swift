import CRDT
import Collaboration
import HTTPTypes
import Hummingbird
import SocketIOProtocol

/// `GET /v1/docs` and `GET /v1/docs/{id}`.
struct DocumentRoutes: Sendable {
    /// The most documents one page of the list names.
    static let maximumPageSize = 1000

    /// The root that is meant where none is named and there are several, or none yet.
    static let defaultRoot = "body"

    let reader: DocumentReader
    let store: any DocumentStore
    let authenticator: Authenticator

    /// Whether guests may see which documents there are.
    ///
    /// On a public server the name of a document is what keeps strangers out of it.
    let guestsMayList: Bool

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/docs") { request, _ in try await list(request) }
        router.get("/v1/docs/:doc") { request, context in
            try await document(named: context.parameters.get("doc") ?? "", request)
        }
    }

    // MARK: - One document

    private func document(named name: String, _ request: Request) async throws -> Response {
        let principal = try await authenticator.principal(of: request)
        guard let id = PercentEncoding.decode(name).flatMap(DocumentID.init) else {
            throw RequestError(.invalidDocument, "a document's name is 1 to 128 characters of [A-Za-z0-9._~:-]")
        }
        guard principal.role(for: id) != nil else { throw RequestError(.forbidden, "no role for this document") }
        let query = request.uri.queryParameters
        switch query["format"] ?? "json" {
        case "json": return try await jsonView(of: id)
        case "text": return try await textView(of: id, root: query["root"].map(String.init))
        case "snapshot": return try await snapshotView(of: id)
        default: throw RequestError(.invalidArgument, "format must be json, text or snapshot")
        }
    }

    private func jsonView(of id: DocumentID) async throws -> Response {
        let view = try await reader.view(of: id, as: .roots)
        guard case .roots(let roots) = view.content else { return HTTPReply.error(Self.unexpected) }
        let body: JSON = [
            "doc": .string(id.rawValue),
            "epoch": .string(view.epoch.rawValue),
            "rev": WireValue.revision(view.revision),
            "content": WireValue.content(roots),
        ]
        return HTTPReply.json(body, headers: Self.headers(view))
    }

    private func textView(of id: DocumentID, root: String?) async throws -> Response {
        var wanted: RootName?
        if let root {
            do {
                wanted = try RootName(string: root)
            } catch {
                throw RequestError(.invalidArgument, "a root's name has 1 to \(RootName.maximumUTF8Count) bytes")
            }
        }
        let view = try await reader.view(of: id, as: .roots)
        guard case .roots(let roots) = view.content else { return HTTPReply.error(Self.unexpected) }
        let texts = roots.filter { $0.text != nil }
        let found: RootContent?
        if let wanted {
            found = texts.first { $0.root == wanted }
        } else if texts.count == 1 {
            found = texts[0]
        } else {
            found = texts.first { $0.root.string == Self.defaultRoot }
        }
        // A text that nobody wrote to is empty, like any text before its first change.
        return HTTPReply.bytes(
            Array((found?.text ?? "").utf8),
            contentType: "text/plain; charset=utf-8",
            headers: Self.headers(view)
        )
    }

    private func snapshotView(of id: DocumentID) async throws -> Response {
        let view = try await reader.view(of: id, as: .snapshot)
        guard case .snapshot(let bytes) = view.content else { return HTTPReply.error(Self.unexpected) }
        return HTTPReply.bytes(bytes, contentType: "application/octet-stream", headers: Self.headers(view))
    }

    private static var unexpected: RequestError {
        RequestError(.internalError, "the document came in another form than asked for")
    }

    private static func headers(_ view: DocumentReader.View) -> HTTPFields {
        var headers: HTTPFields = [:]
        headers[.eTag] = "\"\(view.epoch.rawValue)-\(view.revision.rawValue)\""
        if let name = HTTPField.Name("Quire-Revision") { headers[name] = "\(view.revision.rawValue)" }
        return headers
    }

    // MARK: - The list

    private func list(_ request: Request) async throws -> Response {
        let principal = try await authenticator.principal(of: request)
        guard guestsMayList || !principal.user.isAnonymous else {
            throw RequestError(.forbidden, "guests may not list the documents")
        }
        let query = request.uri.queryParameters
        var after: DocumentID?
        if let text = query["after"] {
            guard let id = DocumentID(String(text)) else {
                throw RequestError(.invalidDocument, "after must be a document's name")
            }
            after = id
        }
        guard let limit = Int(query["limit"] ?? "100"), (1...Self.maximumPageSize).contains(limit) else {
            throw RequestError(.invalidArgument, "limit must be between 1 and \(Self.maximumPageSize)")
        }
        let page: [DocumentSummary]
        do {
            page = try await store.list(after: after, limit: limit)
        } catch {
            throw RequestError(RoomError(error))
        }
        let visible = page.filter { principal.role(for: $0.id) != nil }
        // The page may name fewer than there are on it, so `next` is the last looked at, not the last shown.
        let next: JSON = page.count == limit ? (page.last.map { .string($0.id.rawValue) } ?? .null) : .null
        let documents = visible.map { summary -> JSON in
            [
                "id": .string(summary.id.rawValue), "rev": WireValue.revision(summary.revision),
                "created": .int(Int(summary.created)),
            ]
        }
        return HTTPReply.json(["docs": .array(documents), "next": next])
    }
}
