/// Writes the frames of a client.
///
/// They are masked with the key 0, which leaves the payload as it is: what a mask protects, proxies that mistake a payload
/// for HTTP, is not on the way, and the server unmasks all the same. So a message can be made once and patched.
enum ClientFrames {
    /// The opcode of a text message.
    static let text: UInt8 = 1
    /// The opcode of a binary message.
    static let binary: UInt8 = 2
    /// The opcode of the answer to a ping.
    static let pong: UInt8 = 10

    /// Appends a frame.
    static func append(_ opcode: UInt8, _ payload: some Collection<UInt8>, to bytes: inout [UInt8]) {
        let count = payload.count
        bytes.append(0x80 | opcode)
        if count < 126 {
            bytes.append(0x80 | UInt8(count))
        } else if count <= 0xFFFF {
            bytes.append(0x80 | 126)
            bytes.append(UInt8(count >> 8))
            bytes.append(UInt8(count & 0xFF))
        } else {
            bytes.append(0x80 | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: count >> shift))
            }
        }
        bytes.append(contentsOf: [0, 0, 0, 0])
        bytes.append(contentsOf: payload)
    }

    /// A text message.
    static func text(_ payload: String) -> [UInt8] {
        var bytes: [UInt8] = []
        Self.append(Self.text, payload.utf8, to: &bytes)
        return bytes
    }

    /// The request that opens a WebSocket.
    static func upgradeRequest(path: String, authority: String) -> String {
        "GET \(path) HTTP/1.1\r\nHost: \(authority)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: cXVpcmUtYmVuY2gtbG9hZA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    }
}
