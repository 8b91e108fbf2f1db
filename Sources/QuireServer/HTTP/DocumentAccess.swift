import Collaboration
import Hummingbird
import SocketIOProtocol

/// Who asks over HTTP for which document, and what they may do with it.
struct DocumentAccess: Sendable {
    /// Somebody who asks for a document.
    struct Caller: Sendable {
        var document: DocumentID
        var principal: Principal
        /// What they may do: by their token, or by what they were given.
        var role: Role

        /// The caller's id.
        var userID: String { principal.user.id }
    }

    let library: any DocumentLibrary
    let authenticator: Authenticator

    /// The caller and the document that the path names.
    ///
    /// - Throws: `FORBIDDEN` when the caller's role is less than `least`; what is wrong with the token or the name.
    func caller(_ request: Request, _ context: BasicRequestContext, atLeast least: Role) async throws -> Caller {
        let principal = try await authenticator.principal(of: request)
        let document = try Self.document(context.parameters.get("doc") ?? "")
        guard let role = try await role(of: principal, in: document), role >= least else {
            throw RequestError(.forbidden, "this needs the role \(least.name) for the document")
        }
        return Caller(document: document, principal: principal, role: role)
    }

    /// What somebody may do with a document; `nil` for nothing.
    func role(of principal: Principal, in document: DocumentID) async throws(RequestError) -> Role? {
        let grant = principal.grant(for: document)
        if grant.isFinal || principal.user.isAnonymous { return grant.role }
        let assigned = try await answering { () throws(StoreError) in
            try await library.roles(ofUser: principal.user.id, from: document, through: document)
        }
        guard let assignment = assigned[document] else { return grant.role }
        return assignment.role
    }

    /// A document's name from a path.
    static func document(_ name: String) throws(RequestError) -> DocumentID {
        guard let id = PercentEncoding.decode(name).flatMap({ DocumentID($0) }) else {
            throw RequestError(.invalidDocument, "a document's name is 1 to 128 characters of [A-Za-z0-9._~:-]")
        }
        return id
    }

    /// A user's id from a path or a body.
    ///
    /// Only the one spelling that tokens may have.
    static func user(_ id: String?) throws(RequestError) -> String {
        guard let id, UserID.isValid(id) else {
            throw RequestError(.invalidArgument, "a user's id has 1 to 256 bytes in Unicode's normal form C")
        }
        return id
    }
}

/// Runs `body` and tells what the store refused in the words of the wire.
func answering<Value>(
    _ body: () async throws(StoreError) -> Value
) async throws(RequestError) -> Value {
    do throws(StoreError) {
        return try await body()
    } catch {
        throw RequestError(RoomError(error))
    }
}
