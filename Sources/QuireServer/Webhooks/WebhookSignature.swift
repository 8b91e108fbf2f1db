import Crypto
import Foundation

/// Signs requests as Standard Webhooks 1.0.0 says, so that its libraries can check them.
///
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>: HMAC-SHA256 of the id, the
/// timestamp and the body with dots between them.
struct WebhookSignature: Sendable {
    private static let prefix = "whsec_"

    private let key: SymmetricKey

    /// Reads a secret: `whsec_` and base64, or any text taken as its bytes.
    ///
    /// - Throws: for less than 24 bytes, which the specification asks for.
    init(_ secret: Secret) throws(ConfigurationError) {
        let text = secret.revealed
        let bytes: Data
        if text.hasPrefix(Self.prefix) {
            guard let decoded = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))) else {
                throw .invalid("--webhook-secret begins with whsec_ and is not base64 from there on")
            }
            bytes = decoded
        } else {
            bytes = Data(text.utf8)
        }
        guard bytes.count >= 24 else { throw .invalid("--webhook-secret must have at least 24 bytes") }
        key = SymmetricKey(data: bytes)
    }

    /// The value of `webhook-signature`.
    func sign(id: String, timestamp: Int64, body: [UInt8]) -> String {
        let signed = Array("\(id).\(timestamp).".utf8) + body
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: key)
        return "v1," + Data(code).base64EncodedString()
    }
}
