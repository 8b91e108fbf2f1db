import CRDT
import Collaboration
import HTTPTypes
import Hummingbird
import SocketIOProtocol

/// `/v1/docs` and `/v1/docs/{id}`: documents are listed, made, read, edited and deleted.
struct DocumentRoutes: Sendable {
    /// The most documents one page of the list names.
    static let maximumPageSize = 1000

    let reader: DocumentReader
    let past: DocumentPast
    let changes: DocumentChanges
    let replies: IdempotentReplies
    let access: DocumentAccess
    let hosts: RoomHosts
    let limits: ServerLimits

    /// Whether guests may see which documents there are.
    ///
    /// On a public server the name of a document is what keeps strangers out of it.
    let guestsMayList: Bool

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/docs") { request, _ in try await list(request) }
        router.post("/v1/docs") { request, _ in try await create(request) }
        router.get("/v1/docs/:doc") { request, context in try await document(request, context) }
        router.patch("/v1/docs/:doc") { request, context in try await edit(request, context) }
        router.delete("/v1/docs/:doc") { request, context in try await delete(request, context) }
    }

    // MARK: - Reading

    private func document(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let id = try await access.caller(request, context, atLeast: .read).document
        let query = QueryReader(request)
        let format = try query.choice("format", of: ["json", "text", "snapshot"]) ?? "json"
        let root = try query.root()
        let revision = try query.number("rev", in: 0...QueryReader.largest).map(Revision.init)
        let kind: DocumentReader.Kind = format == "snapshot" ? .snapshot : .roots
        let view = try await view(of: id, at: revision, as: kind)
        let headers = DocumentView.headers(EntityTag(view.epoch, view.revision))
        if let tag = headers[.eTag], SDKRoutes.matches(request.headers[.ifNoneMatch], tag) {
            return Response(status: .notModified, headers: headers)
        }
        switch view.content {
        case .snapshot(let bytes):
            return HTTPReply.bytes(bytes, contentType: "application/octet-stream", headers: headers)
        case .roots(let roots) where format == "text":
            return DocumentView.text(roots, root: root, headers: headers)
        case .roots(let roots):
            return DocumentView.json(id, view, roots)
        }
    }

    private func view(
        of id: DocumentID,
        at revision: Revision?,
        as kind: DocumentReader.Kind
    ) async throws -> DocumentReader.View {
        guard let revision else { return try await reader.view(of: id, as: kind) }
        _ = try await past.durableRevision(of: id)
        return try await past.document(id, at: revision) { document in
            let content: DocumentReader.Content
            switch kind {
            case .roots: content = .roots(document.content)
            case .snapshot: content = .snapshot(document.snapshot())
            }
            return DocumentReader.View(epoch: document.epoch, revision: document.revision, content: content)
        }
    }

    // MARK: - Writing

    /// Makes a document; whoever does it by a token of their own is its admin.
    private func create(_ request: Request) async throws -> Response {
        let principal = try await access.authenticator.principal(of: request)
        let bytes = try await RequestBody.bytes(of: request, upTo: limits.maximumMessageBytes)
        let body = try RequestBody(bytes, members: ["id", "ops"])
        let name = try body.string("id", upTo: DocumentID.maximumCount) ?? Self.freshName()
        let id = try DocumentAccess.document(name)
        guard let role = try await access.role(of: principal, in: id), role >= .write else { throw RequestError.noRole }
        let edits = try Self.edits(body["ops"] ?? [], limits)
        return try await replies.once(request, principal, body: bytes) {
            try await make(id, edits, by: principal)
        }
    }

    private func make(_ id: DocumentID, _ edits: [PathEdit], by principal: Principal) async throws -> Response {
        do throws(StoreError) {
            try await access.library.create(id, epoch: .random())
            if !principal.user.isAnonymous {
                let assignment = RoleAssignment(
                    user: principal.user.id,
                    role: .admin,
                    author: principal.user.id,
                    timestamp: Int64(WallClock.now * 1000)
                )
                try await access.library.assign(assignment, in: id, keepsAdmin: false, limit: 1) {
                    hosts.host(of: id).run { host in
                        // Somebody may have joined already.
                        host.use(id, isUrgent: true) { result in
                            if case .success(let open) = result { open.assign(assignment, to: assignment.user) }
                        }
                    }
                }
            }
        } catch {
            guard error.code == .conflict else { throw RequestError(RoomError(error)) }
            throw RequestError(.alreadyExists, "there is a document of this name")
        }
        let outcome = try await changes.edit(
            id,
            edits,
            base: nil,
            expected: nil,
            as: principal.user,
            replica: nil
        )
        var headers = DocumentView.headers(EntityTag(outcome.epoch, outcome.revision))
        headers[.location] = "/v1/docs/\(id)"
        return HTTPReply.json(Self.json(id, outcome), status: .created, headers: headers)
    }

    private func edit(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await access.caller(request, context, atLeast: .write)
        let bytes = try await RequestBody.bytes(of: request, upTo: limits.maximumMessageBytes)
        let body = try RequestBody(bytes, members: ["rev", "ops"])
        var base: Revision?
        if let given = body["rev"], !given.isNull {
            guard let number = given.intValue, number >= 0 else {
                throw RequestError(.invalidArgument, "rev must be a whole number")
            }
            base = Revision(UInt64(number))
        }
        guard let ops = body["ops"] else { throw RequestError(.invalidArgument, "ops is missing") }
        let edits = try Self.edits(ops, limits)
        let expected = try EntityTag.wanted(request)
        let key = try IdempotentReplies.key(of: request)
        let replica = key.map { key in
            ReplicaID(IdempotentReplies.fingerprint(of: request, caller.principal, key: key, body: bytes))
        }
        return try await replies.once(request, caller.principal, body: bytes) {
            let outcome = try await changes.edit(
                caller.document,
                edits,
                base: base ?? expected?.revision,
                expected: expected,
                as: caller.principal.user,
                replica: replica
            )
            let headers = DocumentView.headers(EntityTag(outcome.epoch, outcome.revision))
            return HTTPReply.json(Self.json(caller.document, outcome), headers: headers)
        }
    }

    private func delete(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let caller = try await access.caller(request, context, atLeast: .admin)
        let expected = try EntityTag.wanted(request)
        try await hosts.host(of: caller.document).delete(caller.document, expected: expected)
        return Response(status: .noContent)
    }

    private static func edits(_ ops: JSON, _ limits: ServerLimits) throws(RequestError) -> [PathEdit] {
        guard let operations = ops.arrayValue else { throw RequestError(.invalidArgument, "ops must be an array") }
        guard operations.count <= limits.maximumEditsPerRequest else {
            throw RequestError(.tooLarge, "an edit has at most \(limits.maximumEditsPerRequest) ops")
        }
        var edits: [PathEdit] = []
        edits.reserveCapacity(operations.count)
        for operation in operations { edits.append(try WireEdit.edit(operation)) }
        return edits
    }

    private static func json(_ id: DocumentID, _ outcome: DocumentChanges.Outcome) -> JSON {
        [
            "doc": .string(id.rawValue), "epoch": .string(outcome.epoch.rawValue),
            "rev": WireValue.revision(outcome.revision),
        ]
    }

    /// A name that nobody guesses: 120 random bits.
    private static func freshName() -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
        return String((0..<24).map { _ in alphabet[Int(UInt8.random(in: 0..<32))] })
    }

    // MARK: - The list

    private func list(_ request: Request) async throws -> Response {
        let principal = try await access.authenticator.principal(of: request)
        guard guestsMayList || !principal.user.isAnonymous else {
            throw RequestError(.forbidden, "guests may not list the documents")
        }
        let query = QueryReader(request)
        var after: DocumentID?
        if let text = query.text("after") {
            guard let id = DocumentID(text) else {
                throw RequestError(.invalidDocument, "after must be a document's name")
            }
            after = id
        }
        let limit = Int(try query.number("limit", in: 1...UInt64(Self.maximumPageSize)) ?? 100)
        let page = try await answering { [after] () throws(StoreError) in
            try await access.library.list(after: after, limit: limit)
        }
        var assigned: [DocumentID: RoleAssignment] = [:]
        if !principal.user.isAnonymous, let first = page.first?.id, let last = page.last?.id {
            assigned = try await answering { () throws(StoreError) in
                try await access.library.roles(ofUser: principal.user.id, from: first, through: last)
            }
        }
        let visible = page.filter { summary in
            let roles = DocumentRoles(assigned[summary.id].map { [$0] } ?? [])
            return roles.role(of: principal.user, granted: principal.grant(for: summary.id)) != nil
        }
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
