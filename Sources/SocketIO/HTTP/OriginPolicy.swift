/// Decides which browser origins are let in; the same answer for polling, preflight and WebSocket.
///
/// CORS alone does not protect a WebSocket: browsers open them across origins without asking, so the server must look.
struct OriginPolicy: Sendable {
    private enum Rule: Sendable {
        case exact(scheme: String, authority: String)
        /// Any sub-domain: the authority ends with this, which starts with a dot.
        case subdomains(scheme: String, suffix: String)
    }

    /// The value of `Access-Control-Allow-Origin` is `*`.
    let allowsAny: Bool
    /// Whether `Access-Control-Allow-Credentials` goes along.
    let allowsCredentials: Bool
    private let rules: [Rule]

    init(allowedOrigins: [String]?, allowsCredentials: Bool) {
        self.allowsAny = allowedOrigins?.contains("*") ?? false
        self.allowsCredentials = allowsCredentials && !self.allowsAny
        self.rules = (allowedOrigins ?? []).compactMap { origin in
            guard let (scheme, authority) = Self.split(origin) else { return nil }
            return authority.hasPrefix("*.")
                ? .subdomains(scheme: scheme, suffix: String(authority.dropFirst()))
                : .exact(scheme: scheme, authority: authority)
        }
    }

    /// Whether a request with these headers may proceed.
    ///
    /// - Parameters:
    ///   - origin: the `Origin` header; without one the client is no browser, and is let in.
    ///   - host: the `Host` header.
    /// - Returns: false when a browser sends it from a page that is not let in.
    func admits(origin: String?, host: String?) -> Bool {
        guard let origin, !self.allowsAny else { return true }
        guard let (scheme, authority) = Self.split(origin) else { return false }
        // Behind a proxy that ends TLS the scheme is unknown here, so the host alone decides.
        if let host, Self.withoutDefaultPort(host.lowercased(), scheme: scheme) == authority { return true }
        return self.rules.contains { rule in
            switch rule {
            case .exact(let ruleScheme, let ruleAuthority):
                ruleScheme == scheme && ruleAuthority == authority
            case .subdomains(let ruleScheme, let suffix):
                ruleScheme == scheme && authority.hasSuffix(suffix) && authority.utf8.count > suffix.utf8.count
            }
        }
    }

    /// `scheme://host[:port]` in lower case and without the scheme's default port; nil for `null` and anything else.
    private static func split(_ origin: String) -> (scheme: String, authority: String)? {
        let lowercased = origin.lowercased()
        guard let separator = lowercased.firstRange(of: "://") else { return nil }
        let scheme = String(lowercased[..<separator.lowerBound])
        let authority = String(lowercased[separator.upperBound...])
        guard !scheme.isEmpty, !authority.isEmpty, !authority.contains("/") else { return nil }
        return (scheme, self.withoutDefaultPort(authority, scheme: scheme))
    }

    private static func withoutDefaultPort(_ authority: String, scheme: String) -> String {
        let port = scheme == "https" ? ":443" : ":80"
        return authority.hasSuffix(port) ? String(authority.dropLast(port.count)) : authority
    }
}
