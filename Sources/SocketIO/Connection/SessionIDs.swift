import SocketIOProtocol

/// Ids of connections and sockets: 120 random bits as 20 characters, as long as the reference implementation's.
///
/// A sid is a bearer secret: whoever knows it can poll the session. The system generator is cryptographic on every platform
/// this runs on (`getrandom` on Linux).
enum SessionIDs {
    /// A new id of letters, digits, `-` and `_`.
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<15).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let text = Base64.encode(bytes).map { byte in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            default: byte
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
