/// The name of a document: 1 to 128 characters of `[A-Za-z0-9._~:-]`.
///
/// The alphabet needs no escaping in a URL, a log line or a file name, so that one spelling serves everywhere.
public struct DocumentID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The longest name that is accepted, in characters (which are bytes here).
    public static let maximumCount = 128

    /// The name as it was given.
    public let rawValue: String

    /// Checks a name from outside; `nil` when it breaks the rule.
    public init?(_ rawValue: String) {
        let utf8 = rawValue.utf8
        guard (1...Self.maximumCount).contains(utf8.count), utf8.allSatisfy(Self.isAllowed) else { return nil }
        self.rawValue = rawValue
    }

    /// The name itself.
    public var description: String { rawValue }

    /// Orders names by their bytes.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: "-"):
            true
        default:
            false
        }
    }
}

/// The id of one participant: one socket in one room.
///
/// It is the wire's `session`.
public struct SessionID: Hashable, Sendable, CustomStringConvertible {
    /// The id as the connection layer made it.
    public let rawValue: String

    /// Wraps an id that the connection layer made (never the client).
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// Who does something in a room without being in it: a request over HTTP.
    ///
    /// Connections have longer ids.
    public static let outside = Self("http")

    /// The id itself.
    public var description: String { rawValue }
}

/// Who a participant is: taken from the token by the server, never from what the client says.
public struct User: Hashable, Sendable {
    /// The stable id (`sub` of the token).
    public let id: String
    /// The name shown to others.
    public let name: String
    /// Whether nobody vouches for this user.
    public let isAnonymous: Bool

    /// A user as the token, or the rule for anonymous connections, describes it.
    public init(id: String, name: String, isAnonymous: Bool = false) {
        self.id = id
        self.name = name
        self.isAnonymous = isAnonymous
    }
}

/// What a participant may do in one document.
///
/// Each role includes those before it.
public enum Role: UInt8, Comparable, Sendable, CaseIterable {
    /// See the document and who is there, show one's own presence.
    case read
    /// Comment as well (no operation needs it yet).
    case comment
    /// Change the document as well.
    case write
    /// Manage the document as well.
    case admin

    /// Orders by what is allowed.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The place of an accepted message in a document's log: the first one is 1, each further one is one more.
///
/// Revisions number what the *server* accepted; they say nothing about causality, which is the version's task.
public struct Revision: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number.
    public let rawValue: UInt64

    /// Wraps a number.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The revision of a document to which nothing was ever written.
    public static let zero = Self(0)

    /// The revision after this one.
    ///
    /// Wraps only after 2^64 accepted messages.
    public var next: Self { Self(rawValue &+ 1) }

    /// The number in decimal.
    public var description: String { "\(rawValue)" }

    /// Orders as accepted.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The birth mark of a document: a random id made when it is created and kept with it.
///
/// A client that holds another epoch holds *another document* of the same name (one that was deleted, or a database
/// that was restored). Merging the two would mix unrelated histories, so it gets the content anew instead.
public struct Epoch: Hashable, Sendable, CustomStringConvertible {
    /// The id as text.
    public let rawValue: String

    /// Wraps an id that was read from the store or the wire.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// Makes a new one: 64 random bits in hexadecimal, so that two documents never share one.
    public static func random() -> Self {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return Self(String(repeating: "0", count: 16 - digits.utf8.count) + digits)
    }

    /// The id itself.
    public var description: String { rawValue }
}
