import CRDT
import Collaboration
import HTTPTypes
import Hummingbird
import SocketIOProtocol

/// How a document is shown over HTTP.
enum DocumentView {
    /// The root that is meant where none is named and there are several, or none yet.
    static let defaultRoot: RootName = "body"

    /// Everything there is.
    static func json(_ id: DocumentID, _ view: DocumentReader.View, _ roots: [RootContent]) -> Response {
        let body: JSON = [
            "doc": .string(id.rawValue),
            "epoch": .string(view.epoch.rawValue),
            "rev": WireValue.revision(view.revision),
            "content": WireValue.content(roots),
        ]
        return HTTPReply.json(body, headers: headers(EntityTag(view.epoch, view.revision)))
    }

    /// One text.
    ///
    /// A text that nobody wrote to is empty, like any text before its first change.
    static func text(_ roots: [RootContent], root: RootName?, headers: HTTPFields = [:]) -> Response {
        let texts = roots.filter { $0.text != nil }
        let found: RootContent?
        if let root {
            found = texts.first { $0.root == root }
        } else if texts.count == 1 {
            found = texts[0]
        } else {
            found = texts.first { $0.root == defaultRoot }
        }
        let bytes = Array((found?.text ?? "").utf8)
        return HTTPReply.bytes(bytes, contentType: "text/plain; charset=utf-8", headers: headers)
    }

    /// What names the state of a document.
    static func headers(_ tag: EntityTag) -> HTTPFields {
        var headers: HTTPFields = [.eTag: tag.description]
        if let name = HTTPField.Name("Quire-Revision") { headers[name] = "\(tag.revision)" }
        return headers
    }
}

/// The entity tag of a document's state: its epoch and its revision.
struct EntityTag: Equatable, CustomStringConvertible {
    var epoch: Epoch
    var revision: Revision

    init(_ epoch: Epoch, _ revision: Revision) {
        self.epoch = epoch
        self.revision = revision
    }

    /// As in `ETag`.
    var description: String { "\"\(epoch)-\(revision)\"" }

    /// The state that an `If-Match` asks for; `nil` when there is no such header or it takes any.
    ///
    /// - Throws: `PRECONDITION_FAILED` for what is no tag of a document: it matches nothing (RFC 9110, section 13.1.1).
    static func wanted(_ request: Request) throws(RequestError) -> EntityTag? {
        guard let header = request.headers[.ifMatch], header != "*" else { return nil }
        let parts = header.dropFirst().dropLast().split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard header.utf8.count <= 256, header.hasPrefix("\""), header.hasSuffix("\""), parts.count == 2,
            let revision = UInt64(parts[1])
        else {
            throw RequestError(.preconditionFailed, "If-Match must be one strong entity tag of the document, or *")
        }
        return EntityTag(Epoch(String(parts[0])), Revision(revision))
    }
}
