/// Why a client is not let in.
///
/// The reason is for the log: the client learns only the code.
struct AuthenticationError: Error, Equatable {
    /// What is wrong, in the words of the wire.
    enum Code: String, CaseIterable {
        /// There is no token, and guests are not welcome.
        case unauthenticated = "UNAUTHENTICATED"
        /// The token was good until it ended: get a new one.
        case tokenExpired = "TOKEN_EXPIRED"
        /// The token cannot be trusted, or is none.
        case tokenInvalid = "TOKEN_INVALID"
        /// The token was good until it was revoked: get a new one, if you may.
        case tokenRevoked = "TOKEN_REVOKED"
    }

    /// The code.
    var code: Code

    /// What exactly is wrong.
    ///
    /// It never contains any part of the token.
    var reason: String

    /// What the client is told.
    var message: String {
        switch code {
        case .unauthenticated:
            return "A token is required: send it as auth.token or as an Authorization: Bearer header."
        case .tokenExpired: return "The token has expired: get a new one and connect again."
        case .tokenRevoked: return "The token was revoked: get a new one and connect again."
        case .tokenInvalid: return "The token is not valid here."
        }
    }

    static func unauthenticated(_ reason: String) -> Self { Self(code: .unauthenticated, reason: reason) }
    static func expired(_ reason: String) -> Self { Self(code: .tokenExpired, reason: reason) }
    static func revoked(_ reason: String) -> Self { Self(code: .tokenRevoked, reason: reason) }
    static func invalid(_ reason: String) -> Self { Self(code: .tokenInvalid, reason: reason) }
}
