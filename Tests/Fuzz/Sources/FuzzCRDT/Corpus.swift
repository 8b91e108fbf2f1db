import CRDT
import FuzzKit

/// A small session of two replicas, with every kind of operation: what the mutations start from.
struct Corpus: Sendable {
    /// All changes, in the order in which they were made.
    private(set) var changes: [Change] = []
    /// The document before each of them, as a snapshot, and after the last.
    private(set) var snapshots: [[UInt8]] = []

    static let shared = Corpus()

    private init() {
        var generator = FuzzGenerator(seed: 7)
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(0x1F_FFFF_FFFF_FFFF))
        first.undoLimit = 10
        second.undoLimit = 10
        for step in 0..<240 {
            let snapshot = first.snapshot()
            var patches: [Patch] = []
            do {
                let change: Change?
                if step % 3 == 2 {
                    change = try Self.change(&second, &generator)
                    if let change { try first.integrate(change, patches: &patches) }
                } else {
                    change = try Self.change(&first, &generator)
                    if let change { try second.integrate(change, patches: &patches) }
                }
                guard let change else { continue }
                snapshots.append(snapshot)
                changes.append(change)
            } catch {
                continue  // an offset inside of a pair
            }
        }
        snapshots.append(first.snapshot())
    }

    private static func change(_ document: inout Document, _ generator: inout FuzzGenerator) throws -> Change? {
        switch generator.below(12) {
        case 0: return try document.undo()
        case 1: return try document.redo()
        case 2: document.closeUndoStep()
        default: break
        }
        var edits: [Edit] = []
        for _ in 0...(generator.below(4) == 0 ? 2 : 0) { edits.append(edit(document, &generator)) }
        return try document.edit(edits)
    }

    private static func edit(_ document: borrowing Document, _ generator: inout FuzzGenerator) -> Edit {
        switch generator.below(8) {
        case 0: return .list(listEdit(ListID("list"), document, &generator))
        case 1:
            if case .container(.list(let list))? = document.value(for: [108], in: MapID("map")) {
                return .list(listEdit(list, document, &generator))
            }
            return .map(MapEdit(map: MapID("map"), key: [108], content: .list([.null, .text([104, 105])])))
        case 2, 3:
            let key = [UInt8(97 + generator.below(4))]
            let content = generator.below(4) == 0 ? nil : content(&generator)
            return .map(MapEdit(map: MapID("map"), key: key, content: content))
        default:
            if generator.below(4) == 0, case .container(.text(let text))? = document.value(for: [97], in: MapID("map"))
            {
                return .text(textEdit(text, document, &generator))
            }
            return .text(textEdit(generator.below(4) == 0 ? "title" : "body", document, &generator))
        }
    }

    private static func listEdit(
        _ list: ListID,
        _ document: borrowing Document,
        _ generator: inout FuzzGenerator
    ) -> ListEdit {
        let count = document.count(of: list)
        if count > 1, generator.below(2) == 0 {
            return ListEdit(list: list, action: .move(from: generator.below(count), to: generator.below(count)))
        }
        let index = generator.below(count + 1)
        let deleteCount = generator.below(3) == 0 ? min(1, count - index) : 0
        let insert = generator.below(4) == 0 ? [] : [content(&generator)]
        return ListEdit(list: list, action: .splice(index: index, deleteCount: deleteCount, insert: insert))
    }

    private static func content(_ generator: inout FuzzGenerator) -> Content {
        let contents: [Content] = [
            .null, .bool(true), .number(-3), .number(0.1), .string("é"), .bytes([0, 255]), .text([97, 0xD83D, 0xDE00]),
            .list([.number(1), .map([])]), .map([.init(key: [120], content: .number(1e300))]),
        ]
        return contents[generator.below(contents.count)]
    }

    private static func textEdit(
        _ text: TextID,
        _ document: borrowing Document,
        _ generator: inout FuzzGenerator
    ) -> TextEdit {
        let count = document.utf16Count(of: text)
        let offset = generator.below(count + 1)
        let pieces = ["a", "bc", "é", "汉字", "😀", "a longer piece of text, with 😀 in it"]
        let insert = generator.below(3) == 0 ? [] : Array(pieces[generator.below(pieces.count)].utf16)
        let deleteCount = generator.below(3) == 0 ? min(1 + generator.below(40), count - offset) : 0
        return TextEdit(text: text, utf16Offset: offset, deleteCount: deleteCount, insert: insert)
    }
}
