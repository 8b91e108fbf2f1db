import CRDT
import Collaboration
import SocketIOProtocol

/// A thin client's operation as JSON (design section 4).
///
///     {"text": path, "at": n, "delete": n, "insert": string}
///     {"list": path, "at": n, "delete": n, "insert": [value, ...]}
///     {"list": path, "move": [from, to]}
///     {"map": path, "key": string, "set": value}
///     {"map": path, "key": string, "unset": true}
///
/// `delete` and `insert` may be left out. Values are those of ``WireContent``, paths those of `ContainerPath`.
enum WireEdit {
    /// An operation as it is sent.
    static func json(_ edit: PathEdit) -> JSON {
        let path = JSON.string(edit.path.string)
        switch edit.action {
        case .text(let offset, let deleteCount, let insert):
            return [
                "text": path, "at": .int(offset), "delete": .int(deleteCount),
                "insert": .string(String(decoding: insert, as: UTF16.self)),
            ]
        case .list(let index, let deleteCount, let insert):
            return [
                "list": path, "at": .int(index), "delete": .int(deleteCount),
                "insert": .array(insert.map(WireContent.json)),
            ]
        case .move(let from, let to):
            return ["list": path, "move": [.int(from), .int(to)]]
        case .set(let key, let content):
            let key = JSON.string(String(decoding: key, as: UTF8.self))
            guard let content else { return ["map": path, "key": key, "unset": true] }
            return ["map": path, "key": key, "set": WireContent.json(content)]
        }
    }

    /// An operation that came in.
    ///
    /// - Throws: `INVALID_ARGUMENT`.
    static func edit(_ operation: JSON) throws(RequestError) -> PathEdit {
        guard let members = operation.objectValue else { throw invalid("an op must be an object") }
        switch (members["text"], members["list"], members["map"]) {
        case (let path?, nil, nil):
            guard let insert = (members["insert"] ?? "").stringValue else { throw invalid("insert must be a string") }
            let action = PathEdit.Action.text(
                utf16Offset: try number(members["at"], "at"),
                deleteCount: try number(members["delete"] ?? 0, "delete"),
                insert: Array(insert.utf16)
            )
            return PathEdit(path: try self.path(path), action: action)
        case (nil, let path?, nil):
            return PathEdit(path: try self.path(path), action: try listAction(members))
        case (nil, nil, let path?):
            return PathEdit(path: try self.path(path), action: try mapAction(members))
        default:
            throw invalid("an op names one text, list or map")
        }
    }

    private static func listAction(_ members: JSONObject) throws(RequestError) -> PathEdit.Action {
        if let move = members["move"] {
            guard members["at"] == nil, members["delete"] == nil, members["insert"] == nil else {
                throw invalid("an op moves an item or is a splice, not both")
            }
            guard let ends = move.arrayValue, ends.count == 2 else { throw invalid("move must be [from, to]") }
            return .move(from: try number(ends[0], "from"), to: try number(ends[1], "to"))
        }
        guard let values = (members["insert"] ?? []).arrayValue else { throw invalid("insert must be an array") }
        var insert: [Content] = []
        insert.reserveCapacity(values.count)
        for value in values { insert.append(try WireContent.content(value)) }
        return .list(
            index: try number(members["at"], "at"),
            deleteCount: try number(members["delete"] ?? 0, "delete"),
            insert: insert
        )
    }

    private static func mapAction(_ members: JSONObject) throws(RequestError) -> PathEdit.Action {
        guard let key = members["key"]?.stringValue else { throw invalid("key must be a string") }
        switch (members["set"], members["unset"]) {
        case (let value?, nil): return .set(key: try WireContent.key(key), content: try WireContent.content(value))
        case (nil, .bool(true)): return .set(key: try WireContent.key(key), content: nil)
        default: throw invalid("an op on a map has set, or unset: true")
        }
    }

    private static func path(_ value: JSON) throws(RequestError) -> ContainerPath {
        guard let text = value.stringValue, let path = ContainerPath(text) else {
            throw invalid(
                "a path is a root's name of 1 to \(RootName.maximumUTF8Count) bytes and up to "
                    + "\(ContainerPath.maximumStepCount) steps, with / and ~ in them written ~1 and ~0"
            )
        }
        return path
    }

    private static func number(_ value: JSON?, _ name: String) throws(RequestError) -> Int {
        guard let number = value?.intValue, number >= 0 else { throw invalid("\(name) must be a whole number") }
        return number
    }

    private static func invalid(_ message: String) -> RequestError { RequestError(.invalidArgument, message) }
}
