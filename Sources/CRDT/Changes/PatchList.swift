/// Patches of one change, joined where one continues the other.
struct PatchList: ~Copyable {
    private(set) var patches: [Patch]
    /// Those before are of earlier changes and stay as they are.
    private let first: Int
    /// Nobody follows: nothing is noted.
    private let isOff: Bool

    init(_ patches: consuming [Patch]) {
        first = patches.count
        self.patches = patches
        isOff = false
    }

    init(isOff: Bool) {
        first = 0
        patches = []
        self.isOff = isOff
    }

    // MARK: Texts

    mutating func delete(_ count: Int, at utf16Offset: Int, in text: TextID) {
        if isOff { return }
        if patches.count > first, case .text(var last) = patches[patches.count - 1], last.insert.isEmpty,
            last.text == text, last.utf16Offset == utf16Offset || last.utf16Offset == utf16Offset + count
        {
            last.utf16Offset = utf16Offset
            last.deleteCount += count
            patches[patches.count - 1] = .text(last)
            return
        }
        patches.append(.text(TextPatch(text: text, utf16Offset: utf16Offset, deleteCount: count)))
    }

    mutating func insert(_ units: [UInt16], at utf16Offset: Int, in text: TextID) {
        if isOff { return }
        if patches.count > first, case .text(var last) = patches[patches.count - 1], last.insert.isEmpty,
            last.text == text, last.utf16Offset == utf16Offset
        {
            last.insert = units
            patches[patches.count - 1] = .text(last)
            return
        }
        patches.append(.text(TextPatch(text: text, utf16Offset: utf16Offset, insert: units)))
    }

    // MARK: Lists

    mutating func deleteItem(at index: Int, in list: ListID) {
        if isOff { return }
        if patches.count > first, case .list(let last) = patches[patches.count - 1], last.list == list,
            case .splice(let start, let count, let insert) = last.action, insert.isEmpty,
            start == index || start == index + 1
        {
            let action = ListPatch.Action.splice(index: index, deleteCount: count + 1, insert: [])
            patches[patches.count - 1] = .list(ListPatch(list: list, action: action))
            return
        }
        patches.append(.list(ListPatch(list: list, action: .splice(index: index, deleteCount: 1, insert: []))))
    }

    mutating func insert(_ values: [Value], at index: Int, in list: ListID) {
        patches.append(.list(ListPatch(list: list, action: .splice(index: index, deleteCount: 0, insert: values))))
    }

    mutating func move(from: Int, to: Int, in list: ListID) {
        if from == to { return }
        patches.append(.list(ListPatch(list: list, action: .move(from: from, to: to))))
    }

    // MARK: Maps

    mutating func set(_ key: [UInt8], in map: MapID, to value: Value?) {
        patches.append(.map(MapPatch(map: map, key: key, value: value)))
    }

    consuming func take() -> [Patch] { patches }
}
