/// Who was given, or denied, a role for one document beside what tokens grant.
///
/// An assignment decides alone: it raises and lowers what the user's token grants. Two kinds of participants it never
/// concerns: guests, whose ids belong to nobody, and whoever administers the whole server, so that no document can be left
/// without anybody who may manage it.
public struct DocumentRoles: Sendable {
    /// What a token grants for the document.
    public struct Grant: Hashable, Sendable {
        /// The role; `nil` when the token grants none.
        public var role: Role?
        /// Whether no assignment changes it.
        public var isFinal: Bool

        /// A grant with its parts.
        public init(role: Role?, isFinal: Bool = false) {
            self.role = role
            self.isFinal = isFinal
        }
    }

    private var assigned: [String: Role?] = [:]

    /// The roles that were assigned so far.
    public init(_ assignments: [RoleAssignment] = []) {
        for assignment in assignments { assigned.updateValue(assignment.role, forKey: assignment.user) }
    }

    /// What a user may do; `nil` for nothing at all.
    public func role(of user: User, granted: Grant) -> Role? {
        if granted.isFinal || user.isAnonymous { return granted.role }
        return assigned[user.id] ?? granted.role
    }

    /// Takes an assignment, or with `nil` takes one back.
    public mutating func assign(_ assignment: RoleAssignment?, to user: String) {
        if let assignment {
            assigned.updateValue(assignment.role, forKey: user)
        } else {
            assigned.removeValue(forKey: user)
        }
    }
}

/// One user's role for one document, as somebody set it.
public struct RoleAssignment: Hashable, Sendable {
    /// The user's id (`sub`).
    public var user: String
    /// The role; `nil` bars the user from the document.
    public var role: Role?
    /// The id of the user who set it.
    public var author: String
    /// When it was set, in milliseconds since 1970.
    public var timestamp: Int64

    /// An assignment with all its parts.
    public init(user: String, role: Role?, author: String, timestamp: Int64) {
        self.user = user
        self.role = role
        self.author = author
        self.timestamp = timestamp
    }
}
