/// Why a store did not do what it was asked.
///
/// Equal when the codes are.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: String, Sendable {
        /// Stored bytes do not match their checksum, or rows are missing. A restore from a backup helps, retrying does
        /// not.
        case damaged = "DAMAGED"
        /// The document exists already, or the revision does.
        case conflict = "CONFLICT"
        /// There is no such document.
        case unknownDocument = "UNKNOWN_DOCUMENT"
        /// There are as many of these as there may be.
        case tooMany = "TOO_MANY"
        /// The log does not reach to the revision, or no more.
        case notRetained = "NOT_RETAINED"
        /// More waits to be written than the store holds. Retry later.
        case overloaded = "OVERLOADED"
        /// An earlier entry of the document failed; load it again first.
        case poisoned = "POISONED"
        /// The disk or the database said no (full, read-only, I/O error).
        case ioFailure = "IO_FAILURE"
        /// Another process has the database open.
        case inUse = "IN_USE"
        /// The store was closed.
        case closed = "CLOSED"
    }

    /// What went wrong.
    public let code: Code
    /// The details, for logs and people; holds no content of documents.
    public let message: String

    /// An error with its details.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Code and details.
    public var description: String { "\(code.rawValue): \(message)" }

    /// Compares the codes only.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// Hashes the code only.
    public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
