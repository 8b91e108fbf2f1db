import ArgumentParser
import Logging
import QuireServer

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The environment, as far as the command line asks for it.
enum Environment {
    /// Where the secret may be, so that it need not stand in the list of processes.
    static let secretName = "QUIRE_JWT_SECRET"

    /// The variables that are asked for.
    static var variables: [String: String] {
        guard let value = getenv(secretName) else { return [:] }
        return [secretName: String(cString: value)]
    }
}

/// The secret that tokens are signed with.
struct SecretOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The HS256 secret of tokens. Better given as QUIRE_JWT_SECRET: others can see command lines.",
            valueName: "secret"
        )
    )
    var jwtSecret: String?

    @Option(help: ArgumentHelp("The `kid` of that secret; tokens that name another are refused.", valueName: "id"))
    var jwtKeyID: String?

    /// The secret from the command line, else from the environment.
    func secret(environment: [String: String]) -> Secret? {
        (jwtSecret ?? environment[Environment.secretName]).map { Secret($0) }
    }
}

/// Who may connect.
struct AccessOptions: ParsableArguments {
    @OptionGroup
    var secret: SecretOptions

    @Option(
        name: .customLong("jwt-public-key"),
        help: ArgumentHelp(
            "A file with public keys in PEM, for RS256, ES256 and EdDSA. May be repeated. Read again every 5 minutes.",
            valueName: "file"
        )
    )
    var jwtPublicKeys: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            A JWK set: a file, or an http(s) address, read again when its cache time is over and when a token names a \
            new key. May be repeated.
            """,
            valueName: "file|url"
        )
    )
    var jwks: [String] = []

    @Option(help: ArgumentHelp("The one issuer (`iss`) tokens may come from.", valueName: "issuer"))
    var jwtIssuer: String?

    @Option(help: ArgumentHelp("What a token's audience (`aud`) must contain.", valueName: "audience"))
    var jwtAudience: String?

    @Option(help: "Seconds that a token is good beyond its end.")
    var jwtLeeway = 0

    @Flag(help: "Accept tokens that never end.")
    var allowTokensWithoutExpiry = false

    @Flag(help: "Let clients in without a token, wherever the server listens.")
    var allowAnonymous = false

    @Option(
        name: .customLong("allowed-origin"),
        help: ArgumentHelp(
            """
            An origin whose pages may connect, such as https://example.org or https://*.example.org; * for any. May be repeated. Pages of the \
            server itself always may.
            """,
            valueName: "origin"
        )
    )
    var allowedOrigins: [String] = []

    @Flag(help: "Let pages of those origins send cookies along (CORS with credentials); not with *.")
    var allowCredentials = false

    /// Puts the options into a configuration.
    func apply(to configuration: inout ServerConfiguration, environment: [String: String]) {
        configuration.jwtSecret = secret.secret(environment: environment)
        configuration.jwtKeyID = secret.jwtKeyID
        configuration.jwtPublicKeyFiles = jwtPublicKeys
        configuration.jwks = jwks
        configuration.jwtIssuer = jwtIssuer
        configuration.jwtAudience = jwtAudience
        configuration.jwtLeewaySeconds = jwtLeeway
        configuration.allowsCredentials = allowCredentials
        configuration.requiresExpiry = !allowTokensWithoutExpiry
        configuration.allowAnonymous = allowAnonymous
        configuration.allowedOrigins = allowedOrigins.isEmpty ? nil : allowedOrigins
    }
}

/// What is logged, and how.
///
/// Logs go to standard error.
struct LoggingOptions: ParsableArguments {
    /// The levels, by name.
    enum Level: String, ExpressibleByArgument, CaseIterable {
        case trace, debug, info, notice, warning, error, critical

        /// The level itself.
        var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
    }

    /// How lines look, by name.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json

        /// The format itself.
        var format: LogFormat {
            switch self {
            case .text: .text
            case .json: .json
            }
        }
    }

    @Option(help: ArgumentHelp("The least that is logged.", valueName: "level"))
    var logLevel = Level.info

    @Option(help: ArgumentHelp("How a line looks.", valueName: "format"))
    var logFormat = Format.text

    /// A logger as asked for.
    func makeLogger(label: String, atLeast floor: Logger.Level = .trace) -> Logger {
        Logger(label: label) {
            StructuredLogHandler(label: $0, format: logFormat.format, level: max(logLevel.level, floor))
        }
    }
}

/// What clients may ask for.
struct LimitOptions: ParsableArguments {
    @Option(help: "Bytes of one message.")
    var maxMessageBytes = ServerLimits().maximumMessageBytes

    @Option(help: "Messages of at least so many bytes are compressed where the client offers it; 0 is never.")
    var compressFromBytes = ServerLimits().compressionThresholdBytes

    @Option(help: "Bytes of one document's content.")
    var maxDocumentBytes = ServerLimits().maximumDocumentBytes

    @Option(help: "Documents that one connection may have joined.")
    var maxDocuments = ServerLimits().documentsPerConnection

    @Option(help: "Bytes of one presence state.")
    var maxPresenceBytes = ServerLimits().maximumPresenceBytes

    @Option(help: "Bytes that may wait to be sent to one connection.")
    var maxBufferedBytes = ServerLimits().maximumBufferedBytes

    @Option(help: "Operations in one edit.")
    var maxOps = ServerLimits().maximumEditsPerRequest

    @Option(help: "Messages a second and connection; 0 is no limit.")
    var messagesPerSecond = ServerLimits().messagesPerSecond

    @Option(help: "Bytes a second and connection; 0 is no limit.")
    var bytesPerSecond = ServerLimits().bytesPerSecond

    @Option(help: "New connections a second from one address; 0 is no limit.")
    var connectionsPerSecond = ServerLimits().connectionsPerSecondPerAddress

    @Option(help: "Connections of one address at a time; 0 is no limit.")
    var connectionsPerAddress = ServerLimits().connectionsPerAddress

    @Option(help: "Seconds after which an idle document leaves memory.")
    var idleSeconds = ServerLimits().idleUnloadSeconds

    @Option(help: "Seconds without writing after which a version of a document is kept; 0 keeps only named ones.")
    var versionQuietSeconds = ServerLimits().versionQuietSeconds

    @Option(help: "Seconds of writing after which a version is kept all the same.")
    var versionIntervalSeconds = ServerLimits().versionIntervalSeconds

    @Option(help: "Seconds that a graceful shutdown may take.")
    var shutdownSeconds = ServerLimits().shutdownSeconds

    /// The limits.
    var serverLimits: ServerLimits {
        var limits = ServerLimits()
        limits.maximumMessageBytes = maxMessageBytes
        limits.compressionThresholdBytes = compressFromBytes
        limits.maximumDocumentBytes = maxDocumentBytes
        limits.documentsPerConnection = maxDocuments
        limits.maximumPresenceBytes = maxPresenceBytes
        limits.maximumBufferedBytes = maxBufferedBytes
        limits.maximumEditsPerRequest = maxOps
        limits.messagesPerSecond = messagesPerSecond
        limits.bytesPerSecond = bytesPerSecond
        limits.connectionsPerSecondPerAddress = connectionsPerSecond
        limits.connectionsPerAddress = connectionsPerAddress
        limits.idleUnloadSeconds = idleSeconds
        limits.versionQuietSeconds = versionQuietSeconds
        limits.versionIntervalSeconds = versionIntervalSeconds
        limits.shutdownSeconds = shutdownSeconds
        return limits
    }
}
