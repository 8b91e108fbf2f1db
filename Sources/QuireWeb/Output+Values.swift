/// Writes values, contents and patches for the host; `EXPORTS.md` describes them.
extension Buffer {
    mutating func append(varint value: Int) {
        var value = UInt32(truncatingIfNeeded: value)
        while value >= 0x80 {
            append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        append(UInt8(value))
    }

    mutating func append(_ value: Value, _ open: inout OpenDocument) {
        switch value {
        case .null: append(0)
        case .bool(let isTrue): append(isTrue ? 2 : 1)
        case .number(let number): append(double: number)
        case .string(let utf8): append(tag: 5, utf8)
        case .bytes(let bytes): append(tag: 6, bytes)
        case .container(let container):
            append(10)
            append(varint: Int(open.number(of: container)))
        }
    }

    mutating func append(_ content: Content) {
        switch content {
        case .null: append(0)
        case .bool(let isTrue): append(isTrue ? 2 : 1)
        case .number(let number): append(double: number)
        case .string(let utf8): append(tag: 5, utf8)
        case .bytes(let bytes): append(tag: 6, bytes)
        case .text(let units):
            append(7)
            append(varint: units.count)
            append(units)
        case .list(let contents):
            append(8)
            append(varint: contents.count)
            for content in contents { append(content) }
        case .map(let entries):
            append(9)
            append(varint: entries.count)
            for entry in entries {
                append(varint: entry.key.count)
                append(entry.key)
                append(entry.content)
            }
        }
    }

    private mutating func append(double number: Double) {
        append(4)
        append(word: UInt32(truncatingIfNeeded: number.bitPattern))
        append(word: UInt32(truncatingIfNeeded: number.bitPattern >> 32))
    }

    private mutating func append(tag: UInt8, _ bytes: [UInt8]) {
        append(tag)
        append(varint: bytes.count)
        append(bytes)
    }

    // MARK: Patches

    mutating func append(_ patch: Patch, _ open: inout OpenDocument) {
        switch patch {
        case .text(let patch):
            head(0, .text(patch.text), patch.utf16Offset, patch.deleteCount, patch.insert.count, &open)
            append(patch.insert)
        case .list(let patch):
            switch patch.action {
            case .splice(let index, let deleteCount, let insert):
                head(1, .list(patch.list), index, deleteCount, insert.count, &open)
                for value in insert { append(value, &open) }
            case .move(let from, let to):
                head(2, .list(patch.list), from, to, 0, &open)
            }
        case .map(let patch):
            head(3, .map(patch.map), patch.key.count, patch.value == nil ? 0 : 1, 0, &open)
            append(patch.key)
            if let value = patch.value { append(value, &open) }
        }
        align()
    }

    private mutating func head(
        _ kind: UInt32,
        _ container: ContainerID,
        _ first: Int,
        _ second: Int,
        _ third: Int,
        _ open: inout OpenDocument
    ) {
        append(word: kind)
        append(word: UInt32(open.number(of: container)))
        append(word: UInt32(truncatingIfNeeded: first))
        append(word: UInt32(truncatingIfNeeded: second))
        append(word: UInt32(truncatingIfNeeded: third))
    }
}
