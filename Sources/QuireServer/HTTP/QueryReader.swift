import CRDT
import Hummingbird

/// The query of a request, read strictly: what is there must make sense.
struct QueryReader {
    /// The largest number of a revision or a version: JavaScript holds no larger one exactly.
    static let largest: UInt64 = (1 << 53) - 1

    private let request: Request

    init(_ request: Request) { self.request = request }

    /// A parameter's text; `nil` when it is missing.
    func text(_ name: String) -> String? { request.uri.queryParameters[name[...]].map(String.init) }

    /// A whole number within a range.
    func number(_ name: String, in range: ClosedRange<UInt64>) throws(RequestError) -> UInt64? {
        guard let text = text(name) else { return nil }
        guard let number = UInt64(text), range.contains(number) else {
            throw RequestError(.invalidArgument, "\(name) must be between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    /// One of some words.
    func choice(_ name: String, of words: [String]) throws(RequestError) -> String? {
        guard let text = text(name) else { return nil }
        guard words.contains(text) else {
            throw RequestError(.invalidArgument, "\(name) must be one of: \(words.joined(separator: ", "))")
        }
        return text
    }

    /// The root that `root` names.
    func root() throws(RequestError) -> RootName? {
        guard let text = text("root") else { return nil }
        guard let root = try? RootName(string: text) else {
            throw RequestError(.invalidArgument, "a root's name has 1 to \(RootName.maximumUTF8Count) bytes")
        }
        return root
    }
}
