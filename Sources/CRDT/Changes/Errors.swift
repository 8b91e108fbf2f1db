/// Why bytes are not what they should be.
///
/// Nothing was changed by the attempt to read them.
public enum FormatError: Error, Hashable, Sendable {
    /// The bytes end in the middle of a value.
    case truncated
    /// The first byte is not one of this format.
    case badMagic
    /// Written by another version of the format: a later one, or one before the first release.
    case unsupportedVersion
    /// The checksum does not match: the bytes were damaged.
    case badChecksum
    /// Text that is not well-formed UTF-8.
    case illFormedUTF8
    /// Text that holds half a surrogate pair.
    case illFormedUTF16
    /// A number that is too large for what it counts.
    case overflow
    /// More of something than the limits allow.
    case limitExceeded
    /// There is something after the end.
    case trailingBytes
    /// An operation of a kind that this version does not know.
    case unknownOperation
    /// Numbers that contradict each other.
    case invalid

    /// A constant name for logs and for the wire.
    public var code: String {
        switch self {
        case .truncated: "TRUNCATED"
        case .badMagic: "BAD_MAGIC"
        case .unsupportedVersion: "UNSUPPORTED_VERSION"
        case .badChecksum: "BAD_CHECKSUM"
        case .illFormedUTF8: "ILL_FORMED_UTF8"
        case .illFormedUTF16: "ILL_FORMED_UTF16"
        case .overflow: "OVERFLOW"
        case .limitExceeded: "LIMIT_EXCEEDED"
        case .trailingBytes: "TRAILING_BYTES"
        case .unknownOperation: "UNKNOWN_OPERATION"
        case .invalid: "INVALID"
        }
    }
}

/// Why a well-formed change cannot be applied.
///
/// The document is as it was before.
public enum ChangeError: Error, Hashable, Sendable {
    /// The change's bytes are damaged.
    case format(FormatError)
    /// The document lacks changes that this one depends on.
    case notReady
    /// The document has a change of that replica and sequence already.
    case duplicate
    /// It inserts after an element that does not exist.
    case unknownOrigin
    /// It deletes an element that does not exist, or more elements than there are.
    case unknownElement
    /// It inserts between the halves of a surrogate pair, or deletes one half.
    case splitsSurrogatePair
    /// Too many changes wait for others.
    case backlogFull
    /// The document cannot hold that many elements.
    case documentTooLarge
    /// The document cannot have that many roots.
    case tooManyRoots
    /// Its Lamport timestamp is above what its dependencies can explain.
    case lamportTooLarge
    /// Its Lamport timestamp is not above that of an element it inserts after.
    case lamportTooSmall
    /// It edits a container that does not exist.
    case unknownContainer
    /// It names an element or a container of another kind, or of another container, than the operation is for.
    case wrongKind
    /// It creates containers in containers deeper than 64.
    case nestingTooDeep
    /// What it restores is not what was deleted.
    case contentMismatch
    /// A transaction is open: it is to be committed first.
    case transactionOpen

    /// A constant name for logs and for the wire.
    public var code: String {
        switch self {
        case .format(let error): error.code
        case .notReady: "NOT_READY"
        case .duplicate: "DUPLICATE"
        case .unknownOrigin: "UNKNOWN_ORIGIN"
        case .unknownElement: "UNKNOWN_ELEMENT"
        case .splitsSurrogatePair: "SPLITS_SURROGATE_PAIR"
        case .backlogFull: "BACKLOG_FULL"
        case .documentTooLarge: "DOCUMENT_TOO_LARGE"
        case .tooManyRoots: "TOO_MANY_ROOTS"
        case .lamportTooLarge: "LAMPORT_TOO_LARGE"
        case .lamportTooSmall: "LAMPORT_TOO_SMALL"
        case .unknownContainer: "UNKNOWN_CONTAINER"
        case .wrongKind: "WRONG_KIND"
        case .nestingTooDeep: "NESTING_TOO_DEEP"
        case .contentMismatch: "CONTENT_MISMATCH"
        case .transactionOpen: "TRANSACTION_OPEN"
        }
    }
}

/// Why a local edit was refused.
///
/// The document is as it was before.
public enum EditError: Error, Hashable, Sendable {
    /// The offset or the count reaches outside of the text.
    case outOfBounds
    /// The offset or the end of the deletion lies between the halves of a surrogate pair.
    case splitsSurrogatePair
    /// The inserted text is not well-formed UTF-16.
    case illFormedText
    /// The document or the change would become too large.
    case tooLarge
    /// A nested container that does not exist.
    case unknownContainer
    /// A number that is not finite, a string or a key that is not well-formed UTF-8, or a key longer than 256 bytes.
    case invalidValue
    /// Containers in containers deeper than 64.
    case nestingTooDeep

    /// A constant name for logs and for the wire.
    public var code: String {
        switch self {
        case .outOfBounds: "OUT_OF_BOUNDS"
        case .splitsSurrogatePair: "SPLITS_SURROGATE_PAIR"
        case .illFormedText: "ILL_FORMED_TEXT"
        case .tooLarge: "TOO_LARGE"
        case .unknownContainer: "UNKNOWN_CONTAINER"
        case .invalidValue: "INVALID_VALUE"
        case .nestingTooDeep: "NESTING_TOO_DEEP"
        }
    }
}
