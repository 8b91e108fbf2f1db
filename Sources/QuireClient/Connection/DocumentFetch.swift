internal import NIOCore
internal import NIOHTTP1
internal import SocketIOProtocol

/// Reading documents over the server's HTTP interface.
enum DocumentFetch {
    static func text(
        of id: String,
        root: String?,
        token: String?,
        core: ConnectionCore
    ) -> EventLoopFuture<OneShotHTTP.Response> {
        var uri = "\(core.address.prefix)/v1/docs/\(self.escaped(id))?format=text"
        if let root { uri += "&root=\(self.escaped(root))" }
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: uri)
        if let token { head.headers.add(name: "Authorization", value: "Bearer \(token)") }
        return OneShotHTTP.send(
            head,
            to: core.address,
            on: core.eventLoop,
            options: core.configuration.transportOptions,
            timeout: TimeAmount(core.configuration.ackTimeout)
        )
    }

    /// The server's error object, or one made of the status.
    static func error(_ response: OneShotHTTP.Response) -> QuireError {
        if let json = try? JSON.parse(response.body), let code = json["code"]?.stringValue {
            return QuireError(
                code: .init(code),
                message: json["message"]?.stringValue ?? "",
                retryable: json["retryable"]?.boolValue ?? false
            )
        }
        return QuireError(code: .init("HTTP_\(response.status)"), message: "the server answered \(response.status)")
    }

    /// Percent-encodes everything but unreserved characters.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: ":"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += byte < 16 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }
}
