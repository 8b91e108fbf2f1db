import TestSupport
import Testing

@testable import CRDT

/// One buffer that is lent to several documents.
@Suite("A buffer of patches")
struct PatchBufferTests {
    @Test("Lent to several documents in turn, it names each one's own texts")
    func severalDocuments() throws {
        var patches = PatchBuffer()
        for round in 0..<2 {
            for (index, name) in (["body", "title"] as [TextID]).enumerated() {
                var author = Document(replica: ReplicaID(1))
                var reader = Document(replica: ReplicaID(2))
                var expected: [Patch] = []
                // The first change goes the general way, the others the fast one.
                for offset in 0..<4 {
                    let change = try #require(try author.insert([97], at: offset, in: name))
                    _ = try reader.receive(change.encoded.span, patches: &patches)
                    expected.append(.splice(name, utf16Offset: offset, insert: [97]))
                }
                let newest = (patches.count - 4..<patches.count).map { patches[$0] }
                #expect(newest == expected)
                if index == 1, round == 0 {
                    #expect(patches[1] == .splice("body", utf16Offset: 1, insert: [97]))
                }
            }
            patches.removeAll()
        }
    }

    /// The patches of a few letters typed at the start of a text; the first goes the general way when the text is new.
    private func type(
        _ author: inout Document,
        in text: TextID,
        for reader: inout Document,
        _ patches: inout PatchBuffer
    ) throws -> [Patch] {
        var expected: [Patch] = []
        for offset in 0..<3 {
            let change = try #require(try author.insert([97], at: offset, in: text))
            _ = try reader.receive(change.encoded.span, patches: &patches)
            expected.append(.splice(text, utf16Offset: offset, insert: [97]))
        }
        return expected
    }

    private func all(_ patches: borrowing PatchBuffer) -> [Patch] {
        var all: [Patch] = []
        for index in 0..<patches.count { all.append(patches[index]) }
        return all
    }

    @Test("It names the texts that a document got since it wrote last")
    func newTexts() throws {
        var patches = PatchBuffer()
        var author = Document(replica: ReplicaID(1))
        var reader = Document(replica: ReplicaID(2))
        var expected: [Patch] = []
        for text in ["body", "title", "notes"] as [TextID] {
            expected += try type(&author, in: text, for: &reader, &patches)
        }
        #expect(all(patches) == expected)
    }

    @Test("Emptied after several documents wrote, it still names the texts of the last one")
    func emptied() throws {
        var patches = PatchBuffer()
        var author = Document(replica: ReplicaID(1))
        var reader = Document(replica: ReplicaID(2))
        var otherAuthor = Document(replica: ReplicaID(1))
        var otherReader = Document(replica: ReplicaID(2))
        _ = try type(&otherAuthor, in: "body", for: &otherReader, &patches)
        _ = try type(&author, in: "title", for: &reader, &patches)
        patches.removeAll()
        let expected = try type(&author, in: "title", for: &reader, &patches)
        #expect(all(patches) == expected)
    }

    @Test("Joined, patches say the same in fewer words", arguments: 0..<20)
    func joining(_ number: Int) throws {
        let seed = Fuzz.replayedSeed ?? UInt64.random(in: .min ... .max)
        var random = SplitMix64(seed: seed)
        var author = Document(replica: ReplicaID(1))
        var one = Document(replica: ReplicaID(2))
        var other = Document(replica: ReplicaID(3))
        let texts: [TextID] = ["body", "title"]
        var place = 0
        for _ in 0..<40 {
            var changes: [Change] = []
            for _ in 0..<1 + random.below(30) {
                let text = texts[random.oneIn(12) ? 1 : 0]
                let count = author.text(of: text).count
                if random.oneIn(6) { place = random.below(count + 1) }
                place = min(place, count)
                // Typing, erasing to the left and to the right, pasting, replacing; each a change, or several together.
                switch random.below(6) {
                case 0 where place > 0:
                    place -= 1
                    changes += [try author.delete(place..<place + 1, in: text)].compactMap(\.self)
                case 1 where place < count:
                    changes += [try author.delete(place..<min(count, place + 3), in: text)].compactMap(\.self)
                case 2:
                    changes += [try author.insert([97, 98, 99], at: place, in: text)].compactMap(\.self)
                    place += 3
                case 3 where place > 0:
                    author.begin()
                    _ = try author.delete(place - 1..<place, in: text)
                    _ = try author.insert([120, 121], at: place - 1, in: text)
                    changes += [author.commit()].compactMap(\.self)
                    place += 1
                default:
                    changes += [try author.insert([100], at: place, in: text)].compactMap(\.self)
                    place += 1
                }
            }
            // One by one they go the fast way, as a set the general one.
            var messages = changes.map(\.encoded)
            if random.oneIn(2) { messages = [ChangeSet.encode(changes)] }
            var before = texts.map { one.text(of: $0) }
            var patches = PatchBuffer()
            var joined = PatchBuffer(joining: true)
            for message in messages {
                _ = try one.receive(message.span, patches: &patches)
                _ = try other.receive(message.span, patches: &joined)
            }
            #expect(joined.count <= patches.count)
            for index in 0..<joined.count {
                guard case .text(let patch) = joined[index] else {
                    Issue.record("seed \(seed): not of a text")
                    return
                }
                let splice = joined.splice(at: index)
                #expect(splice == (patch.utf16Offset, patch.deleteCount, patch.insert.count), "seed \(seed)")
                let range = patch.utf16Offset..<patch.utf16Offset + patch.deleteCount
                before[texts.firstIndex(of: patch.text) ?? 0].replaceSubrange(range, with: patch.insert)
                #expect(!range.isEmpty || !patch.insert.isEmpty, "seed \(seed)")
            }
            try #require(before == texts.map { other.text(of: $0) }, "seed \(seed)")
            try #require(before == texts.map { author.text(of: $0) }, "seed \(seed)")
        }
    }

    @Test("Typing, erasing and typing again is one patch, and nothing when nothing is left", arguments: [false, true])
    func joinedTyping(isSet: Bool) throws {
        var author = Document(replica: ReplicaID(1))
        var reader = Document(replica: ReplicaID(2))
        var patches = PatchBuffer(joining: true)
        func receive(_ changes: [Change?]) throws -> [Patch] {
            patches.removeAll()
            let changes = changes.compactMap(\.self)
            for message in isSet ? [ChangeSet.encode(changes)] : changes.map(\.encoded) {
                _ = try reader.receive(message.span, patches: &patches)
            }
            return all(patches)
        }
        _ = try receive([try author.insert(Array("hello".utf16), at: 0, in: "body")])
        let typed = try receive([
            try author.insert([97], at: 5, in: "body"), try author.insert([98], at: 6, in: "body"),
            try author.delete(6..<7, in: "body"), try author.delete(5..<6, in: "body"),
            try author.delete(4..<5, in: "body"), try author.insert([99], at: 4, in: "body"),
        ])
        #expect(typed == [.splice("body", utf16Offset: 4, deleteCount: 1, insert: [99])])
        let nothing = try receive([try author.insert([97], at: 2, in: "body"), try author.delete(2..<3, in: "body")])
        #expect(nothing.isEmpty)
        let apart = try receive([
            try author.insert([97], at: 2, in: "body"), try author.insert([98], at: 0, in: "body"),
        ])
        #expect(apart.count == 2)
    }
}
