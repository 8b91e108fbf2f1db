internal import CRDT
internal import SocketIOProtocol

/// The events of the `/docs` namespace and their acks, between JSON and types.
///
/// What a server sends is checked here, once.
enum DocsMessages {
    /// The namespace.
    static let namespace = "/docs"

    /// What a successful `join` said.
    struct JoinReply {
        enum Payload {
            case changes([UInt8])
            case snapshot([UInt8])
        }

        let epoch: String
        let revision: UInt64
        let session: String
        let role: DocumentRole
        let version: Version
        let members: [Participant]
        let payload: Payload
    }

    /// A refusal, with the server's version when it named one.
    struct Refusal: Error {
        let error: QuireError
        var version: Version?
        /// Milliseconds that the server asks to wait.
        var retryAfterMilliseconds: Int?
    }

    static func join(_ document: String, _ request: SyncStateMachine.JoinRequest, presence: JSON?) -> JSON {
        var object: JSONObject = ["doc": .string(document), "format": "changes"]
        if let version = request.version { object["version"] = .binary(version.encoded) }
        if let epoch = request.epoch { object["epoch"] = .string(epoch) }
        if let revision = request.revision { object["rev"] = .int(Int(clamping: revision)) }
        if let presence { object["presence"] = presence }
        return .object(object)
    }

    static func sync(_ document: String, version: Version) -> JSON {
        .object(["doc": .string(document), "version": .binary(version.encoded)])
    }

    /// The object of an ack, or why it is a refusal.
    static func reply(_ arguments: [JSON]) -> Result<JSON, Refusal> {
        guard let reply = arguments.first, let isFine = reply["ok"]?.boolValue else {
            return .failure(Refusal(error: .violation("an ack without `ok`")))
        }
        if isFine { return .success(reply) }
        return .failure(self.refusal(reply["error"] ?? .null))
    }

    /// An error object `{code, message, retryable, ...}`.
    static func refusal(_ json: JSON) -> Refusal {
        guard let code = json["code"]?.stringValue else {
            return Refusal(error: .violation("a refusal without code"))
        }
        let error = QuireError(
            code: .init(code),
            message: json["message"]?.stringValue ?? "",
            retryable: json["retryable"]?.boolValue ?? false
        )
        var refusal = Refusal(error: error)
        if let bytes = json["version"]?.bytesValue { refusal.version = try? Version(decoding: bytes) }
        refusal.retryAfterMilliseconds = json["retryAfter"]?.intValue
        return refusal
    }

    static func joinReply(_ json: JSON) throws(QuireError) -> JoinReply {
        guard
            let epoch = json["epoch"]?.stringValue,
            let revision = json.revision,
            let session = json["session"]?.stringValue,
            let role = json["role"]?.stringValue.flatMap(DocumentRole.init(rawValue:)),
            let versionBytes = json["version"]?.bytesValue,
            let version = try? Version(decoding: versionBytes)
        else { throw .violation("a malformed reply to join") }
        let payload: JoinReply.Payload
        if let bytes = json["changes"]?.bytesValue {
            payload = .changes(bytes)
        } else if let bytes = json["snapshot"]?.bytesValue {
            payload = .snapshot(bytes)
        } else {
            throw .violation("a reply to join without changes and snapshot")
        }
        return JoinReply(
            epoch: epoch,
            revision: revision,
            session: session,
            role: role,
            version: version,
            members: (json["members"]?.arrayValue ?? []).compactMap(Participant.init),
            payload: payload
        )
    }
}

extension JSON {
    /// The member `rev`, if it is a revision.
    var revision: UInt64? {
        self["rev"]?.intValue.flatMap(UInt64.init(exactly:))
    }
}

extension QuireError {
    /// The peer broke the protocol: `what` says how.
    static func violation(_ what: String) -> QuireError {
        QuireError(code: .protocolViolation, message: what, retryable: true)
    }
}
