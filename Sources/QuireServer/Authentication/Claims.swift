public import JWTKit

/// The claims of a token, as design section 4 and the README describe them.
public struct Claims: JWTPayload, Equatable {
    /// The user's id.
    public var sub: String?

    /// The user's name, as others see it; the id when there is none.
    public var name: String?

    /// When the token ends, in seconds since 1970.
    public var exp: Double?

    /// When the token begins, in seconds since 1970.
    public var nbf: Double?

    /// When the token was made, in seconds since 1970.
    public var iat: Double?

    /// The token's id, by which it can be revoked alone.
    public var jti: String?

    /// Who made the token.
    public var iss: String?

    /// Whom the token is for: one name or a list of them.
    public var aud: AudienceClaim?

    /// Which documents the user has which role for: ids, or their beginnings followed by `*`, to `read`, `comment`,
    /// `write` or `admin`.
    ///
    /// Without it the role is `write` everywhere.
    public var docs: [String: String]?

    /// Claims for one user.
    public init(
        sub: String? = nil,
        name: String? = nil,
        exp: Double? = nil,
        nbf: Double? = nil,
        iat: Double? = nil,
        jti: String? = nil,
        iss: String? = nil,
        aud: [String]? = nil,
        docs: [String: String]? = nil
    ) {
        self.sub = sub
        self.name = name
        self.exp = exp
        self.nbf = nbf
        self.iat = iat
        self.jti = jti
        self.iss = iss
        self.aud = aud.map { AudienceClaim(value: $0) }
        self.docs = docs
    }

    /// Does nothing: times are judged by ``TokenVerifier``, which is told the time and so can be tested.
    public func verify(using algorithm: some JWTAlgorithm) async throws {}
}

/// Makes tokens, for `quire token` and for tests.
public struct TokenIssuer: Sendable {
    private let keys: JWTKeyCollection
    private let keyID: String?

    /// An issuer that signs with HS256.
    ///
    /// - Throws: when the secret is too short.
    public init(secret: Secret, keyID: String? = nil) async throws(ConfigurationError) {
        // JWTKit traps on a shorter one.
        try secret.validate()
        keys = JWTKeyCollection()
        self.keyID = keyID
        await keys.add(hmac: HMACKey(from: secret.revealed), digestAlgorithm: .sha256)
    }

    /// An id that no other token has: 128 random bits.
    public static func makeTokenID() -> String {
        String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
    }

    /// A signed token.
    ///
    /// - Throws: what JWTKit throws when claims cannot be encoded, such as a time that is not a number.
    public func token(for claims: Claims) async throws -> String {
        var header = JWTHeader()
        header.alg = "HS256"
        header.typ = "JWT"
        if let keyID { header.kid = keyID }
        return try await keys.sign(claims, header: header)
    }
}
