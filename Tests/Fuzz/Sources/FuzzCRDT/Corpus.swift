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
        for step in 0..<160 {
            let snapshot = first.snapshot()
            let change: Change?
            var patches: [Patch] = []
            do {
                if step % 3 == 2 {
                    change = try second.edit([Self.edit(second, &generator)])
                    if let change { try first.integrate(change, patches: &patches) }
                } else {
                    change = try first.edit([Self.edit(first, &generator)])
                    if let change { try second.integrate(change, patches: &patches) }
                }
            } catch {
                continue  // an offset inside of a pair
            }
            guard let change else { continue }
            snapshots.append(snapshot)
            changes.append(change)
        }
        snapshots.append(first.snapshot())
    }

    private static func edit(_ document: borrowing Document, _ generator: inout FuzzGenerator) -> TextEdit {
        let root: RootName = generator.below(4) == 0 ? "title" : "body"
        let count = document.utf16Count(of: root)
        let offset = generator.below(count + 1)
        let pieces = ["a", "bc", "é", "汉字", "😀", "a longer piece of text, with 😀 in it"]
        let insert = generator.below(3) == 0 ? [] : Array(pieces[generator.below(pieces.count)].utf16)
        let deleteCount = generator.below(3) == 0 ? min(1 + generator.below(40), count - offset) : 0
        return TextEdit(root: root, utf16Offset: offset, deleteCount: deleteCount, insert: insert)
    }
}
