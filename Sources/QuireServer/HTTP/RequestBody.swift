import Hummingbird
import SocketIOProtocol

/// The JSON object in a request's body, with only the members that the request knows.
struct RequestBody {
    private let object: JSONObject

    /// Reads a body of at most `limit` bytes; no body at all is an empty object.
    ///
    /// - Throws: `TOO_LARGE`; `INVALID_ARGUMENT` when it is no JSON object or has a member that is not among `members`.
    static func read(_ request: Request, upTo limit: Int, members: Set<String>) async throws -> RequestBody {
        try RequestBody(await bytes(of: request, upTo: limit), members: members)
    }

    /// The bytes of a body.
    ///
    /// - Throws: `TOO_LARGE`.
    static func bytes(of request: Request, upTo limit: Int) async throws(RequestError) -> [UInt8] {
        do {
            return Array((try await request.body.collect(upTo: limit)).readableBytesView)
        } catch {
            throw RequestError(.tooLarge, "the body has more than \(limit) bytes, or did not come whole")
        }
    }

    init(_ bytes: [UInt8], members: Set<String>) throws(RequestError) {
        if bytes.isEmpty {
            object = [:]
            return
        }
        guard let body = try? JSON.parse(bytes), case .object(let object) = body else {
            throw RequestError(.invalidArgument, "the body must be a JSON object")
        }
        for member in object.members where !members.contains(member.key) {
            let known = members.sorted().joined(separator: ", ")
            throw RequestError(.invalidArgument, "the body has a member that is none of: \(known)")
        }
        self.object = object
    }

    /// A member; `nil` when it is missing.
    subscript(_ name: String) -> JSON? { object[name] }

    /// A text of at most `limit` Unicode scalars; `nil` when it is missing or null.
    func string(_ name: String, upTo limit: Int) throws(RequestError) -> String? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let string = value.stringValue, string.unicodeScalars.count <= limit else {
            throw RequestError(.invalidArgument, "\(name) must be a string of at most \(limit) characters")
        }
        return string
    }
}
