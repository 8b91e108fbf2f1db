import CRDT
import Collaboration
import SocketIOProtocol

/// How the session layer's values look on the wire (design section 4).
enum WireValue {
    /// A revision.
    ///
    /// Numbers beyond 2^63 are out of reach: at a million a second they take 292,000 years.
    static func revision(_ revision: Revision) -> JSON { .int(Int(clamping: revision.rawValue)) }

    /// A user, as others see it.
    static func user(_ user: User) -> JSON { ["id": .string(user.id), "name": .string(user.name)] }

    /// Every root, by name: a text as a string, and lists and maps as in ``WireContent``.
    static func content(_ content: [RootContent]) -> JSON {
        .object(
            JSONObject(
                content.map { root in
                    if case .text(let units) = root.content {
                        return (root.root.string, .string(String(decoding: units, as: UTF16.self)))
                    }
                    return (root.root.string, WireContent.json(root.content))
                }
            )
        )
    }

    /// A participant.
    static func member(_ member: Member) -> JSON {
        ["session": .string(member.session.rawValue), "user": user(member.user), "state": state(member.state)]
    }

    /// A presence state: it was JSON when it came in.
    static func state(_ bytes: [UInt8]?) -> JSON {
        guard let bytes, let value = try? JSON.parse(bytes) else { return .null }
        return value
    }

    /// The positive acknowledgement of `join`.
    static func join(_ reply: JoinReply, document: DocumentID, session: SessionID) -> JSON {
        var object: JSONObject = [
            "ok": true,
            "doc": .string(document.rawValue),
            "session": .string(session.rawValue),
            "role": .string(reply.role.name),
            "epoch": .string(reply.epoch.rawValue),
            "rev": revision(reply.revision),
            "recovered": .bool(reply.recovered),
            "members": .array(reply.members.map(member)),
            "version": .binary(reply.version.encoded),
        ]
        add(reply.catchUp, to: &object)
        return .object(object)
    }

    /// The positive acknowledgement of `sync`.
    static func sync(_ reply: SyncReply) -> JSON {
        var object: JSONObject = [
            "ok": true, "rev": revision(reply.revision), "version": .binary(reply.version.encoded),
        ]
        add(reply.catchUp, to: &object)
        return .object(object)
    }

    /// The positive acknowledgement of `edit`; `ops` only where they were moved.
    static func edit(_ receipt: EditReceipt) -> JSON {
        var object: JSONObject = ["ok": true, "rev": revision(receipt.revision)]
        if let applied = receipt.applied { object["ops"] = .array(applied.map(WireEdit.json)) }
        return .object(object)
    }

    private static func add(_ catchUp: CatchUp, to object: inout JSONObject) {
        switch catchUp {
        case .changes(let bytes): object["changes"] = .binary(bytes)
        case .snapshot(let bytes): object["snapshot"] = .binary(bytes)
        case .content(let content): object["content"] = self.content(content)
        }
    }
}
