/// Where a server is: the parts of `http://host:port/prefix`.
///
/// `ws` and `http` mean the same, and so do `wss` and `https`: the client opens both kinds of requests at one address.
public struct ServerAddress: Hashable, Sendable {
    /// The host's name or address; IPv6 without brackets.
    public let host: String
    /// The port.
    public let port: Int
    /// Whether TLS is asked for.
    public let isSecure: Bool
    /// What stands before `/socket.io/` and `/v1/`: empty, or a path that begins and does not end with a slash.
    public let prefix: String

    /// Reads a URL.
    ///
    /// - Throws: `INVALID_URL` when it has no host, another scheme, or a user, query or fragment.
    public init(_ url: String) throws(QuireError) {
        func fail(_ why: String) -> QuireError {
            QuireError(code: .invalidURL, message: "\(url): \(why)")
        }
        let bytes = Array(url.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8) else {
            throw fail("no scheme; write http://host:port")
        }
        switch String(decoding: bytes[..<colon], as: UTF8.self).lowercased() {
        case "http", "ws": self.isSecure = false
        case "https", "wss": self.isSecure = true
        default: throw fail("the scheme is none of http, https, ws, wss")
        }
        let rest = bytes[(colon + 3)...]
        // Control characters and spaces would end up in a request line.
        guard rest.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !Array("?#@\\".utf8).contains($0) }) else {
            throw fail("a character that the address may not have")
        }
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        var path = rest[slash...]
        while path.last == UInt8(ascii: "/") { path.removeLast() }
        self.prefix = String(decoding: path, as: UTF8.self)

        let authority = rest[..<slash]
        let hostBytes: ArraySlice<UInt8>
        var portBytes: ArraySlice<UInt8>
        if authority.first == UInt8(ascii: "[") {
            guard let close = authority.firstIndex(of: UInt8(ascii: "]")) else { throw fail("no closing bracket") }
            hostBytes = authority[(authority.startIndex + 1)..<close]
            portBytes = authority[(close + 1)...]
        } else {
            let end = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
            hostBytes = authority[..<end]
            portBytes = authority[end...]
        }
        guard !hostBytes.isEmpty else { throw fail("no host") }
        self.host = String(decoding: hostBytes, as: UTF8.self)
        if portBytes.isEmpty {
            self.port = self.isSecure ? 443 : 80
        } else {
            guard
                portBytes.removeFirst() == UInt8(ascii: ":"),
                let port = Int(String(decoding: portBytes, as: UTF8.self)), (1...65_535).contains(port)
            else { throw fail("the port is not 1 to 65535") }
            self.port = port
        }
    }

    /// The `Host` header.
    var authority: String {
        let name = self.host.contains(":") ? "[\(self.host)]" : self.host
        return self.port == (self.isSecure ? 443 : 80) ? name : "\(name):\(self.port)"
    }
}
