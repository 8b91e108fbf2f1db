/// What a participant may do with a document.
///
/// Each role may do what those below it may.
public enum DocumentRole: String, Comparable, Sendable, CaseIterable {
    /// See the text and who is there.
    case read
    /// Read, and comment on it.
    case comment
    /// Comment, and change the text.
    case write
    /// Write, and manage the document.
    case admin

    /// Whether changes of this role's participants are accepted.
    public var mayWrite: Bool { self >= .write }

    private var rank: Int {
        switch self {
        case .read: 0
        case .comment: 1
        case .write: 2
        case .admin: 3
        }
    }

    /// Whether `left` may do less than `right`.
    public static func < (left: DocumentRole, right: DocumentRole) -> Bool {
        left.rank < right.rank
    }
}
