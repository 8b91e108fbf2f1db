import CRDT
import Collaboration
import SocketIOProtocol

/// What a client of `/docs` asks for, taken from the arguments of an event and checked whole: what is here is sound.
enum DocsRequest {
    case join(DocumentID, Join)
    case change(DocumentID, [UInt8])
    case edit(DocumentID, base: Revision, edits: [PathEdit])
    case presence(DocumentID, [UInt8]?)
    case signal(DocumentID, JSON)
    case sync(DocumentID, Version)
    case leave(DocumentID)

    /// What `join` says besides the document.
    struct Join {
        var format: ParticipantFormat
        var version: Version?
        var epoch: Epoch?
        var presence: [UInt8]?
    }

    /// The names of the events.
    static let events = ["join", "change", "edit", "presence", "signal", "sync", "leave"]

    /// Reads the arguments of an event.
    init(event: String, arguments: [JSON], limits: ServerLimits) throws(RequestError) {
        var reader = ArgumentReader(event: event, arguments: arguments, limits: limits)
        switch event {
        case "join": self = try reader.join()
        case "change": self = try reader.change()
        case "edit": self = try reader.edit()
        case "presence": self = try reader.presence()
        case "signal": self = try reader.signal()
        case "sync": self = try reader.sync()
        case "leave": self = try reader.leave()
        default: throw RequestError(.unknownEvent, "there is no event of this name")
        }
    }
}

/// Takes the arguments of one event apart.
private struct ArgumentReader {
    let event: String
    let arguments: [JSON]
    let limits: ServerLimits

    mutating func join() throws(RequestError) -> DocsRequest {
        let options = try object(at: 0, of: 1)
        let document = try Self.document(options["doc"])
        var join = DocsRequest.Join(format: .changes)
        switch options["format"] {
        case nil, .null, .string("changes"): join.format = .changes
        case .string("json"): join.format = .content
        default: throw invalid("format must be \"changes\" or \"json\"")
        }
        if let version = present(options["version"]) { join.version = try self.version(version) }
        if let revision = present(options["rev"]) {
            // A revision alone does not tell what a thin client saw, so nothing depends on it; nonsense is refused.
            guard let value = revision.intValue, value >= 0 else { throw invalid("rev must be a whole number") }
        }
        if let epoch = present(options["epoch"]) {
            guard let text = epoch.stringValue, (1...64).contains(text.utf8.count) else {
                throw invalid("epoch must be a string of 1 to 64 bytes")
            }
            join.epoch = Epoch(text)
        }
        if let state = options["presence"] { join.presence = try presenceState(state) }
        return .join(document, join)
    }

    mutating func change() throws(RequestError) -> DocsRequest {
        let document = try Self.document(argument(at: 0, of: 2))
        guard let bytes = arguments[1].bytesValue else { throw invalid("the change must be binary") }
        return .change(document, bytes)
    }

    mutating func edit() throws(RequestError) -> DocsRequest {
        let document = try Self.document(argument(at: 0, of: 2))
        let options = try object(at: 1, of: 2)
        guard let base = options["rev"]?.intValue, base >= 0 else { throw invalid("rev must be a whole number") }
        guard let operations = options["ops"]?.arrayValue else { throw invalid("ops must be an array") }
        guard operations.count <= limits.maximumEditsPerRequest else {
            throw RequestError(.tooLarge, "an edit has at most \(limits.maximumEditsPerRequest) ops")
        }
        var edits: [PathEdit] = []
        edits.reserveCapacity(operations.count)
        for operation in operations { edits.append(try WireEdit.edit(operation)) }
        return .edit(document, base: Revision(UInt64(base)), edits: edits)
    }

    mutating func presence() throws(RequestError) -> DocsRequest {
        let document = try Self.document(argument(at: 0, of: 2))
        return .presence(document, try presenceState(arguments[1]))
    }

    mutating func signal() throws(RequestError) -> DocsRequest {
        .signal(try Self.document(argument(at: 0, of: 2)), arguments[1])
    }

    mutating func sync() throws(RequestError) -> DocsRequest {
        let options = try object(at: 0, of: 1)
        let document = try Self.document(options["doc"])
        guard let version = options["version"] else { throw invalid("version is missing") }
        return .sync(document, try self.version(version))
    }

    mutating func leave() throws(RequestError) -> DocsRequest {
        .leave(try Self.document(argument(at: 0, of: 1)))
    }

    // MARK: - Parts

    private func argument(at index: Int, of count: Int) throws(RequestError) -> JSON {
        guard arguments.count == count else {
            throw invalid("\(event) takes \(count) argument\(count == 1 ? "" : "s"), not \(arguments.count)")
        }
        return arguments[index]
    }

    private func object(at index: Int, of count: Int) throws(RequestError) -> JSONObject {
        guard let object = try argument(at: index, of: count).objectValue else {
            throw invalid("argument \(index + 1) must be an object")
        }
        return object
    }

    private func present(_ value: JSON?) -> JSON? {
        guard let value, !value.isNull else { return nil }
        return value
    }

    private static func document(_ value: JSON?) throws(RequestError) -> DocumentID {
        guard let name = value?.stringValue, let document = DocumentID(name) else {
            throw RequestError(.invalidDocument, "a document's name is 1 to 128 characters of [A-Za-z0-9._~:-]")
        }
        return document
    }

    private func version(_ value: JSON) throws(RequestError) -> Version {
        guard let bytes = value.bytesValue else { throw invalid("version must be binary") }
        do {
            return try Version(decoding: bytes)
        } catch {
            throw invalid("version is not an encoded version (\(error.code))")
        }
    }

    private func presenceState(_ value: JSON) throws(RequestError) -> [UInt8]? {
        if value.isNull { return nil }
        guard !value.containsBinary else { throw invalid("a presence state is plain JSON, without binary") }
        let bytes = value.serialize()
        guard bytes.count <= limits.maximumPresenceBytes else {
            throw RequestError(.tooLarge, "a presence state has at most \(limits.maximumPresenceBytes) bytes")
        }
        return bytes
    }

    private func invalid(_ message: String) -> RequestError { RequestError(.invalidArgument, message) }
}

extension JSON {
    /// Whether there are bytes anywhere inside.
    var containsBinary: Bool {
        switch self {
        case .null, .bool, .int, .double, .string, .illFormedString: return false
        case .binary: return true
        case .array(let elements): return elements.contains(where: \.containsBinary)
        case .object(let object): return object.members.contains(where: \.value.containsBinary)
        }
    }

    /// The bytes of all binary leaves.
    var binaryByteCount: Int {
        switch self {
        case .null, .bool, .int, .double, .string, .illFormedString: return 0
        case .binary(let bytes): return bytes.count
        case .array(let elements): return elements.reduce(0) { $0 + $1.binaryByteCount }
        case .object(let object): return object.members.reduce(0) { $0 + $1.value.binaryByteCount }
        }
    }
}
