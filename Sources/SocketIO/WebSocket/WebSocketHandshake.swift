import Crypto
import NIOCore
import NIOHTTP1
import SocketIOProtocol

/// The server's half of the opening handshake (RFC 6455 section 4.2).
enum WebSocketHandshake {
    /// Whether a request asks for a WebSocket at all.
    static func isUpgrade(_ head: HTTPRequestHead) -> Bool {
        head.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
            && head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }

    /// Whether a body is to follow, which no upgrade has.
    static func announcesBody(_ head: HTTPRequestHead) -> Bool {
        head.headers.contains(name: "transfer-encoding")
            || head.headers.first(name: "content-length").map { $0 != "0" } ?? false
    }

    /// The key of a well-formed request, nil for any other (section 4.2.1).
    static func key(of head: HTTPRequestHead) -> String? {
        let keys = head.headers["sec-websocket-key"]
        guard
            head.method == .GET, head.version == .http1_1, self.hasKnownVersion(head),
            keys.count == 1, Base64.decode(ArraySlice(keys[0].utf8))?.count == 16
        else { return nil }
        return keys[0]
    }

    /// Whether the request speaks version 13, the only one there is.
    static func hasKnownVersion(_ head: HTTPRequestHead) -> Bool {
        head.headers["sec-websocket-version"] == ["13"]
    }

    /// The 101 response as bytes (section 4.2.2).
    ///
    /// No subprotocol and no extension are negotiated.
    ///
    /// - Parameters:
    ///   - key: the request's key.
    ///   - headers: CORS headers, which the reference also puts here.
    /// - Returns: the response, ready to be written.
    static func response(key: String, headers: [(String, String)]) -> ByteBuffer {
        let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        let accept = String(decoding: Base64.encode(Array(Insecure.SHA1.hash(data: text))), as: UTF8.self)
        var buffer = ByteBuffer(
            string: "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        )
        buffer.writeString("sec-websocket-accept: \(accept)\r\n")
        for (name, value) in headers {
            buffer.writeString("\(name): \(value)\r\n")
        }
        buffer.writeString("\r\n")
        return buffer
    }
}
