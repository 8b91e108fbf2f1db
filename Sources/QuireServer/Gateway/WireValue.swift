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

    /// The text of every root, by name.
    static func content(_ content: [RootContent]) -> JSON {
        .object(JSONObject(content.map { ($0.root.string, .string($0.text)) }))
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

    /// A splice as a thin client's operation.
    static func operation(_ patch: Patch) -> JSON {
        operation(root: patch.root, at: patch.utf16Offset, delete: patch.deleteCount, insert: patch.insert)
    }

    /// A splice as a thin client's operation.
    static func operation(_ edit: TextEdit) -> JSON {
        operation(root: edit.root, at: edit.utf16Offset, delete: edit.deleteCount, insert: edit.insert)
    }

    private static func operation(root: RootName, at offset: Int, delete count: Int, insert: [UInt16]) -> JSON {
        [
            "text": .string(root.string), "at": .int(offset), "delete": .int(count),
            "insert": .string(String(decoding: insert, as: UTF16.self)),
        ]
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
        if let applied = receipt.applied { object["ops"] = .array(applied.map(operation)) }
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
