import Collaboration
import SocketIO
import SocketIOProtocol

/// What a room tells its participants, as events of `/docs` (design section 4).
enum RoomPacket {
    /// The namespace of documents.
    static let namespace = "/docs"

    /// Encodes an event, once for all who get it.
    ///
    /// `payload`: The signal's payload as it came, since its bytes cannot hold attachments.
    static func encode(_ event: RoomEvent, of document: DocumentID, payload: JSON?) -> EncodedPacket {
        let (name, arguments) = message(event, of: document, payload: payload)
        return EncodedPacket(namespace: namespace, event: name, args: arguments)
    }

    /// The name and the arguments of the event.
    static func message(_ event: RoomEvent, of document: DocumentID, payload: JSON?) -> (String, [JSON]) {
        let name = JSON.string(document.rawValue)
        switch event {
        case .change(let bytes, let revision, let session):
            let author: JSON = session.map { .string($0.rawValue) } ?? .null
            return ("change", [name, .binary(bytes), ["rev": WireValue.revision(revision), "session": author]])
        case .edit(let edits, let revision, let session):
            let details: JSON = [
                "rev": WireValue.revision(revision),
                "session": .string(session.rawValue),
                "ops": .array(edits.map(WireEdit.json)),
            ]
            return ("edit", [name, details])
        case .presence(let members, let left):
            return (
                "presence",
                [name, .array(members.map(WireValue.member)), .array(left.map { .string($0.rawValue) })]
            )
        case .signal(let bytes, let sender, let user):
            let from: JSON = ["session": .string(sender.rawValue), "user": WireValue.user(user)]
            return ("signal", [name, from, payload ?? WireValue.state(bytes)])
        case .role(let role, let revision):
            return ("role", [name, ["role": .string(role.name), "rev": WireValue.revision(revision)]])
        case .reset(let reason, let epoch):
            return ("reset", [name, ["reason": .string(reason.rawValue), "epoch": .string(epoch.rawValue)]])
        }
    }
}
