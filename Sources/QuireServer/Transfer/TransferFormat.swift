/// In which form a document leaves the server or comes to it.
public enum TransferFormat: String, Sendable, CaseIterable {
    /// One text, in UTF-8.
    case text
    /// Everything that is in it, as over HTTP: `{"doc", "epoch", "rev", "content"}`.
    case json
    /// The engine's own bytes: elements keep their ids, so that replicas of the document can go on with it.
    case snapshot

    /// What names of files end with.
    public var fileExtension: String {
        switch self {
        case .text: "txt"
        case .json: "json"
        case .snapshot: "quire"
        }
    }
}

/// Why a document could not be brought from one place to another.
public struct TransferError: Error, CustomStringConvertible {
    /// For people.
    public let description: String

    init(_ description: String) { self.description = description }
}
