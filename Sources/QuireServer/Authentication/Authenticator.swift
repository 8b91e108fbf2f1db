import Collaboration
import Logging
import SocketIOProtocol
import Synchronization

/// Decides who a client is: the owner of its token, or a guest where guests are welcome.
final class Authenticator: Sendable {
    /// The longest name a guest may choose, in characters.
    static let maximumGuestNameLength = 64

    private let verifier: TokenVerifier?
    private let admitsAnonymous: Bool
    private let requiresLoopbackHost: Bool
    /// What is counted, if anybody counts.
    let metrics: ServerMetrics?
    /// Tokens that are good no more.
    let revocations: Revocations
    /// For how many seconds a token is good beyond its end.
    let leeway: Double
    private let guestCount = Atomic<UInt64>(0)

    /// `keys`: What tokens are checked with; nil when there is nothing to check one with.
    init(
        configuration: ServerConfiguration,
        keys: KeyRing?,
        revocations: Revocations = Revocations(),
        metrics: ServerMetrics? = nil
    ) {
        self.metrics = metrics
        self.revocations = revocations
        leeway = configuration.tokenRules.leeway
        verifier = keys.map { TokenVerifier(keys: $0, rules: configuration.tokenRules) }
        admitsAnonymous = configuration.admitsAnonymous
        requiresLoopbackHost = configuration.requiresLoopbackHostHeader
    }

    /// With the secret alone.
    convenience init(configuration: ServerConfiguration) async {
        self.init(
            configuration: configuration,
            keys: await KeyRing(
                configuration: configuration,
                logger: Logger(label: "keys") { _ in SwiftLogNoOpLogHandler() }
            )
        )
    }

    /// What a client showed.
    struct Credentials: Sendable {
        /// The token, from the first of the places where one may be.
        ///
        /// Empty counts as none.
        var token: String?

        /// The name a guest asks for.
        var guestName: String?

        /// The `Host` header.
        var host: String?

        /// A token by itself, of a client that is in already.
        init(token: String) { self.token = token }

        /// What an HTTP request showed.
        init(authorization: String?, queryToken: String?, host: String?) throws(AuthenticationError) {
            self.host = host
            if let authorization, !authorization.isEmpty {
                token = try Self.bearerToken(of: authorization)
            } else {
                token = queryToken.flatMap { $0.isEmpty ? nil : $0 }
            }
        }

        /// What a Socket.IO CONNECT showed: `auth.token` comes before what the handshake's request had.
        init(auth: JSON, authorization: String?, queryToken: String?, host: String?) throws(AuthenticationError) {
            guestName = auth["name"]?.stringValue
            self.host = host
            switch auth["token"] {
            case .string(let given) where !given.isEmpty:
                token = given
            case nil, .null, .string:
                let request = try Self(authorization: authorization, queryToken: queryToken, host: host)
                token = request.token
            default:
                throw .invalid("auth.token is not a string")
            }
        }

        private static func bearerToken(of header: String) throws(AuthenticationError) -> String {
            let parts = header.split(separator: " ", omittingEmptySubsequences: true)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else {
                throw .invalid("the Authorization header is not a bearer token")
            }
            return String(parts[1])
        }
    }

    /// Who shows these credentials.
    ///
    /// `now`: Seconds since 1970.
    func principal(for credentials: Credentials, now: Double) async throws(AuthenticationError) -> Principal {
        if let token = credentials.token {
            guard let verifier else { throw .invalid("no key is configured to check a token with") }
            let principal = try await verifier.principal(of: token, now: now)
            guard !revocations.cover(principal) else { throw .revoked("revoked") }
            return principal
        }
        guard admitsAnonymous else { throw .unauthenticated("no token") }
        if requiresLoopbackHost, let host = credentials.host, !LoopbackName.matches(hostHeader: host) {
            throw .unauthenticated("a guest who calls this machine by another name")
        }
        return guest(named: credentials.guestName)
    }

    private func guest(named wish: String?) -> Principal {
        let number = guestCount.wrappingAdd(1, ordering: .relaxed).newValue
        let name = wish.flatMap(Self.usableName) ?? "Guest \(number)"
        let user = User(id: "anonymous-\(number)", name: name, isAnonymous: true)
        return Principal(user: user, grants: DocumentGrants(everything: .write), expiresAt: nil)
    }

    /// A name as a guest may have it: visible, and no longer than allowed.
    ///
    /// Others see it in their own pages.
    private static func usableName(_ wish: String) -> String? {
        // A `Character` may be made of any number of scalars, hence the bound on bytes as well.
        guard wish.utf8.count <= maximumGuestNameLength * 16 else { return nil }
        let visible = wish.unicodeScalars.filter { scalar in
            switch scalar.properties.generalCategory {
            case .control, .surrogate, .lineSeparator, .paragraphSeparator: return false
            default: return true
            }
        }
        let name = String(String(String.UnicodeScalarView(visible)).prefix(maximumGuestNameLength))
        return name.allSatisfy(\.isWhitespace) ? nil : name
    }
}
