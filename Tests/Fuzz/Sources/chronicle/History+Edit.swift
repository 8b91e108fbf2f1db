import CRDT
import FuzzKit

extension History {
    /// An edit of any container that is known; some are to be refused.
    mutating func edit(_ index: Int) {
        let container = containers[random.below(containers.count)]
        switch container {
        case .text(let text): edit(text, index)
        case .list(let list): edit(list, index)
        case .map(let map): edit(map, index)
        }
        collect(container, index)
    }

    mutating func transact(_ index: Int) {
        replicas[index].document.begin()
        note("begin", index)
        for _ in 0..<random.below(5) { edit(index) }
        if random.below(4) == 0 { receive(changes.first?.encoded ?? [], index) }
        let change = replicas[index].document.commit()
        note("commit", index, sent(index) { () throws(EditError) in change?.encoded ?? [] })
    }

    mutating func undo(_ index: Int) {
        let isRedo = random.below(3) == 0
        let closes = random.below(2) == 0
        if closes { replicas[index].document.closeUndoStep() }
        var patches = PatchBuffer(joining: true)
        let replica = replicas[index]
        let change = sent(index) { () throws(EditError) in
            let change =
                isRedo
                ? try replica.document.redo(patches: &patches) : try replica.document.undo(patches: &patches)
            return change?.encoded ?? []
        }
        note("undo", index, isRedo ? "1" : "0", closes ? "1" : "0", JSON.patches(patches), change)
    }

    // MARK: Texts

    private mutating func edit(_ text: TextID, _ index: Int) {
        let count = replicas[index].document.utf16Count(of: text)
        var edit = TextEdit(text: text, utf16Offset: random.below(min(count, random.below(2) == 0 ? 6 : count) + 1))
        if random.below(3) == 0 { edit.deleteCount = random.below(min(count - edit.utf16Offset, 12) + 1) }
        if edit.deleteCount == 0 || random.below(3) == 0 {
            for _ in 0...random.below(random.below(12) == 0 ? 150 : 5) { appendCharacter(to: &edit.insert) }
        }
        switch random.below(40) {
        case 0: edit.utf16Offset = count + 1 + random.below(9)
        case 1: edit.deleteCount = count + 1
        case 2: edit.insert.append(0xD800)
        case 3: edit.utf16Offset = -1
        default: break
        }
        perform(edit, index)
    }

    /// Several characters, or several deletions, one after the other: what editors mostly do.
    mutating func type(_ index: Int) {
        var offset = random.below(replicas[index].document.utf16Count(of: "body") + 1)
        let erases = random.below(3) == 0
        for _ in 0...random.below(12) {
            if erases {
                guard offset > 0 else { return }
                offset -= 1
                perform(TextEdit(text: "body", utf16Offset: offset, deleteCount: 1), index)
            } else {
                var insert: [UInt16] = []
                appendCharacter(to: &insert)
                perform(TextEdit(text: "body", utf16Offset: offset, insert: insert), index)
                offset += insert.count
            }
        }
    }

    mutating func appendCharacter(to units: inout [UInt16]) {
        switch random.below(16) {
        case 0: units += [0xD83D, 0xDE00]
        case 1: units.append(0xE9)
        case 2: units.append(0x6C49)
        case 3: units.append(0)
        default: units.append(UInt16(97 + random.below(26)))
        }
    }

    private mutating func perform(_ edit: TextEdit, _ index: Int) {
        let replica = replicas[index]
        let change = sent(index) { () throws(EditError) in try Self.change(edit, replica) }
        note(
            "edit",
            index,
            JSON.container(.text(edit.text)),
            "\(edit.utf16Offset)",
            "\(edit.deleteCount)",
            JSON.units(edit.insert),
            change
        )
    }

    /// Makes an edit in the way that the exports of QuireWeb choose.
    private static func change(_ edit: TextEdit, _ replica: Replica) throws(EditError) -> [UInt8] {
        let isPlain = edit.deleteCount == 0 || edit.insert.isEmpty
        guard isPlain, edit.utf16Offset >= 0, let text = replica.document.textHandle(edit.text)
        else { return try replica.document.edit([.text(edit)])?.encoded ?? [] }
        var buffer = ChangeBuffer()
        if edit.deleteCount > 0 {
            let end = edit.utf16Offset + edit.deleteCount
            try replica.document.delete(edit.utf16Offset..<end, in: text, to: &buffer)
        } else {
            try replica.document.insert(edit.insert.span, at: edit.utf16Offset, in: text, to: &buffer)
        }
        return buffer.count == 0 ? [] : buffer.changeSet
    }

    // MARK: Lists and maps

    private mutating func edit(_ list: ListID, _ index: Int) {
        let count = replicas[index].document.count(of: list)
        let replica = replicas[index]
        if random.below(3) == 0 {
            let from = random.below(count + (random.below(9) == 0 ? 2 : 0))
            let to = random.below(count + (random.below(9) == 0 ? 2 : 0))
            let edit = ListEdit(list: list, action: .move(from: from, to: to))
            let change = sent(index) { () throws(EditError) in try replica.document.edit([.list(edit)])?.encoded ?? [] }
            return note("move", index, JSON.container(.list(list)), "\(from)", "\(to)", change)
        }
        let start = random.below(count + 1 + (random.below(20) == 0 ? 3 : 0))
        let deleteCount = random.below(3) == 0 ? random.below(min(max(count - start, 0), 4) + 1) : 0
        var insert: [Content] = []
        if deleteCount == 0 || random.below(3) == 0 {
            for _ in 0...random.below(4) { insert.append(content(depth: 0)) }
        }
        let edit = ListEdit(list: list, action: .splice(index: start, deleteCount: deleteCount, insert: insert))
        let change = sent(index) { () throws(EditError) in try replica.document.edit([.list(edit)])?.encoded ?? [] }
        let contents = insert.map(JSON.content).joined(separator: ",")
        note("splice", index, JSON.container(.list(list)), "\(start)", "\(deleteCount)", "[\(contents)]", change)
    }

    private mutating func edit(_ map: MapID, _ index: Int) {
        let key = key()
        let replica = replicas[index]
        if random.below(4) == 0 {
            let edit = MapEdit(map: map, key: key, content: nil)
            let change = sent(index) { () throws(EditError) in try replica.document.edit([.map(edit)])?.encoded ?? [] }
            return note("unset", index, JSON.container(.map(map)), JSON.string(key), change)
        }
        let content = content(depth: 0)
        let edit = MapEdit(map: map, key: key, content: content)
        let change = sent(index) { () throws(EditError) in try replica.document.edit([.map(edit)])?.encoded ?? [] }
        note("set", index, JSON.container(.map(map)), JSON.string(key), JSON.content(content), change)
    }

    private mutating func key() -> [UInt8] {
        switch random.below(20) {
        case 0: []
        case 1: Array("é汉😀".utf8)
        case 2: [UInt8](repeating: 120, count: 256 + random.below(2))
        default: Array("k\(random.below(5))".utf8)
        }
    }

    private mutating func content(depth: Int) -> Content {
        var units: [UInt16] = []
        for _ in 0..<random.below(6) { appendCharacter(to: &units) }
        switch random.below(depth < 3 ? 14 : 9) {
        case 0: return .null
        case 1: return .bool(random.below(2) == 0)
        case 2: return .number(Double(random.below(100)) - 50)
        case 3: return .number(Double(Int32(truncatingIfNeeded: random.next())) / 256)
        case 4: return .number(Double(random.below(1 << 53)))
        case 5: return .string(Array(String(decoding: units, as: UTF16.self).utf8))
        case 6: return .bytes(units.map { UInt8(truncatingIfNeeded: $0) })
        case 7, 8, 9, 10: return .text(units)
        case 11: return .list((0..<random.below(4)).map { _ in content(depth: depth + 1) })
        default:
            var entries: [Content.Entry] = []
            for number in 0..<random.below(4) {
                entries.append(Content.Entry(key: Array("k\(number)".utf8), content: content(depth: depth + 1)))
            }
            return .map(entries)
        }
    }

    /// Notes the containers that are in one now, to be edited later, on whatever replica.
    private mutating func collect(_ container: ContainerID, _ index: Int) {
        guard containers.count < 30 else { return }
        var values: [Value] = []
        switch container {
        case .text: return
        case .list(let list): values = replicas[index].document.values(of: list)
        case .map(let map):
            for key in replicas[index].document.keys(of: map) {
                if let value = replicas[index].document.value(for: key, in: map) { values.append(value) }
            }
        }
        for case .container(let nested) in values where !containers.contains(nested) { containers.append(nested) }
    }
}
