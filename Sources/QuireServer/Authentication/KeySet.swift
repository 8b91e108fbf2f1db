import JWTKit
import SocketIOProtocol

/// Reads keys from what a file or an issuer gives: a JWK set (RFC 7517), one JWK, or public keys in PEM.
enum KeySet {
    /// No text of keys is larger; issuers publish a few keys of about 500 bytes.
    static let maximumBytes = 256 * 1024

    /// No more keys of a set are used: a token without a name is tried with each of its algorithm.
    static let maximumKeys = 32

    /// The keys of a text; those of a kind that is not supported are left out.
    ///
    /// - Throws: when there is no usable key.
    static func keys(in text: [UInt8]) async throws(KeySourceError) -> [VerificationKey] {
        guard text.count <= maximumBytes else { throw .unusable("larger than \(maximumBytes) bytes") }
        let first = text.first { !$0.isWhitespace }
        let keys =
            first == UInt8(ascii: "{") ? try await jsonKeys(text) : await pemKeys(String(decoding: text, as: UTF8.self))
        guard !keys.isEmpty else { throw .unusable("there is no RS256, ES256 or EdDSA key") }
        return Array(keys.prefix(maximumKeys))
    }

    // MARK: JSON

    private static func jsonKeys(_ text: [UInt8]) async throws(KeySourceError) -> [VerificationKey] {
        guard let json = try? JSON.parse(text) else { throw .unusable("not JSON") }
        let entries: [JSON]
        if case .array(let list)? = json["keys"] {
            entries = list
        } else {
            entries = [json]
        }
        var keys: [VerificationKey] = []
        for entry in entries.prefix(maximumKeys) {
            if let key = await key(entry) { keys.append(key) }
        }
        return keys
    }

    private static func key(_ json: JSON) async -> VerificationKey? {
        // A key for encryption signs nothing.
        if let use = json["use"]?.stringValue, use != "sig" { return nil }
        let id = json["kid"]?.stringValue
        let algorithm = json["alg"]?.stringValue
        switch json["kty"]?.stringValue {
        case "RSA":
            guard algorithm ?? "RS256" == "RS256", let modulus = json["n"]?.stringValue,
                let exponent = json["e"]?.stringValue,
                let key = try? JWTKit.Insecure.RSA.PublicKey(modulus: modulus, exponent: exponent)
            else { return nil }
            return await VerificationKey(rsa: key, id: id)
        case "EC":
            guard algorithm ?? "ES256" == "ES256", json["crv"]?.stringValue == "P-256",
                let x = json["x"]?.stringValue, let y = json["y"]?.stringValue,
                let key = try? ES256PublicKey(parameters: (x, y))
            else { return nil }
            return await VerificationKey(p256: key, id: id)
        case "OKP":
            guard ["EdDSA", "Ed25519"].contains(algorithm ?? "EdDSA"), json["crv"]?.stringValue == "Ed25519",
                let x = json["x"]?.stringValue, let key = try? EdDSA.PublicKey(x: x, curve: .ed25519)
            else { return nil }
            return await VerificationKey(ed25519: key, id: id)
        default:
            // Secrets ("oct") above all: what everybody can fetch is no secret.
            return nil
        }
    }

    // MARK: PEM

    private static func pemKeys(_ text: String) async -> [VerificationKey] {
        let end = "-----END PUBLIC KEY-----"
        var keys: [VerificationKey] = []
        for part in text.split(separator: end, omittingEmptySubsequences: true).prefix(maximumKeys) {
            guard let begin = part.firstRange(of: "-----BEGIN PUBLIC KEY-----") else { continue }
            let pem = String(part[begin.lowerBound...]) + end
            if let key = try? JWTKit.Insecure.RSA.PublicKey(pem: pem) {
                keys.append(await VerificationKey(rsa: key, id: nil))
            } else if let key = try? ES256PublicKey(pem: pem) {
                keys.append(await VerificationKey(p256: key, id: nil))
            } else if let key = try? EdDSA.PublicKey(pem: pem) {
                keys.append(await VerificationKey(ed25519: key, id: nil))
            }
        }
        return keys
    }
}

extension UInt8 {
    fileprivate var isWhitespace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
