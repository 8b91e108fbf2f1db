import ArgumentParser
import QuireServer

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `quire token`.
struct Token: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a token, for trying things out.",
        discussion: """
            quire token --sub ada --name Ada --docs 'notes-*=write' --docs '*=read' --ttl 3600
            """
    )

    @OptionGroup
    var secret: SecretOptions

    @Option(help: "The user's id.")
    var sub: String

    @Option(help: "The user's name, as others see it.")
    var name: String?

    @Option(
        help: ArgumentHelp(
            """
            Documents and the role for them: read, comment, write or admin. May be repeated. Without it: write, \
            everywhere.
            """,
            valueName: "pattern=role"
        )
    )
    var docs: [String] = []

    @Option(help: "Seconds until the token ends.")
    var ttl = 3600

    func validate() throws {
        guard let secret = secret.secret(environment: Environment.variables) else {
            throw ValidationError("a secret is needed: set --jwt-secret or \(Environment.secretName)")
        }
        do {
            try secret.validate()
        } catch {
            throw ValidationError("\(error)")
        }
        guard !sub.isEmpty else { throw ValidationError("--sub must not be empty") }
        guard ttl > 0 else { throw ValidationError("--ttl must be at least 1") }
        _ = try grants()
    }

    func run() async throws {
        guard let secret = secret.secret(environment: Environment.variables) else { throw ExitCode.failure }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let claims = Claims(
            sub: sub,
            name: name,
            exp: Double(now.tv_sec) + Double(ttl),
            iat: Double(now.tv_sec),
            jti: TokenIssuer.makeTokenID(),
            docs: try grants()
        )
        print(try await TokenIssuer(secret: secret, keyID: self.secret.jwtKeyID).token(for: claims))
    }

    private func grants() throws -> [String: String]? {
        guard !docs.isEmpty else { return nil }
        var grants: [String: String] = [:]
        for entry in docs {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, ["read", "comment", "write", "admin"].contains(parts[1]) else {
                throw ValidationError("--docs takes PATTERN=ROLE, where ROLE is read, comment, write or admin")
            }
            grants[String(parts[0])] = String(parts[1])
        }
        return grants
    }
}
