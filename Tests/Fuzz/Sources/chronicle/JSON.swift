import CRDT

/// How a history writes things down.
///
/// A container is "kind:name" or "kind@replica:counter", kind 0 being text, 1 list, 2 map. Values are as in JSON; besides
/// there are `{"$bytes": "00ff"}`, `{"$text": "..."}` for a nested text of a content, and `{"$in": container}`.
enum JSON {
    private static let digits = Array("0123456789abcdef".utf8)

    static func bytes(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = [0x22]
        text.reserveCapacity(bytes.count * 2 + 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        text.append(0x22)
        return String(decoding: text, as: UTF8.self)
    }

    static func string(_ utf8: [UInt8]) -> String { units(Array(String(decoding: utf8, as: UTF8.self).utf16)) }

    /// Halves of surrogate pairs too: JSON's escapes can say them.
    static func units(_ units: [UInt16]) -> String {
        var text: [UInt8] = [0x22]
        for unit in units {
            if unit >= 0x20, unit < 0x7F, unit != 0x22, unit != 0x5C {
                text.append(UInt8(unit))
            } else {
                text += [0x5C, 0x75]
                for shift in [12, 8, 4, 0] { text.append(digits[Int(unit >> shift) & 15]) }
            }
        }
        text.append(0x22)
        return String(decoding: text, as: UTF8.self)
    }

    static func container(_ container: ContainerID) -> String {
        let kind = container.kind.rawValue
        switch container.place {
        case .root(let name): return "\"\(kind):\(name.string)\""
        case .nested(let element): return "\"\(kind)@\(element.replica.rawValue):\(element.counter)\""
        }
    }

    static func value(_ value: Value) -> String {
        switch value {
        case .null: "null"
        case .bool(let isTrue): "\(isTrue)"
        case .number(let number): "\(number)"
        case .string(let utf8): string(utf8)
        case .bytes(let bytes): "{\"$bytes\":\(self.bytes(bytes))}"
        case .container(let container): "{\"$in\":\(self.container(container))}"
        }
    }

    static func content(_ content: Content) -> String {
        switch content {
        case .null: return "null"
        case .bool(let isTrue): return "\(isTrue)"
        case .number(let number): return "\(number)"
        case .string(let utf8): return string(utf8)
        case .bytes(let bytes): return "{\"$bytes\":\(self.bytes(bytes))}"
        case .text(let units): return "{\"$text\":\(self.units(units))}"
        case .list(let contents): return "[\(contents.map(self.content).joined(separator: ","))]"
        case .map(let entries):
            let members = entries.map { "\(string($0.key)):\(self.content($0.content))" }
            return "{\(members.joined(separator: ","))}"
        }
    }

    static func patches(_ patches: borrowing PatchBuffer) -> String {
        var list: [String] = []
        for index in 0..<patches.count { list.append(patch(patches[index])) }
        return "[\(list.joined(separator: ","))]"
    }

    private static func patch(_ patch: Patch) -> String {
        switch patch {
        case .text(let patch):
            let text = container(.text(patch.text))
            return "[\"text\",\(text),\(patch.utf16Offset),\(patch.deleteCount),\(units(patch.insert))]"
        case .list(let patch):
            let list = container(.list(patch.list))
            switch patch.action {
            case .splice(let index, let deleteCount, let insert):
                return "[\"list\",\(list),\(index),\(deleteCount),[\(insert.map(value).joined(separator: ","))]]"
            case .move(let from, let to): return "[\"move\",\(list),\(from),\(to)]"
            }
        case .map(let patch):
            let values = patch.value.map(value) ?? ""
            return "[\"map\",\(container(.map(patch.map))),\(string(patch.key)),[\(values)]]"
        }
    }
}
