import NIOCore
import SocketIO

/// Everything `quire serve` can be told.
public struct ServerConfiguration: Sendable {
    /// The address to listen at: an IP address or a name.
    public var host = "127.0.0.1"

    /// The port to listen at; 0 takes any free one, which `portFile` and the log then tell.
    public var port = 8080

    /// The certificate that connections are encrypted with; nil for plain HTTP.
    public var tls: TLSFiles?

    /// The SQLite file; made when it does not exist.
    public var databasePath = "quire.sqlite"

    /// The HS256 secret tokens are signed with.
    ///
    /// Without one no token is accepted.
    public var jwtSecret: Secret?

    /// The `kid` of that secret.
    ///
    /// A token that names another key is refused.
    public var jwtKeyID: String?

    /// Files with public keys in PEM, for RS256, ES256 and EdDSA.
    public var jwtPublicKeyFiles: [String] = []

    /// JWK sets: files, or `http` and `https` addresses.
    public var jwks: [String] = []

    /// The one `iss` that tokens must have; nil for any.
    public var jwtIssuer: String?

    /// What `aud` of tokens must contain; nil for anything.
    public var jwtAudience: String?

    /// For how many seconds a token is good beyond its end.
    public var jwtLeewaySeconds = 0

    /// Whether a token without `exp` is refused.
    public var requiresExpiry = true

    /// Whether clients without a token are let in even where that is not safe by itself.
    public var allowAnonymous = false

    /// The folder served at `/`, or nil for none.
    public var samplesDirectory: String?

    /// The folder served at `/sdk/`, which `Sources/QuireWeb/build` fills, or nil for none.
    public var sdkDirectory: String?

    /// Event loops; a document lives on one of them.
    ///
    /// One is right until one core is not enough.
    public var eventLoopCount = 1

    /// Origins that browsers may connect from.
    ///
    /// Nil: only pages of this server itself. `["*"]`: any.
    public var allowedOrigins: [String]?

    /// Whether pages of those origins may send cookies and other credentials along; never with `*`.
    public var allowsCredentials = false

    /// Whether `/metrics` needs no token where others do.
    public var openMetrics = false

    /// Where to write the port once the server listens, for scripts that start it on port 0.
    public var portFile: String?

    /// The Redis over which several servers act as one; nil for a server on its own.
    public var redis: RedisSettings?

    /// Whom the server tells what happens.
    public var webhooks = WebhookConfiguration()

    /// What clients may ask for.
    public var limits = ServerLimits()

    /// The defaults: loopback, port 8080, `quire.sqlite`, anonymous clients welcome.
    public init() {}

    /// Whether `host` is this machine only, so that nobody else can reach the server.
    public var listensOnLoopbackOnly: Bool { LoopbackName.matches(host: host) }

    /// Whether a client without a token is let in.
    ///
    /// On loopback, so that trying things out needs no setup, unless a secret is set: a server behind a reverse proxy
    /// also listens on loopback, and is meant for the whole world.
    var admitsAnonymous: Bool { allowAnonymous || (listensOnLoopbackOnly && !checksTokens) }

    /// Whether there is a key to check tokens with.
    var checksTokens: Bool { jwtSecret != nil || !jwtPublicKeyFiles.isEmpty || !jwks.isEmpty }

    /// What tokens must say.
    var tokenRules: TokenRules {
        TokenRules(
            requiresExpiry: requiresExpiry,
            issuer: jwtIssuer,
            audience: jwtAudience,
            leeway: Double(jwtLeewaySeconds)
        )
    }

    /// Whether anonymous clients must have addressed this machine by a loopback name.
    ///
    /// A page elsewhere can have its own name point at 127.0.0.1 (DNS rebinding), and its requests then look same-
    /// origin.
    var requiresLoopbackHostHeader: Bool { admitsAnonymous && !allowAnonymous }

    /// Refuses what cannot work or is not safe.
    public func validate() throws(ConfigurationError) {
        guard (0...65535).contains(port) else { throw .invalid("--port must be between 0 and 65535") }
        guard !host.isEmpty else { throw .invalid("--host must not be empty") }
        guard !databasePath.isEmpty else { throw .invalid("--database must not be empty") }
        guard (1...256).contains(eventLoopCount) else { throw .invalid("--loops must be between 1 and 256") }
        if let tls { _ = try TLSIdentity(tls) }
        try jwtSecret?.validate()
        guard (0...300).contains(jwtLeewaySeconds) else { throw .invalid("--jwt-leeway must be between 0 and 300") }
        for name in [jwtIssuer, jwtAudience, jwtKeyID] where name?.isEmpty == true {
            throw .invalid("--jwt-issuer, --jwt-audience and --jwt-key-id must not be empty")
        }
        for origin in allowedOrigins ?? [] where !OriginPolicy.isPattern(origin) {
            throw .invalid("--allowed-origin \(origin) is no origin, such as https://example.org")
        }
        guard !allowsCredentials || allowedOrigins?.contains("*") != true else {
            throw .invalid("--allow-credentials needs the origins by name: every page could act as its visitor with *")
        }
        guard listensOnLoopbackOnly || checksTokens || allowAnonymous else { throw .openToAnyone(host: host) }
        try redis?.validate()
        try webhooks.validate()
        try limits.validate()
    }
}

extension Secret {
    /// What HS256 asks for (RFC 7518, section 3.2), so that the secret cannot be guessed from a token.
    static let minimumByteCount = 32

    /// Refuses a secret that is too short.
    public func validate() throws(ConfigurationError) {
        guard byteCount >= Self.minimumByteCount else {
            throw .invalid(
                "the JWT secret has \(byteCount) bytes; HS256 needs \(Self.minimumByteCount), such as `openssl rand -hex 32`"
            )
        }
    }
}

extension ServerLimits {
    /// No limit is larger, so that sums and products of limits never overflow.
    static let largest = 1 << 31

    /// Refuses limits that no request could keep.
    func validate() throws(ConfigurationError) {
        let positive: [(String, Int)] = [
            ("message bytes", maximumMessageBytes), ("documents per connection", documentsPerConnection),
            ("presence bytes", maximumPresenceBytes), ("buffered bytes", maximumBufferedBytes),
            ("document bytes", maximumDocumentBytes), ("waiting requests", maximumWaitingRequests),
            ("edits per request", maximumEditsPerRequest), ("shutdown seconds", shutdownSeconds),
            ("version interval seconds", versionIntervalSeconds), ("snapshot revisions", snapshotRevisions),
            ("snapshot seconds", snapshotSeconds),
        ]
        for (name, value) in positive where !(1...Self.largest).contains(value) {
            throw .invalid("the limit on \(name) must be between 1 and \(Self.largest)")
        }
        let rates: [(String, Int)] = [
            ("messages per second", messagesPerSecond), ("bytes per second", bytesPerSecond),
            ("connections per second", connectionsPerSecondPerAddress),
            ("connections per address", connectionsPerAddress), ("idle seconds", idleUnloadSeconds),
            ("version quiet seconds", versionQuietSeconds), ("retained revisions", retainedRevisions),
        ]
        for (name, value) in rates where !(0...Self.largest).contains(value) {
            throw .invalid("the limit on \(name) must be between 0 and \(Self.largest)")
        }
    }
}

/// Why the server will not start.
public enum ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// A value that cannot work; the text says which and what would.
    case invalid(String)

    /// Without a secret anybody who can reach the address could read and change every document.
    case openToAnyone(host: String)

    /// What to do about it.
    public var description: String {
        switch self {
        case .invalid(let message):
            return message
        case .openToAnyone(let host):
            return """
                refusing to listen on \(host) without a secret: anybody who can reach it could read and change every \
                document. Set --jwt-secret (or QUIRE_JWT_SECRET), listen on 127.0.0.1, or pass --allow-anonymous if \
                that is what you want.
                """
        }
    }
}

/// The names a machine calls itself by.
enum LoopbackName {
    /// Whether a host name, without a port, can only mean this machine.
    static func matches(host: String) -> Bool {
        if host.lowercased() == "localhost" { return true }
        var literal = host
        if literal.first == "[", literal.last == "]" { literal = String(literal.dropFirst().dropLast()) }
        guard let address = try? SocketAddress(ipAddress: literal, port: 0) else { return false }
        switch address {
        case .v4:
            return literal.hasPrefix("127.")
        case .v6:
            return address.ipAddress == "::1"
        case .unixDomainSocket:
            return false
        }
    }

    /// Whether the `Host` header of a request, with or without a port, names this machine only.
    static func matches(hostHeader: String) -> Bool {
        if hostHeader.first == "[" {
            guard let end = hostHeader.firstIndex(of: "]") else { return false }
            return matches(host: String(hostHeader[...end]))
        }
        return matches(host: String(hostHeader.prefix { $0 != ":" }))
    }
}
