import ArgumentParser
import Foundation
import Logging
import QuireServer

/// The environment, as far as the command line asks for it.
enum Environment {
    /// Where the secret may be, so that it need not stand in the list of processes.
    static let secretName = "QUIRE_JWT_SECRET"

    /// The variables that settings come from.
    static var variables: [String: String] {
        ProcessInfo.processInfo.environment.filter { $0.key.hasPrefix("QUIRE_") }
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

    @Option(help: "Seconds that a token is good beyond its end. (default: 0)")
    var jwtLeeway: Int?

    @Flag(help: "Accept tokens that never end.")
    var allowTokensWithoutExpiry = false

    @Flag(help: "Let everybody read /metrics. Where tokens are checked, one with the role admin is needed otherwise.")
    var openMetrics = false

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
    func apply(to configuration: inout ServerConfiguration, _ settings: inout SettingReader) throws {
        configuration.jwtSecret = try settings.secret("jwt-secret", flag: secret.jwtSecret)
        configuration.jwtKeyID = try settings.string("jwt-key-id", flag: secret.jwtKeyID)
        configuration.jwtPublicKeyFiles = try settings.strings("jwt-public-key", flag: jwtPublicKeys)
        configuration.jwks = try settings.strings("jwks", flag: jwks)
        configuration.jwtIssuer = try settings.string("jwt-issuer", flag: jwtIssuer)
        configuration.jwtAudience = try settings.string("jwt-audience", flag: jwtAudience)
        configuration.jwtLeewaySeconds = try settings.int("jwt-leeway", flag: jwtLeeway, default: 0)
        let isEndless = try settings.bool("allow-tokens-without-expiry", flag: allowTokensWithoutExpiry)
        configuration.requiresExpiry = !isEndless
        configuration.openMetrics = try settings.bool("open-metrics", flag: openMetrics)
        configuration.allowAnonymous = try settings.bool("allow-anonymous", flag: allowAnonymous)
        let origins = try settings.strings("allowed-origin", flag: allowedOrigins)
        configuration.allowedOrigins = origins.isEmpty ? nil : origins
        configuration.allowsCredentials = try settings.bool("allow-credentials", flag: allowCredentials)
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

    @Option(help: ArgumentHelp("The least that is logged. (default: info)", valueName: "level"))
    var logLevel: Level?

    @Option(help: ArgumentHelp("How a line looks. (default: text)", valueName: "format"))
    var logFormat: Format?

    /// What was asked for.
    func read(from settings: inout SettingReader) throws -> Logging {
        let level = try settings.string("log-level", flag: logLevel?.rawValue, default: Level.info.rawValue) ?? ""
        let format = try settings.string("log-format", flag: logFormat?.rawValue, default: Format.text.rawValue) ?? ""
        guard let level = Level(rawValue: level) else {
            throw ValidationError("log-level is one of \(Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard let format = Format(rawValue: format) else {
            throw ValidationError("log-format is one of \(Format.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return Logging(level: level.level, format: format.format)
    }

    /// By the options alone, for commands that have no other settings.
    var byOptions: Logging { Logging(level: (logLevel ?? .info).level, format: (logFormat ?? .text).format) }

    /// Makes loggers.
    struct Logging {
        var level: Logger.Level
        var format: LogFormat

        /// A logger as asked for.
        func makeLogger(label: String, atLeast floor: Logger.Level = .trace) -> Logger {
            Logger(label: label) { StructuredLogHandler(label: $0, format: format, level: max(level, floor)) }
        }
    }
}

/// What clients may ask for.
struct LimitOptions: ParsableArguments {
    @Option(help: LimitOptions.help("Bytes of one message.", ServerLimits().maximumMessageBytes))
    var maxMessageBytes: Int?

    @Option(
        help: LimitOptions.help(
            "Messages of at least so many bytes are compressed where the client offers it; 0 is never.",
            ServerLimits().compressionThresholdBytes
        )
    )
    var compressFromBytes: Int?

    @Option(help: LimitOptions.help("Bytes of one document's content.", ServerLimits().maximumDocumentBytes))
    var maxDocumentBytes: Int?

    @Option(
        help: LimitOptions.help(
            "Documents that one connection may have joined.",
            ServerLimits().documentsPerConnection
        )
    )
    var maxDocuments: Int?

    @Option(help: LimitOptions.help("Bytes of one presence state.", ServerLimits().maximumPresenceBytes))
    var maxPresenceBytes: Int?

    @Option(
        help: LimitOptions.help(
            "Bytes that may wait to be sent to one connection.",
            ServerLimits().maximumBufferedBytes
        )
    )
    var maxBufferedBytes: Int?

    @Option(help: LimitOptions.help("Operations in one edit.", ServerLimits().maximumEditsPerRequest))
    var maxOps: Int?

    @Option(
        help: LimitOptions.help(
            "Messages a second and connection; 0 is no limit.",
            ServerLimits().messagesPerSecond
        )
    )
    var messagesPerSecond: Int?

    @Option(help: LimitOptions.help("Bytes a second and connection; 0 is no limit.", ServerLimits().bytesPerSecond))
    var bytesPerSecond: Int?

    @Option(
        help: LimitOptions.help(
            "New connections a second from one address; 0 is no limit.",
            ServerLimits().connectionsPerSecondPerAddress
        )
    )
    var connectionsPerSecond: Int?

    @Option(
        help: LimitOptions.help(
            "Connections of one address at a time; 0 is no limit.",
            ServerLimits().connectionsPerAddress
        )
    )
    var connectionsPerAddress: Int?

    @Option(
        help: LimitOptions.help(
            "Seconds after which an idle document leaves memory.",
            ServerLimits().idleUnloadSeconds
        )
    )
    var idleSeconds: Int?

    @Option(
        help: LimitOptions.help(
            "Seconds without writing after which a version of a document is kept; 0 keeps only named ones.",
            ServerLimits().versionQuietSeconds
        )
    )
    var versionQuietSeconds: Int?

    @Option(
        help: LimitOptions.help(
            "Seconds of writing after which a version is kept all the same.",
            ServerLimits().versionIntervalSeconds
        )
    )
    var versionIntervalSeconds: Int?

    @Option(
        help: LimitOptions.help(
            "Revisions after which a document is saved as a whole.",
            ServerLimits().snapshotRevisions
        )
    )
    var snapshotRevisions: Int?

    @Option(
        help: LimitOptions.help(
            "Seconds after which what was written is saved as a whole at the latest.",
            ServerLimits().snapshotSeconds
        )
    )
    var snapshotSeconds: Int?

    @Option(
        help: LimitOptions.help(
            "Revisions that the log keeps behind the snapshots, at least.",
            ServerLimits().retainedRevisions
        )
    )
    var retainedRevisions: Int?

    @Option(help: LimitOptions.help("Seconds that a graceful shutdown may take.", ServerLimits().shutdownSeconds))
    var shutdownSeconds: Int?

    private static func help(_ text: String, _ value: Int) -> ArgumentHelp { "\(text) (default: \(value))" }

    /// The limits.
    func read(from settings: inout SettingReader) throws -> ServerLimits {
        let settable: [(String, Int?, WritableKeyPath<ServerLimits, Int>)] = [
            ("max-message-bytes", maxMessageBytes, \.maximumMessageBytes),
            ("compress-from-bytes", compressFromBytes, \.compressionThresholdBytes),
            ("max-document-bytes", maxDocumentBytes, \.maximumDocumentBytes),
            ("max-documents", maxDocuments, \.documentsPerConnection),
            ("max-presence-bytes", maxPresenceBytes, \.maximumPresenceBytes),
            ("max-buffered-bytes", maxBufferedBytes, \.maximumBufferedBytes),
            ("max-ops", maxOps, \.maximumEditsPerRequest),
            ("messages-per-second", messagesPerSecond, \.messagesPerSecond),
            ("bytes-per-second", bytesPerSecond, \.bytesPerSecond),
            ("connections-per-second", connectionsPerSecond, \.connectionsPerSecondPerAddress),
            ("connections-per-address", connectionsPerAddress, \.connectionsPerAddress),
            ("idle-seconds", idleSeconds, \.idleUnloadSeconds),
            ("version-quiet-seconds", versionQuietSeconds, \.versionQuietSeconds),
            ("version-interval-seconds", versionIntervalSeconds, \.versionIntervalSeconds),
            ("snapshot-revisions", snapshotRevisions, \.snapshotRevisions),
            ("snapshot-seconds", snapshotSeconds, \.snapshotSeconds),
            ("retained-revisions", retainedRevisions, \.retainedRevisions),
            ("shutdown-seconds", shutdownSeconds, \.shutdownSeconds),
        ]
        var limits = ServerLimits()
        for (name, flag, field) in settable {
            limits[keyPath: field] = try settings.int(name, flag: flag, default: limits[keyPath: field])
        }
        return limits
    }
}
