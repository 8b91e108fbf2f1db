import CRDT
import TestSupport
import Testing

@testable import Collaboration

/// What turns one content into another.
@Suite("Differences of contents")
struct ContentDifferenceTests {
    private static let words = ["a", "b", "😀", "\n", "line\n", "ä"]

    private static func content(_ generator: inout SplitMix64, depth: Int = 0) -> Content {
        switch Int.random(in: 0..<(depth < 3 ? 8 : 5), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .number(Double(Int.random(in: 0..<3, using: &generator)))
        case 3: return .string(Array((words.randomElement(using: &generator) ?? "").utf8))
        case 4: return .bytes([UInt8.random(in: 0..<3, using: &generator)])
        case 5: return .text(text(&generator))
        case 6: return list(&generator, depth: depth + 1)
        default: return map(&generator, depth: depth + 1)
        }
    }

    private static func text(_ generator: inout SplitMix64) -> [UInt16] {
        (0..<Int.random(in: 0..<12, using: &generator)).flatMap { _ in
            Array((words.randomElement(using: &generator) ?? "").utf16)
        }
    }

    private static func list(_ generator: inout SplitMix64, depth: Int) -> Content {
        let count = Int.random(in: 0..<5, using: &generator)
        return .list((0..<count).map { _ in content(&generator, depth: depth) })
    }

    private static func map(_ generator: inout SplitMix64, depth: Int) -> Content {
        let keys = ["k", "l", "m/n", "~"].filter { _ in Bool.random(using: &generator) }
        let entries = keys.map { key in
            Content.Entry(key: Array(key.utf8), content: content(&generator, depth: depth))
        }
        return .map(entries.sorted { $0.key.lexicographicallyPrecedes($1.key) })
    }

    private static func roots(_ generator: inout SplitMix64) throws -> [RootContent] {
        [
            RootContent(root: try RootName(string: "body"), content: .text(text(&generator))),
            RootContent(root: try RootName(string: "cards"), content: list(&generator, depth: 0)),
            RootContent(root: try RootName(string: "shapes"), content: map(&generator, depth: 0)),
        ]
    }

    private static func empty() throws -> PastDocument {
        try PastDocument(
            StoredDocument(epoch: Epoch("e")),
            of: StoreConformance.name("a"),
            replica: ReplicaID(1)
        )
    }

    @Test("The edits make of the one what the other is, and of what is the same nothing", arguments: Fuzz.blocks)
    func random(seeds: ClosedRange<UInt64>) throws {
        for seed in seeds {
            var generator = SplitMix64(seed: seed)
            let (first, second) = (try Self.roots(&generator), try Self.roots(&generator))
            var document = try Self.empty()
            _ = try document.change(for: ContentDifference(from: [], to: first).edits)
            #expect(Self.visible(document.content) == Self.visible(first))
            let edits = ContentDifference(from: document.content, to: second).edits
            _ = try document.change(for: edits)
            #expect(Self.visible(document.content) == Self.visible(second), "\(edits)")
            #expect(ContentDifference(from: document.content, to: second).edits.isEmpty)
        }
    }

    /// Roots that hold something: an empty one may not be there.
    private static func visible(_ roots: [RootContent]) -> [RootContent] {
        roots.filter { root in
            switch root.content {
            case .text(let units): !units.isEmpty
            case .list(let items): !items.isEmpty
            case .map(let entries): !entries.isEmpty
            default: true
            }
        }.sorted { $0.root.string < $1.root.string }
    }

    @Test("Texts differ where they do, not from the first difference to the last")
    func text() {
        let old = Array("the quick brown fox".utf16)
        let new = Array("the slow brown cat".utf16)
        let splices = TextDifference.splices(from: old, to: new)
        #expect(splices.count > 1)
        var text = old
        for splice in splices.reversed() { text.replaceSubrange(splice.deleted, with: new[splice.inserted]) }
        #expect(text == new)
    }

    @Test("Texts with many differences are compared by lines, in bounded time")
    func lines() {
        let old = (0..<900).map { "line \($0) of the text\n" }
        var new = old
        for index in stride(from: 0, to: 900, by: 2) { new[index] = "another \(index)\n" }
        let (oldText, newText) = (Array(old.joined().utf16), Array(new.joined().utf16))
        let splices = TextDifference.splices(from: oldText, to: newText)
        #expect(splices.count == 450)
        var text = oldText
        for splice in splices.reversed() { text.replaceSubrange(splice.deleted, with: newText[splice.inserted]) }
        #expect(text == newText)
    }
}
