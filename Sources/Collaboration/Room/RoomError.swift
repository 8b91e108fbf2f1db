public import CRDT

/// Why a room refused something.
///
/// The code goes to the wire as it is.
public struct RoomError: Error, Sendable, CustomStringConvertible {
    /// What went wrong; the raw value is the wire's `code`.
    public enum Code: String, Sendable, CaseIterable {
        /// The bytes are no change set, or a change contradicts what the document holds.
        case invalidChange = "INVALID_CHANGE"
        /// The edit does not fit the document: out of bounds, half a surrogate pair, a path that leads to nothing of the
        /// kind, values nested too deep, too many operations.
        case invalidEdit = "INVALID_EDIT"
        /// No such document.
        case unknownDocument = "UNKNOWN_DOCUMENT"
        /// The role does not allow it. Carries the last accepted version, so that the client can park what it has.
        case forbidden = "FORBIDDEN"
        /// The session is not in the room.
        case notJoined = "NOT_JOINED"
        /// The edit's revision is older than the room remembers, or unknown to it. Carries fresh content.
        case staleRevision = "STALE_REVISION"
        /// The change builds on changes that the room does not have. Carries the room's version: send what is missing
        /// first.
        case missingChanges = "MISSING_CHANGES"
        /// A limit on size was exceeded.
        case tooLarge = "TOO_LARGE"
        /// The room is full.
        case roomFull = "ROOM_FULL"
        /// The store did not take the change: it is *not* durable. A `reset` follows; join again and send it again.
        case storeFailed = "STORE_FAILED"
        /// What is stored of the document is damaged; it stays closed until somebody restores it.
        case damaged = "DAMAGED"
        /// What is stored of the document was written by another version of the engine, which this one does not read. It
        /// stays as it is, closed, until a version opens it that does.
        case unsupportedFormat = "UNSUPPORTED_FORMAT"
        /// The room is closing; join again.
        case closed = "ROOM_CLOSED"
    }

    /// What the client needs besides the code.
    public enum Details: Sendable {
        /// Nothing.
        case none
        /// Where the room stands.
        case version(Version, Revision)
        /// What of the stored document cannot be read, for the store to note; nothing for a client.
        case unreadable(UnreadableRow)
        /// The content, and the revision it is of.
        case content([RootContent], Revision)
    }

    /// What went wrong.
    public let code: Code
    /// For people.
    public let message: String
    /// What the client needs to go on.
    public let details: Details

    /// An error with all its parts.
    public init(_ code: Code, _ message: String, details: Details = .none) {
        self.code = code
        self.message = message
        self.details = details
    }

    /// Whether the same request may succeed later, or after the client did what the code says.
    public var isRetryable: Bool {
        switch code {
        case .staleRevision, .missingChanges, .roomFull, .storeFailed, .closed, .notJoined: true
        case .invalidChange, .invalidEdit, .unknownDocument, .forbidden, .tooLarge, .damaged, .unsupportedFormat: false
        }
    }

    /// What to tell a client when its document could not be loaded or created.
    public init(_ error: StoreError) {
        switch error.code {
        case .damaged: self.init(.damaged, "the stored document is damaged")
        case .unknownDocument: self.init(.unknownDocument, "there is no such document")
        case .conflict, .tooMany, .notRetained, .overloaded, .poisoned, .ioFailure, .inUse, .closed:
            self.init(.storeFailed, "the store failed (\(error.code.rawValue))")
        }
    }

    /// Code and message.
    public var description: String { "\(code.rawValue): \(message)" }
}
