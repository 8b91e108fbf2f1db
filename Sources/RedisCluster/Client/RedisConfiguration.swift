public import NIOCore
public import NIOSSL
public import RedisWire

/// Where Redis is, who we are there, and what the client's bounds are.
///
/// Neither a description nor a log line shows the password.
public struct RedisConfiguration: Sendable {
    /// The name or the address.
    public var host: String
    /// The port.
    public var port: Int
    /// The user of Redis' access lists; nil for the default one.
    public var username: String?
    /// The password; nil where Redis asks for none.
    public var password: String?
    /// The number of the database.
    ///
    /// Channels have none: what is published reaches all of them.
    public var database: Int
    /// How connections are encrypted; nil for not at all.
    public var tls: TLSConfiguration?

    /// How long making a connection and logging in may take.
    ///
    /// Default 5 s.
    public var connectTimeout: TimeAmount = .seconds(5)
    /// How long a reply may take, the wait for a connection included, where the command does not say.
    ///
    /// Default 5 s. A connection whose oldest command has none by then is closed and made again.
    public var commandTimeout: TimeAmount = .seconds(5)
    /// After how long without a word Redis is asked whether it is there.
    ///
    /// Default 5 s.
    public var pingInterval: TimeAmount = .seconds(5)
    /// The bound on the first wait before connecting again; it doubles with each failure.
    ///
    /// Default 100 ms.
    public var minimumBackoff: TimeAmount = .milliseconds(100)
    /// The bound on every such wait.
    ///
    /// Default 5 s.
    public var maximumBackoff: TimeAmount = .seconds(5)
    /// The most commands that wait: for a connection, or for their replies.
    ///
    /// Default 65,536.
    public var maxQueuedCommands = 65_536
    /// The most bytes of those commands.
    ///
    /// Default 64 MiB. One command may be larger when no other waits.
    public var maxQueuedBytes = 64 << 20
    /// What Redis may send.
    public var limits = RESPParser.Limits()

    /// Redis at an address, without password or encryption.
    public init(host: String = "127.0.0.1", port: Int = 6379) {
        self.host = host
        self.port = port
        self.database = 0
    }

    /// Reads an address such as `rediss://user:password@host:6380/2`.
    ///
    /// `redis` is plain, `rediss` encrypted; all but the scheme and the host may be left out. In user and password, `%40`
    /// stands for an at sign, and so on.
    ///
    /// - Parameters:
    ///   - url: the address.
    ///   - authorities: a file with the certificates in PEM that may vouch for Redis; nil for those the system trusts.
    /// - Throws: when it cannot be used; the error does not repeat the address.
    public init(url: String, authorities: String? = nil) throws(RedisAddressError) {
        let parts = try RedisAddress(url)
        self.init(host: parts.host, port: parts.port)
        self.username = parts.username
        self.password = parts.password
        self.database = parts.database
        guard parts.isEncrypted else {
            guard authorities == nil else { throw .authoritiesWithoutTLS }
            return
        }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let authorities {
            guard let certificates = try? NIOSSLCertificate.fromPEMFile(authorities), !certificates.isEmpty else {
                throw .noAuthorities(file: authorities)
            }
            tls.trustRoots = .certificates(certificates)
        }
        self.tls = tls
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The address without the password.
    public var description: String {
        RedisAddress.shown(
            isEncrypted: self.tls != nil,
            username: self.username,
            hasPassword: self.password != nil,
            host: self.host,
            port: self.port,
            database: self.database
        )
    }

    /// The same.
    public var debugDescription: String { self.description }

    /// Without children, so that `dump` shows no password either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
