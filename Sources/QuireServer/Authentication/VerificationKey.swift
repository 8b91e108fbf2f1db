import JWTKit

/// The algorithms tokens may be signed with.
enum TokenAlgorithm: String, Sendable {
    /// HMAC with SHA-256: a secret shared with the issuer.
    case hs256 = "HS256"
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    case rs256 = "RS256"
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
    /// EdDSA on Ed25519.
    case edDSA = "EdDSA"
}

/// One key that tokens are checked with, and the one algorithm it is for.
///
/// The algorithm belongs to the key, never to the token: a public RSA key is no HMAC secret, whatever a header says.
struct VerificationKey: Sendable {
    /// The key's name in the issuer's set; nil for one without.
    let id: String?

    /// The one algorithm the key is for.
    let algorithm: TokenAlgorithm

    /// Whether a token that names some key may be checked with this one, which has no name.
    ///
    /// A key from a PEM file cannot have one; a secret has the name that was configured, or none.
    let servesAnyName: Bool

    /// JWTKit's collection, with this key alone: it would try its default key where it does not know a name.
    private let collection: JWTKeyCollection

    /// A shared secret.
    init(secret: Secret, id: String?) async {
        self.id = id
        algorithm = .hs256
        servesAnyName = false
        collection = JWTKeyCollection()
        await collection.add(hmac: HMACKey(from: secret.revealed), digestAlgorithm: .sha256)
    }

    /// An RSA key.
    init(rsa key: JWTKit.Insecure.RSA.PublicKey, id: String?) async {
        self.id = id
        algorithm = .rs256
        servesAnyName = true
        collection = JWTKeyCollection()
        await collection.add(rsa: key, digestAlgorithm: .sha256)
    }

    /// A key on P-256.
    init(p256 key: ES256PublicKey, id: String?) async {
        self.id = id
        algorithm = .es256
        servesAnyName = true
        collection = JWTKeyCollection()
        await collection.add(ecdsa: key)
    }

    /// A key on Ed25519.
    init(ed25519 key: EdDSA.PublicKey, id: String?) async {
        self.id = id
        algorithm = .edDSA
        servesAnyName = true
        collection = JWTKeyCollection()
        await collection.add(eddsa: key)
    }

    /// The claims of a token that this key has signed.
    ///
    /// - Throws: what JWTKit throws, when it has not.
    func claims(of token: String) async throws -> Claims {
        try await collection.verify(token, as: Claims.self)
    }
}
