/// Why an address of Redis cannot be used.
///
/// None of them repeats the address, which may hold a password.
public enum RedisAddressError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It begins with neither `redis://` nor `rediss://`.
    case unknownScheme
    /// There is no host, or it is not spelt as one.
    case malformedHost
    /// The port is no number from 1 to 65,535.
    case malformedPort
    /// What follows the host is no number of a database.
    case malformedDatabase
    /// `%` without two hex digits, or what they spell is no UTF-8.
    case malformedEscape
    /// A `?` or `#`: there are no such parts.
    case unknownPart
    /// The file holds no certificate in PEM.
    case noAuthorities(file: String)
    /// Authorities were named for a connection without encryption.
    case authoritiesWithoutTLS

    /// What to do about it.
    public var description: String {
        switch self {
        case .unknownScheme: "the address of Redis begins with neither redis:// nor rediss://"
        case .malformedHost: "the address of Redis has no host"
        case .malformedPort: "the port in the address of Redis is no number from 1 to 65535"
        case .malformedDatabase: "the database in the address of Redis is no number, such as /2"
        case .malformedEscape:
            "the user or password in the address of Redis has a % that is not followed by two hex digits"
        case .unknownPart: "the address of Redis has a ? or #; in a password they are written %3F and %23"
        case .noAuthorities(let file): "\(file) holds no certificate in PEM"
        case .authoritiesWithoutTLS: "authorities are of use with rediss:// only"
        }
    }
}

/// An address of Redis taken apart.
struct RedisAddress: Hashable {
    var isEncrypted: Bool
    var username: String?
    var password: String?
    var host: String
    var port: Int
    var database: Int

    init(_ url: String) throws(RedisAddressError) {
        var rest: Substring
        if url.hasPrefix("redis://") {
            (self.isEncrypted, rest) = (false, url.dropFirst("redis://".count))
        } else if url.hasPrefix("rediss://") {
            (self.isEncrypted, rest) = (true, url.dropFirst("rediss://".count))
        } else {
            throw .unknownScheme
        }
        guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else { throw .unknownPart }
        self.database = 0
        // The last at sign: one in a password that was not escaped is what its owner meant.
        let at = rest.lastIndex(of: "@")
        if let slash = rest[(at ?? rest.startIndex)...].firstIndex(of: "/") {
            let digits = rest[rest.index(after: slash)...]
            if !digits.isEmpty {
                guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits), number < 1 << 31
                else { throw .malformedDatabase }
                self.database = number
            }
            rest = rest[..<slash]
        }
        if let at {
            let credentials = rest[..<at]
            rest = rest[rest.index(after: at)...]
            let colon = credentials.firstIndex(of: ":")
            let name = try Self.unescaped(credentials[..<(colon ?? credentials.endIndex)])
            self.username = name.isEmpty ? nil : name
            if let colon {
                let password = try Self.unescaped(credentials[credentials.index(after: colon)...])
                self.password = password.isEmpty ? nil : password
            }
        }
        (self.host, self.port) = try Self.hostAndPort(rest)
    }

    private static func hostAndPort(_ text: Substring) throws(RedisAddressError) -> (String, Int) {
        let host: Substring
        var rest: Substring
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw .malformedHost }
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
        } else {
            let end = text.firstIndex(of: ":") ?? text.endIndex
            (host, rest) = (text[..<end], text[end...])
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }) else {
            throw .malformedHost
        }
        guard !rest.isEmpty else { return (String(host), 6379) }
        guard rest.removeFirst() == ":", rest.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(rest),
            (1...65_535).contains(port)
        else { throw .malformedPort }
        return (String(host), port)
    }

    private static func unescaped(_ text: Substring) throws(RedisAddressError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-"),
                let escaped = UInt8(Substring(digits), radix: 16)
            else { throw .malformedEscape }
            bytes.append(escaped)
            rest.removeFirst(2)
        }
        guard let unescaped = String(validating: bytes, as: UTF8.self) else { throw .malformedEscape }
        return unescaped
    }

    /// An address as it may be shown.
    static func shown(
        isEncrypted: Bool,
        username: String?,
        hasPassword: Bool,
        host: String,
        port: Int,
        database: Int
    ) -> String {
        let scheme = isEncrypted ? "rediss" : "redis"
        let user = (username ?? "") + (hasPassword ? ":<secret>" : "")
        let shownHost = host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://\(user)\(user.isEmpty ? "" : "@")\(shownHost):\(port)\(database == 0 ? "" : "/\(database)")"
    }
}
