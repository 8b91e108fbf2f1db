import Collaboration
import SocketIOProtocol

/// What receivers are sent.
enum WebhookBody {
    /// An event as JSON.
    static func json(_ event: WebhookEvent, id: String) -> JSON {
        var members: [(String, JSON)] = [
            ("id", .string(id)), ("type", .string(event.kind.rawValue)),
            ("time", .string(WallClock.timestamp(of: Double(event.timestamp) / 1_000))),
            ("doc", .string(event.document.rawValue)),
        ]
        if let epoch = event.epoch { members.append(("epoch", .string(epoch.rawValue))) }
        if let revision = event.revision { members.append(("rev", WireValue.revision(revision))) }
        if let version = event.version {
            members.append(("version", .int(Int(clamping: version.number))))
            members.append(("name", version.name.map { .string($0) } ?? .null))
            members.append(("author", WireValue.user(version.author)))
        }
        if let session = event.session { members.append(("session", .string(session.rawValue))) }
        if let user = event.user { members.append(("user", WireValue.user(user))) }
        return .object(JSONObject(members))
    }

    /// A new id, the same for all receivers; without a dot, which the signature puts between its parts.
    static func makeID() -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<15).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return "evt_"
            + String(decoding: Base64.encode(bytes), as: UTF8.self).replacing("+", with: "-").replacing("/", with: "_")
    }

    /// One delivery for each receiver that is told of it.
    static func deliveries(of event: WebhookEvent, _ configuration: WebhookConfiguration) -> [WebhookDelivery] {
        guard configuration.kinds.contains(event.kind) else { return [] }
        let id = makeID()
        let body = json(event, id: id).serialize()
        return configuration.receivers.map { receiver in
            WebhookDelivery(
                receiver: receiver,
                event: id,
                kind: event.kind.rawValue,
                document: event.document.rawValue,
                body: body,
                timestamp: event.timestamp
            )
        }
    }
}
