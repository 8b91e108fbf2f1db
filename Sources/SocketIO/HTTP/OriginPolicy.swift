/// Decides which browser origins are let in; the same answer for polling, preflight and WebSocket.
///
/// A server that answers other HTTP requests on the same port asks it as well, so that one rule holds for all. CORS alone does not protect a WebSocket: browsers open them across origins without asking, so the server must look.
public struct OriginPolicy: Sendable {
    private enum Rule: Sendable {
        case exact(scheme: String, authority: String)
        /// Any sub-domain: the authority ends with this, which starts with a dot.
        case subdomains(scheme: String, suffix: String)
    }

    /// The value of `Access-Control-Allow-Origin` is `*`.
    public let allowsAny: Bool
    /// Whether `Access-Control-Allow-Credentials` goes along.
    public let allowsCredentials: Bool
    private let rules: [Rule]

    /// A policy.
    ///
    /// - Parameters:
    ///   - allowedOrigins: origins such as `https://example.com`, `https://*.example.com` for any sub-domain, or `*`;
    ///     nil lets in pages of this server only.
    ///   - allowsCredentials: whether pages of other origins may send cookies along; never with `*`.
    public init(allowedOrigins: [String]?, allowsCredentials: Bool) {
        self.allowsAny = allowedOrigins?.contains("*") ?? false
        self.allowsCredentials = allowsCredentials && !self.allowsAny
        self.rules = (allowedOrigins ?? []).compactMap { origin in
            guard let (scheme, authority) = Self.split(origin) else { return nil }
            return authority.hasPrefix("*.")
                ? .subdomains(scheme: scheme, suffix: String(authority.dropFirst()))
                : .exact(scheme: scheme, authority: authority)
        }
    }

    /// Whether a text is something for the list of allowed origins: an origin, one with `*.` before its host, or `*`.
    public static func isPattern(_ text: String) -> Bool {
        guard text != "*" else { return true }
        guard let (_, authority) = self.split(text) else { return false }
        let host = authority.hasPrefix("*.") ? authority.dropFirst(2) : authority[...]
        return !host.isEmpty && !host.contains("*")
    }

    /// Whether a request with these headers may proceed.
    ///
    /// - Parameters:
    ///   - origin: the `Origin` header; without one the client is no browser, and is let in.
    ///   - host: the `Host` header.
    /// - Returns: false when a browser sends it from a page that is not let in.
    public func admits(origin: String?, host: String?) -> Bool {
        guard let origin, !self.allowsAny else { return true }
        guard let (scheme, authority) = Self.split(origin) else { return false }
        if Self.isSameOrigin(origin, host: host) { return true }
        return self.rules.contains { rule in
            switch rule {
            case .exact(let ruleScheme, let ruleAuthority):
                ruleScheme == scheme && ruleAuthority == authority
            case .subdomains(let ruleScheme, let suffix):
                ruleScheme == scheme && authority.hasSuffix(suffix) && authority.utf8.count > suffix.utf8.count
            }
        }
    }

    /// Whether the page came from this server itself, so that no CORS header is needed.
    ///
    /// Behind a proxy that ends TLS the scheme is unknown here, so the host alone decides.
    public static func isSameOrigin(_ origin: String, host: String?) -> Bool {
        guard let (scheme, authority) = Self.split(origin), let host else { return false }
        return Self.withoutDefaultPort(host.lowercased(), scheme: scheme) == authority
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
