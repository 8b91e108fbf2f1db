import CRDT

extension RandomHistory {
    /// Lets a replica make a change of one or more edits: in one call, in a transaction of several, or through a handle.
    ///
    /// When `inBurst`, it is at work through a handle already.
    mutating func edit(_ replica: HistoryReplica, inBurst: Bool = false) throws {
        let count = random.oneIn(4) ? 1 + random.below(4) : 1
        let change: Change?
        switch random.below(8) {
        case 0, 1: change = try transaction(count, replica)
        case 2..<4 where !inBurst:
            try burst(replica)
            change = nil
        // What a call creates and loses again is known to oracles alone.
        default: change = try call(replica.oracle == nil ? 1 : count, replica)
        }
        if let change { try send(change, from: replica) }
        try replica.learnLost()
        if random.oneIn(30) { try refuse(replica) }
    }

    mutating func call(_ count: Int, _ replica: HistoryReplica) throws -> Change? {
        var mirror = replica.mirror
        var nobody: UInt32 = 0
        var edits: [Edit] = []
        for _ in 0..<count {
            // Containers that the same call creates have no names yet.
            let edit = randomEdit(mirror)
            mirror.follow(edit, next: &nobody)
            edits.append(edit)
        }
        let change = try replica.document.edit(edits)
        guard try mirror.adopt(replica.document) else { throw failure("an edit did something else") }
        replica.mirror = mirror
        return change
    }

    private mutating func transaction(_ count: Int, _ replica: HistoryReplica) throws -> Change? {
        replica.document.begin()
        for _ in 0..<count {
            guard try call(1, replica) == nil else { throw failure("a change came before its transaction was over") }
        }
        return replica.document.commit()
    }

    /// Tries what is impossible, after something that is possible: nothing of both must happen.
    private mutating func refuse(_ replica: HistoryReplica) throws {
        let text = TextEdit(text: "body", utf16Offset: 0, insert: [97])
        let count = replica.document.count(of: ListID("list"))
        let wrong: [Edit] = [
            .text(
                TextEdit(text: "body", utf16Offset: replica.document.utf16Count(of: "body") + 2, insert: [98])
            ),
            .text(TextEdit(text: "title", utf16Offset: 0, insert: [0xD83D])),
            .list(ListEdit(list: ListID("list"), action: .splice(index: count + 1, deleteCount: 0, insert: [.null]))),
            .list(ListEdit(list: ListID("list"), action: .splice(index: 0, deleteCount: count + 1, insert: []))),
            .list(ListEdit(list: ListID("list"), action: .move(from: count, to: 0))),
            .map(MapEdit(map: MapID("map"), key: [UInt8](repeating: 97, count: 257), content: .null)),
            .map(MapEdit(map: MapID("map"), key: [97], content: .number(.nan))),
            .map(
                MapEdit(
                    map: MapID(.nested(ElementID(replica: ReplicaID(3), counter: 1 << 30))),
                    key: [],
                    content: .null
                )
            ),
        ]
        do {
            _ = try replica.document.edit([.text(text), wrong[random.below(wrong.count)]])
        } catch {
            if let fault = replica.fault() { throw failure("after a refused edit: \(fault)") }
            return
        }
        throw failure("an impossible edit was made")
    }

    // MARK: Edits

    private mutating func randomEdit(_ mirror: Mirror) -> Edit {
        switch random.below(20) {
        case 0..<8: return .text(randomSplice(of: random.oneIn(5) ? "title" : "body", mirror))
        case 8..<11: return .list(randomListEdit(of: ListID(random.oneIn(3) ? "order" : "list"), mirror))
        case 11..<14: return .map(randomMapEdit(of: MapID(random.oneIn(3) ? "shapes" : "map"), mirror))
        default: return randomNestedEdit(mirror) ?? .text(randomSplice(of: "body", mirror))
        }
    }

    /// Of a nested container, wherever it is, also when nobody sees it any more.
    private mutating func randomNestedEdit(_ mirror: Mirror) -> Edit? {
        let texts = Mirror.nested(mirror.texts.keys)
        let lists = Mirror.nested(mirror.lists.keys)
        let maps = Mirror.nested(mirror.maps.keys)
        guard texts.count + lists.count + maps.count > 0 else { return nil }
        let index = random.below(texts.count + lists.count + maps.count)
        if index < texts.count { return .text(randomSplice(of: TextID(texts[index]), mirror)) }
        if index < texts.count + lists.count {
            return .list(randomListEdit(of: ListID(lists[index - texts.count]), mirror))
        }
        return .map(randomMapEdit(of: MapID(maps[index - texts.count - lists.count]), mirror))
    }

    private mutating func randomSplice(of text: TextID, _ mirror: Mirror) -> TextEdit {
        let units = mirror.texts[.init(.text, text.place), default: []]
        let (offset, end) = randomRange(of: units)
        var edit = TextEdit(text: text, utf16Offset: offset, deleteCount: end - offset)
        if edit.deleteCount == 0 || random.oneIn(4) { edit.insert = randomUnits() }
        return edit
    }

    private mutating func randomListEdit(of list: ListID, _ mirror: Mirror) -> ListEdit {
        let count = mirror.lists[.init(.list, list.place), default: []].count
        if count > 0, random.oneIn(3) {
            return ListEdit(list: list, action: .move(from: random.below(count), to: random.below(count)))
        }
        let index = random.below(count + 1)
        let deleteCount = random.oneIn(3) ? random.below(min(4, count - index + 1)) : 0
        var insert: [Content] = []
        if deleteCount == 0 || random.oneIn(4) {
            for _ in 0...random.below(3) { insert.append(randomContent(depth: 0)) }
        }
        return ListEdit(list: list, action: .splice(index: index, deleteCount: deleteCount, insert: insert))
    }

    private mutating func randomMapEdit(of map: MapID, _ mirror: Mirror) -> MapEdit {
        let keys = ["x", "y", "fill", "é", ""]
        let key = Array(keys[random.below(keys.count)].utf8)
        return MapEdit(map: map, key: key, content: random.oneIn(5) ? nil : randomContent(depth: 0))
    }

    private mutating func randomContent(depth: Int) -> Content {
        switch random.below(depth < 2 ? 14 : 10) {
        case 0: return .null
        case 1: return .bool(random.oneIn(2))
        case 2..<5: return .number(Double(random.below(1000) - 500))
        case 5: return .number(Double(random.below(1000)) / 7)
        case 6: return .number(Double(sign: .minus, exponent: random.below(200) - 100, significand: 1))
        case 7, 8: return .string(Array(String(decoding: randomUnits(), as: UTF16.self).utf8))
        case 9: return .bytes([UInt8](repeating: UInt8(random.below(256)), count: random.below(20)))
        case 10, 11: return .text(random.oneIn(3) ? [] : randomUnits())
        case 12:
            var items: [Content] = []
            for _ in 0..<random.below(3) { items.append(randomContent(depth: depth + 1)) }
            return .list(items)
        default:
            var entries: [Content.Entry] = []
            for key in [UInt8(97), 98, 99] where random.oneIn(2) {
                entries.append(.init(key: [key], content: randomContent(depth: depth + 1)))
            }
            return .map(entries)
        }
    }

    /// A range of a text to delete, mostly an empty one: half of them are near the start, so that they collide.
    private mutating func randomRange(of text: [UInt16]) -> (start: Int, end: Int) {
        func aligned(_ offset: Int) -> Int {
            offset > 0 && offset < text.count && text[offset] & 0xFC00 == 0xDC00 ? offset - 1 : offset
        }
        let start = aligned(random.below((random.oneIn(2) ? min(text.count, 4) : text.count) + 1))
        guard random.oneIn(3) else { return (start, start) }
        return (start, max(start, aligned(min(text.count, start + random.below(random.oneIn(8) ? 60 : 6)))))
    }

    /// A few characters, now and then many, some of them of two units.
    private mutating func randomUnits() -> [UInt16] {
        var units: [UInt16] = []
        for _ in 0...random.below(random.oneIn(20) ? 150 : 4) {
            switch random.below(12) {
            case 0: units += Array("😀".utf16)
            case 1: units += Array("é".utf16)
            case 2: units += Array("汉".utf16)
            default: units.append(UInt16(97 + random.below(26)))
            }
        }
        return units
    }
}
