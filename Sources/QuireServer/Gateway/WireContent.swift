import CRDT
import SocketIOProtocol

/// What lists and maps hold, as JSON.
///
/// Null, booleans, numbers and strings are themselves, a list is an array and a map an object. JSON has no more kinds than
/// that, so an object with one member whose name begins with a dollar sign says which it is:
///
///     {"$text": "..."}      a text, which can be edited by position
///     {"$bytes": "..."}     bytes, in base64 (RFC 4648, section 4, with padding)
///     {"$map": {...}}       a map that would be mistaken for one of these
///
/// It reads the same both ways: writing such an object makes such a value.
enum WireContent {
    private static let text = "$text"
    private static let bytes = "$bytes"
    private static let map = "$map"

    /// A value as JSON.
    static func json(_ content: Content) -> JSON {
        switch content {
        case .null: return .null
        case .bool(let bool): return .bool(bool)
        case .number(let number): return Self.number(number)
        case .string(let utf8): return .string(String(decoding: utf8, as: UTF8.self))
        case .bytes(let bytes): return [Self.bytes: .string(String(decoding: Base64.encode(bytes), as: UTF8.self))]
        case .text(let units): return [text: .string(String(decoding: units, as: UTF16.self))]
        case .list(let items): return .array(items.map(json))
        case .map(let entries):
            let object = JSON.object(
                JSONObject(entries.map { (String(decoding: $0.key, as: UTF8.self), json($0.content)) })
            )
            return entries.count == 1 && isReserved(entries[0].key) ? [map: object] : object
        }
    }

    private static func isReserved(_ key: some Collection<UInt8>) -> Bool { key.first == UInt8(ascii: "$") }

    private static func number(_ number: Double) -> JSON {
        // The zero with a sign is no integer.
        if let integer = Int(exactly: number), integer.magnitude < 1 << 53, number.sign == .plus || integer != 0 {
            return .int(integer)
        }
        return .double(number)
    }

    /// A value of JSON.
    ///
    /// - Throws: `INVALID_ARGUMENT` for what no list or map holds.
    static func content(_ json: JSON) throws(RequestError) -> Content {
        switch json {
        case .null: return .null
        case .bool(let bool): return .bool(bool)
        case .int(let integer):
            guard let number = Double(exactly: integer) else {
                throw invalid("\(integer) is no number that JavaScript has; write it as a string")
            }
            return .number(number)
        case .double(let number):
            guard number.isFinite else { throw invalid("a number must be finite") }
            return .number(number)
        case .string(let string): return .string(string)
        case .illFormedString: throw invalid("a string has half a surrogate pair")
        case .binary(let bytes): return .bytes(bytes)
        case .array(let elements):
            var items: [Content] = []
            items.reserveCapacity(elements.count)
            for element in elements { items.append(try content(element)) }
            return .list(items)
        case .object(let object):
            if object.members.count == 1, let member = object.members.first, isReserved(member.key.utf8) {
                return try special(member)
            }
            return try map(object)
        }
    }

    private static func special(_ member: JSONObject.Member) throws(RequestError) -> Content {
        switch member.key {
        case text:
            guard let string = member.value.stringValue else { throw invalid("$text must be a string") }
            return .text(Array(string.utf16))
        case bytes:
            guard let string = member.value.stringValue, let bytes = Base64.decode(Array(string.utf8)[...]) else {
                throw invalid("$bytes must be base64, with padding")
            }
            return .bytes(bytes)
        case map:
            guard let object = member.value.objectValue else { throw invalid("$map must be an object") }
            return try map(object)
        default:
            throw invalid("\(member.key) is not known; put {\"$map\": ...} around a map with this key alone")
        }
    }

    private static func map(_ object: JSONObject) throws(RequestError) -> Content {
        var entries: [Content.Entry] = []
        entries.reserveCapacity(object.members.count)
        for member in object.members {
            entries.append(Content.Entry(key: try key(member.key), content: try content(member.value)))
        }
        return .map(entries)
    }

    /// The most bytes a key has.
    static let maximumKeyByteCount = 256

    /// A key of a map.
    static func key(_ string: String) throws(RequestError) -> [UInt8] {
        guard string.utf8.count <= maximumKeyByteCount else {
            throw invalid("a key has at most \(maximumKeyByteCount) bytes")
        }
        return Array(string.utf8)
    }

    private static func invalid(_ message: String) -> RequestError { RequestError(.invalidArgument, message) }
}
