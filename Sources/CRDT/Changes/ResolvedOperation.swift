/// A container as a change that is being validated names it: one that exists, or one that the change itself makes.
struct ResolvedTarget: BitwiseCopyable, Hashable, Sendable {
    /// The number of a container that exists, or `none`.
    var container = ContainerRecord.none
    /// Which of the change's names a root that does not exist yet will have, or `none`.
    var name = ContainerRecord.none
    /// The counter of the change's own element that creates the container, when neither of the others is given.
    var holder: UInt32 = 0
}

/// An operation whose names are found in a document, ready to be done without any further question.
struct ResolvedOperation: BitwiseCopyable, Sendable {
    enum Kind: UInt8, BitwiseCopyable, Sendable {
        case insertAtStart
        case insertAfter
        case insertItemsAtStart
        case insertItemsAfter
        case delete
        case set
        case moveToStart
        case moveAfter
        case restoreText
        case restoreItems
    }

    var kind: Kind
    /// The replica of the origin, of the first element deleted or restored, or of the item; `author` when it is the
    /// change's own.
    var replica = Self.author
    var counter: UInt32 = 0
    /// How many elements.
    var count: UInt32 = 1
    /// Where the units or the values of the operation start among those of the change.
    var start: UInt32 = 0
    /// The key of a map, among those of the change.
    var key: UInt32 = 0
    /// The container that is set in, or at whose start is inserted.
    var target = ResolvedTarget()
    /// Moves: the element after which the item goes.
    var originReplica = Self.author
    var originCounter: UInt32 = 0

    static let author = UInt32.max
}

/// A value whose names are found in a document.
enum ResolvedValue: Sendable {
    case stored(StoredValue)
    case new(ContainerKind)
    case unset
}
