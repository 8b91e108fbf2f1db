/// Something that receivers of webhooks may want to know.
public struct WebhookEvent: Hashable, Sendable {
    /// What happened.
    public enum Kind: String, Sendable, CaseIterable {
        /// There is a new document.
        case documentCreated = "document.created"
        /// A document was written to.
        case documentChanged = "document.changed"
        /// There is no such document any more.
        case documentDeleted = "document.deleted"
        /// A version was kept.
        case versionCreated = "version.created"
        /// Somebody came into a document.
        case participantJoined = "participant.joined"
        /// Somebody left it.
        case participantLeft = "participant.left"
    }

    /// What happened.
    public var kind: Kind
    /// Where.
    public var document: DocumentID
    /// The document's birth mark, where it is known.
    public var epoch: Epoch?
    /// The last revision that it is about.
    public var revision: Revision?
    /// The version, for `versionCreated`.
    public var version: VersionSummary?
    /// The socket, for participants.
    public var session: SessionID?
    /// The user, for participants.
    public var user: User?
    /// When, in milliseconds since 1970.
    public var timestamp: Int64

    /// An event.
    public init(_ kind: Kind, of document: DocumentID, timestamp: Int64) {
        self.kind = kind
        self.document = document
        self.timestamp = timestamp
    }
}

/// An event on its way to one receiver.
public struct WebhookDelivery: Hashable, Sendable {
    /// By which it is found; later ones have higher numbers.
    public var number: Int64
    /// The receiver's address.
    public var receiver: String
    /// The id of the event, the same for all receivers and attempts.
    public var event: String
    /// What happened.
    public var kind: String
    /// Where.
    public var document: String
    /// What is sent.
    public var body: [UInt8]
    /// When it was queued, in milliseconds since 1970.
    public var timestamp: Int64
    /// How often it was tried.
    public var attempts = 0
    /// When it is tried next, in milliseconds since 1970; nil when it is given up.
    public var due: Int64?
    /// Why the last attempt failed.
    public var failure: String?

    /// One that was not tried yet.
    public init(
        number: Int64 = 0,
        receiver: String,
        event: String,
        kind: String,
        document: String,
        body: [UInt8],
        timestamp: Int64
    ) {
        self.number = number
        self.receiver = receiver
        self.event = event
        self.kind = kind
        self.document = document
        self.body = body
        self.timestamp = timestamp
        due = timestamp
    }
}
