/// Tokens that are not good any more, though their end has not come.
public struct Revocation: Sendable, Hashable {
    /// Whose tokens, or which one.
    public enum Subject: Sendable, Hashable {
        /// Those of a user, by the claim `sub`.
        case user(String)
        /// The one with this id, the claim `jti`.
        case token(String)
    }

    /// What is revoked; there is one revocation of each.
    public var subject: Subject
    /// Only tokens made (`iat`) earlier than that are revoked, in milliseconds since 1970; those that do not say when they were
    /// made are.
    ///
    /// `Int64.max` for a single token, whenever it was made.
    public var before: Int64
    /// From when on no such token can be good anyway, in milliseconds since 1970, so that this may be forgotten; `nil` when
    /// that is not known.
    public var until: Int64?
    /// Who revoked them.
    public var author: String
    /// When, in milliseconds since 1970.
    public var timestamp: Int64

    /// A revocation.
    public init(subject: Subject, before: Int64, until: Int64? = nil, author: String, timestamp: Int64) {
        self.subject = subject
        self.before = before
        self.until = until
        self.author = author
        self.timestamp = timestamp
    }
}
