public import SocketIOProtocol

/// Somebody in a document: one socket, with the user the server knows it by and the state it shows.
public struct Participant: Hashable, Sendable {
    /// The participant's id, unique in the document while it is connected.
    public let session: String
    /// The user's id, from the token.
    public let userID: String
    /// The user's name, from the token.
    public let userName: String
    /// What the participant shows about itself (cursor, colour, ...), or null.
    public let state: JSON

    /// Makes a participant.
    public init(session: String, userID: String, userName: String, state: JSON) {
        self.session = session
        self.userID = userID
        self.userName = userName
        self.state = state
    }

    /// Reads `{session, user: {id, name}, state}`; nil when it is not one.
    init?(_ json: JSON) {
        guard let session = json["session"]?.stringValue else { return nil }
        self.session = session
        self.userID = json["user"]?["id"]?.stringValue ?? ""
        self.userName = json["user"]?["name"]?.stringValue ?? ""
        self.state = json["state"] ?? .null
    }
}
