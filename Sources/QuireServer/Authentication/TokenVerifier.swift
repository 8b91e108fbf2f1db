import Collaboration
import JWTKit
import Logging
import SocketIOProtocol

/// What a token must say besides who signed it.
struct TokenRules: Sendable {
    /// Whether a token without `exp` is refused.
    var requiresExpiry = true
    /// The one `iss` that is accepted; nil for any.
    var issuer: String?
    /// What `aud` must contain; nil for anything.
    var audience: String?
    /// For how many seconds a token is good beyond its end.
    var leeway = 0.0
}

/// Tells whose token a token is.
///
/// The header is read before anything else. It names an algorithm and perhaps a key, and only keys for exactly that
/// algorithm are tried: a token does not choose how it is checked. Verifying takes about 25 µs, once a connection.
struct TokenVerifier: Sendable {
    /// Tokens longer than this are not looked at; proxies cut headers at 8 KiB anyway.
    static let maximumTokenBytes = 8192

    /// How far the issuer's clock may be ahead of ours for `nbf` and `iat`.
    ///
    /// The end is taken at its word, unless ``TokenRules/leeway`` says otherwise.
    static let notBeforeTolerance = 5.0

    private let keys: KeyRing
    private let rules: TokenRules

    /// A verifier with keys of any kind.
    init(keys: KeyRing, rules: TokenRules) {
        self.keys = keys
        self.rules = rules
    }

    /// A verifier for HS256 with one secret.
    ///
    /// `keyID`: The only `kid` a token may name.
    init(secret: Secret, keyID: String?, requiresExpiry: Bool) async {
        precondition(secret.byteCount >= Secret.minimumByteCount, "the configuration was validated")
        let key = await VerificationKey(secret: secret, id: keyID)
        let silent = Logger(label: "keys") { _ in SwiftLogNoOpLogHandler() }
        self.init(keys: KeyRing(fixed: [key], logger: silent), rules: TokenRules(requiresExpiry: requiresExpiry))
    }

    /// The user of a token, if it is genuine and current.
    ///
    /// `now`: Seconds since 1970.
    func principal(of token: String, now: Double) async throws(AuthenticationError) -> Principal {
        guard token.utf8.count <= Self.maximumTokenBytes else { throw .invalid("longer than 8 KiB") }
        let (algorithm, keyID) = try header(of: token)
        let candidates = await keys.keys(algorithm: algorithm, id: keyID)
        guard !candidates.isEmpty else { throw .invalid("no \(algorithm.rawValue) key is known that fits") }
        var failure = "no key"
        for key in candidates {
            let claims: Claims
            do {
                claims = try await key.claims(of: token)
            } catch {
                // JWTKit throws errors of several modules; what they say may quote the token.
                failure = "\(type(of: error))"
                continue
            }
            return try principal(of: claims, now: now)
        }
        throw .invalid("the signature or the claims are wrong (\(failure))")
    }

    private func header(of token: String) throws(AuthenticationError) -> (TokenAlgorithm, keyID: String?) {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .invalid("not three parts") }
        guard let bytes = Base64URL.decode(parts[0]) else { throw .invalid("the header is not base64url") }
        guard let header = try? JSON.parse(bytes), case .object = header else {
            throw .invalid("the header is not a JSON object")
        }
        guard let algorithm = header["alg"]?.stringValue.flatMap(TokenAlgorithm.init(rawValue:)) else {
            throw .invalid("the algorithm is none of HS256, RS256, ES256, EdDSA")
        }
        guard header["crit"] == nil else { throw .invalid("critical extensions are not supported") }
        guard let named = header["kid"] else { return (algorithm, nil) }
        guard let keyID = named.stringValue, keyID.utf8.count <= 256 else { throw .invalid("no usable key name (kid)") }
        return (algorithm, keyID)
    }

    private func principal(of claims: Claims, now: Double) throws(AuthenticationError) -> Principal {
        if let end = claims.exp {
            guard end + rules.leeway > now else { throw .expired("expired") }
        } else if rules.requiresExpiry {
            throw .invalid("there is no end (exp)")
        }
        if let start = claims.nbf, start > now + Self.notBeforeTolerance { throw .invalid("not valid yet (nbf)") }
        if let made = claims.iat, made > now + Self.notBeforeTolerance { throw .invalid("made in the future (iat)") }
        if let issuer = rules.issuer, claims.iss != issuer { throw .invalid("another issuer (iss)") }
        if let audience = rules.audience, claims.aud?.value.contains(audience) != true {
            throw .invalid("for another audience (aud)")
        }
        guard let id = claims.sub, UserID.isValid(id) else {
            throw .invalid("no usable subject (sub): 1 to 256 bytes in Unicode's normal form C")
        }
        let name = claims.name ?? id
        guard name.utf8.count <= 256 else { throw .invalid("the name is longer than 256 bytes") }
        var grants = DocumentGrants(everything: .write)
        if let claim = claims.docs {
            guard let granted = DocumentGrants(claim: claim) else { throw .invalid("docs names an unknown role") }
            grants = granted
        }
        return Principal(
            user: User(id: id, name: name, isAnonymous: false),
            grants: grants,
            expiresAt: claims.exp.map { $0 + rules.leeway },
            // One that is no usable id names nothing that could be revoked.
            tokenID: claims.jti.flatMap { UserID.isValid($0) ? $0 : nil },
            issuedAt: claims.iat
        )
    }
}

/// The URL-safe alphabet of base 64, without padding (RFC 4648 section 5).
enum Base64URL {
    /// The bytes of a text, or nil when it is none.
    ///
    /// Leftover bits must be zero, so that one value has one text.
    static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        var count = 0
        for character in text {
            guard let value = value(of: character) else { return nil }
            buffer = (buffer << 6 | value) & 0xFFFF
            bits += 6
            count += 1
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        guard count % 4 != 1, buffer & ((1 << UInt32(bits)) - 1) == 0 else { return nil }
        return bytes
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): return 62
        case UInt8(ascii: "_"): return 63
        default: return nil
        }
    }
}
