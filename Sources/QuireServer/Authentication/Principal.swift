import Collaboration

/// Who a client is and what it may do, as its token says.
struct Principal: Sendable {
    /// The user others see.
    var user: User

    /// What the token grants.
    var grants: DocumentGrants

    /// When the token ends, in seconds since 1970; nil for a guest and for a token without an end.
    var expiresAt: Double?

    /// The token's id (`jti`), by which it can be revoked alone.
    var tokenID: String?

    /// When the token was made (`iat`), in seconds since 1970.
    var issuedAt: Double?

    /// The role for one document; nil when there is none.
    func role(for document: DocumentID) -> Role? { grants.role(for: document) }

    /// What the token grants for one document, beside which roles may be assigned.
    func grant(for document: DocumentID) -> DocumentRoles.Grant {
        isAdministrator ? .init(role: .admin, isFinal: true) : .init(role: role(for: document))
    }

    /// Whether it may see and do what concerns the whole server: the claim has `"*": "admin"`.
    var isAdministrator: Bool { grants.administersEverything }
}

/// Which documents somebody has which role for.
struct DocumentGrants: Sendable, Equatable {
    private var everything: Role?
    private var rules: [Rule]

    /// One entry of the `docs` claim.
    private struct Rule: Sendable, Equatable {
        var prefix: String
        var isExact: Bool
        var role: Role
    }

    /// The same role for every document.
    init(everything role: Role) {
        self.everything = role
        self.rules = []
    }

    /// Reads a `docs` claim: patterns to role names.
    ///
    /// A pattern is a document id, or the beginning of one and a `*`. Nil when a role is unknown.
    init?(claim: [String: String]) {
        everything = nil
        rules = []
        for (pattern, name) in claim {
            guard let role = Role(claim: name) else { return nil }
            let isExact = pattern.last != "*"
            rules.append(Rule(prefix: isExact ? pattern : String(pattern.dropLast()), isExact: isExact, role: role))
        }
        // The most specific rule decides, so that `"*": "write", "minutes-*": "read"` says what it seems to.
        rules.sort { left, right in
            if left.isExact != right.isExact { return left.isExact }
            return left.prefix.utf8.count > right.prefix.utf8.count
        }
    }

    /// Whether the rule for documents that no other rule names is `admin`.
    var administersEverything: Bool {
        everything == .admin || rules.contains { !$0.isExact && $0.prefix.isEmpty && $0.role == .admin }
    }

    /// The role of the most specific rule that matches.
    func role(for document: DocumentID) -> Role? {
        if let everything { return everything }
        let name = document.rawValue
        return rules.first { $0.isExact ? $0.prefix == name : name.hasPrefix($0.prefix) }?.role
    }
}

extension Role {
    /// The role a claim names.
    init?(claim: String) {
        switch claim {
        case "read": self = .read
        case "comment": self = .comment
        case "write": self = .write
        case "admin": self = .admin
        default: return nil
        }
    }

    /// The role's name in claims and on the wire.
    var name: String {
        switch self {
        case .read: return "read"
        case .comment: return "comment"
        case .write: return "write"
        case .admin: return "admin"
        }
    }
}
