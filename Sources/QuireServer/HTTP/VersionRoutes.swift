import CRDT
import Collaboration
import HTTPTypes
import Hummingbird
import SocketIOProtocol

/// `/v1/docs/{id}/versions`, and who wrote what.
struct VersionRoutes: Sendable {
    /// The most versions one page names.
    static let maximumPageSize = 100
    /// The longest name of a version, in Unicode scalars.
    static let maximumNameLength = 200
    /// The most parts that one answer about authors has.
    static let maximumSegmentCount = 10_000

    private static let maximumBodyBytes = 4096

    let access: DocumentAccess
    let past: DocumentPast
    let changes: DocumentChanges
    let replies: IdempotentReplies

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/docs/:doc/versions") { request, context in try await list(request, context) }
        router.post("/v1/docs/:doc/versions") { request, context in try await make(request, context) }
        router.get("/v1/docs/:doc/versions/:version") { request, context in try await get(request, context) }
        router.get("/v1/docs/:doc/versions/:version/diff/:other") { request, context in
            try await difference(request, context)
        }
        router.post("/v1/docs/:doc/versions/:version/restore") { request, context in
            try await restore(request, context)
        }
        router.get("/v1/docs/:doc/attribution") { request, context in try await attribution(request, context) }
    }

    private func list(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await access.caller(request, context, atLeast: .read)
        let query = QueryReader(request)
        let before = try query.number("before", in: 1...QueryReader.largest)
        let limit = Int(try query.number("limit", in: 1...UInt64(Self.maximumPageSize)) ?? 50)
        _ = try await past.durableRevision(of: caller.document)
        let versions = try await answering { () throws(StoreError) in
            try await access.library.versions(of: caller.document, before: before, limit: limit)
        }
        let last = versions.count == limit ? versions.last : nil
        let next = last.map { JSON.int(Int(clamping: $0.number)) } ?? .null
        return HTTPReply.json(["versions": .array(versions.map(Self.json)), "next": next])
    }

    private func make(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await access.caller(request, context, atLeast: .write)
        let bytes = try await RequestBody.bytes(of: request, upTo: Self.maximumBodyBytes)
        let body = try RequestBody(bytes, members: ["name"])
        guard let name = try body.string("name", upTo: Self.maximumNameLength), !name.isEmpty else {
            throw RequestError(.invalidArgument, "name must be a string of 1 to \(Self.maximumNameLength) characters")
        }
        return try await replies.once(request, caller.principal, body: bytes) {
            let version = try await past.makeVersion(of: caller.document, name: name, author: caller.principal.user)
            let location = "/v1/docs/\(caller.document)/versions/\(version.number)"
            return HTTPReply.json(Self.json(version), status: .created, headers: [.location: location])
        }
    }

    private func get(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await access.caller(request, context, atLeast: .read)
        let query = QueryReader(request)
        let format = try query.choice("format", of: ["json", "text"]) ?? "json"
        let root = try query.root()
        let number = try Self.number(context.parameters.get("version"))
        let (version, content) = try await past.version(number, of: caller.document)
        if format == "text" { return DocumentView.text(content, root: root) }
        var object = Self.object(version)
        object["content"] = WireValue.content(content)
        return HTTPReply.json(.object(object))
    }

    /// What turns one version into the other, or into what the document is now.
    private func difference(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await access.caller(request, context, atLeast: .read)
        let old = try await state(context.parameters.get("version"), of: caller.document)
        let new = try await state(context.parameters.get("other"), of: caller.document)
        let edits = ContentDifference(from: old.content, to: new.content).edits
        return HTTPReply.json([
            "from": WireValue.revision(old.revision), "to": WireValue.revision(new.revision),
            "ops": .array(edits.map(WireEdit.json)),
        ])
    }

    private func state(
        _ name: String?,
        of document: DocumentID
    ) async throws -> (revision: Revision, content: [RootContent]) {
        if name == "current" {
            let revision = try await past.durableRevision(of: document)
            return try await past.document(document, at: revision) { ($0.revision, $0.content) }
        }
        let (version, content) = try await past.version(try Self.number(name), of: document)
        return (version.revision, content)
    }

    private func restore(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await access.caller(request, context, atLeast: .write)
        let number = try Self.number(context.parameters.get("version"))
        return try await replies.once(request, caller.principal, body: []) {
            let (_, content) = try await past.version(number, of: caller.document)
            // What it was before stays within reach, however long ago that is some day.
            _ = try await past.makeVersion(of: caller.document, name: nil, author: caller.principal.user)
            let revision = try await changes.replace(caller.document, by: content, as: caller.principal.user)
            return HTTPReply.json(["rev": WireValue.revision(revision)])
        }
    }

    private func attribution(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await access.caller(request, context, atLeast: .read)
        let query = QueryReader(request)
        let root = try query.root() ?? DocumentView.defaultRoot
        let bound = UInt64(Int32.max)
        let from = Int(try query.number("from", in: 0...bound) ?? 0)
        let to = Int(try query.number("to", in: 0...bound) ?? bound)
        _ = try await past.durableRevision(of: caller.document)
        let attribution = try await past.attribution(of: caller.document, root: root)
        let segments = attribution.segments(in: from..<max(from, to))
        guard segments.count <= Self.maximumSegmentCount else {
            throw RequestError(.tooLarge, "more than \(Self.maximumSegmentCount) parts; ask for a smaller range")
        }
        var offset = from
        let parts = segments.map { segment -> JSON in
            defer { offset += segment.utf16Count }
            return [
                "at": .int(offset), "count": .int(segment.utf16Count),
                "user": segment.origin.map { .string($0.user) } ?? .null,
                "time": segment.origin.map { .int(Int($0.timestamp)) } ?? .null,
                "rev": segment.origin.map { WireValue.revision($0.revision) } ?? .null,
            ]
        }
        return HTTPReply.json(["rev": WireValue.revision(attribution.revision), "segments": .array(parts)])
    }

    private static func number(_ text: String?) throws(RequestError) -> UInt64 {
        guard let number = text.flatMap({ UInt64($0) }), number > 0, number <= QueryReader.largest else {
            throw RequestError(.invalidArgument, "a version is named by its number")
        }
        return number
    }

    static func json(_ version: VersionSummary) -> JSON { .object(object(version)) }

    private static func object(_ version: VersionSummary) -> JSONObject {
        [
            "id": .int(Int(clamping: version.number)), "name": version.name.map { .string($0) } ?? .null,
            "automatic": .bool(version.name == nil), "created": .int(Int(version.created)),
            "by": WireValue.user(version.author), "rev": WireValue.revision(version.revision),
            "vector": .string(String(decoding: Base64.encode(version.vector), as: UTF8.self)),
        ]
    }
}
