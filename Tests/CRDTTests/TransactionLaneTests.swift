import TestSupport
import Testing

@testable import CRDT

/// In a transaction edits through a handle are gathered into operations; what they say must be what the edits did.
@Suite("The fast lane of transactions")
struct TransactionLaneTests {
    let root: TextID = "body"

    /// One replica twice: one copy edits through the handle, the other the general way.
    private final class Writer {
        var fast: Document
        var slow: Document
        var mirror: [UInt16] = []
        var caret = 0
        var changes: [Change] = []
        /// How many changes of the other writer it has.
        var seen = 0

        init(_ id: UInt64, undoLimit: Int) {
            fast = Document(replica: ReplicaID(id))
            slow = Document(replica: ReplicaID(id))
            fast.undoLimit = undoLimit
            slow.undoLimit = undoLimit
        }

        func splice(_ offset: Int, _ deleteCount: Int, _ insert: [UInt16]) {
            mirror.replaceSubrange(offset..<offset + deleteCount, with: insert)
        }
    }

    static let seeds: [UInt64] =
        Fuzz.replayedSeed.map { [$0] }
        ?? (0..<UInt64(max(48, Fuzz.iterations / 250))).map { Fuzz.firstSeed + $0 }

    /// Offset, number of deleted units and inserted ones: mostly what a person does next.
    private func randomEdit(_ writer: Writer, _ generator: inout SplitMix64) -> (Int, Int, [UInt16]) {
        let text = writer.mirror
        func isSplit(_ offset: Int) -> Bool { offset > 0 && offset < text.count && UTF16Unit.isLow(text[offset]) }
        var offset = min(writer.caret, text.count)
        if generator.below(8) == 0 { offset = generator.below(text.count + 1) }
        if isSplit(offset) { offset -= 1 }
        switch generator.below(12) {
        case 0...4: return (offset, 0, [UInt16(97 + generator.below(26))])
        case 5, 6:
            let start = isSplit(offset - 1) ? offset - 2 : max(offset - 1, 0)
            return (start, offset - start, [])
        case 7:
            let end = isSplit(offset + 1) ? offset + 2 : min(offset + 1, text.count)
            return (offset, end - offset, [])
        case 8: return (offset, 0, Array(["é", "😀", "漢字", "ab😀"][generator.below(4)].utf16))
        case 9: return (offset, 0, (0..<generator.below(100)).map { UInt16(97 + $0 % 26) })
        default:
            var end = min(offset + generator.below(9), text.count)
            if isSplit(end) { end += 1 }
            return (offset, end - offset, [])
        }
    }

    private func edit(_ writer: Writer, _ generator: inout SplitMix64, _ unused: inout ChangeBuffer) throws {
        if generator.below(30) == 0 {
            let key = [UInt8(97 + generator.below(3))]
            _ = try writer.fast.set(.number(1), for: key, in: MapID("settings"))
            _ = try writer.slow.set(.number(1), for: key, in: MapID("settings"))
            return
        }
        let (offset, deleteCount, insert) = randomEdit(writer, &generator)
        let edit = TextEdit(text: root, utf16Offset: offset, deleteCount: deleteCount, insert: insert)
        _ = try writer.slow.edit([edit])
        if let handle = writer.fast.textHandle(root) {
            let usesBuffer = generator.below(4) == 0
            if deleteCount > 0, usesBuffer {
                try writer.fast.delete(offset..<offset + deleteCount, in: handle, to: &unused)
            } else if deleteCount > 0 {
                try writer.fast.delete(offset..<offset + deleteCount, in: handle)
            } else if usesBuffer {
                try writer.fast.insert(insert.span, at: offset, in: handle, to: &unused)
            } else {
                try writer.fast.insert(insert.span, at: offset, in: handle)
            }
        } else {
            _ = try writer.fast.edit([edit])
        }
        writer.splice(offset, deleteCount, insert)
        writer.caret = offset + insert.count
    }

    private func receive(_ change: Change, in writer: Writer) throws {
        var patches = PatchBuffer()
        _ = try writer.fast.receive(change.encoded.span, patches: &patches)
        var others: [Patch] = []
        try writer.slow.integrate(change, patches: &others)
        #expect(patches.count == others.count)
        follow(patches, in: writer)
    }

    private func follow(_ patches: borrowing PatchBuffer, in writer: Writer) {
        for index in 0..<patches.count {
            guard case .text(let patch) = patches[index] else { continue }
            writer.splice(patch.utf16Offset, patch.deleteCount, patch.insert)
        }
    }

    /// Edits outside of transactions, which leave open what a transaction or a key that is set then closes.
    private func editSingly(_ writer: Writer, _ generator: inout SplitMix64) throws {
        for _ in 0..<generator.below(12) {
            if generator.below(16) == 0 {
                let change = try writer.fast.set(.bool(true), for: [100], in: MapID("settings"))
                #expect(try writer.slow.set(.bool(true), for: [100], in: MapID("settings")) == change)
                if let change { writer.changes.append(change) }
                continue
            }
            let (offset, deleteCount, insert) = randomEdit(writer, &generator)
            let edit = TextEdit(text: root, utf16Offset: offset, deleteCount: deleteCount, insert: insert)
            guard let change = try writer.slow.edit([edit]) else { continue }
            if let handle = writer.fast.textHandle(root) {
                var buffer = ChangeBuffer()
                if deleteCount > 0 {
                    try writer.fast.delete(offset..<offset + deleteCount, in: handle, to: &buffer)
                } else {
                    try writer.fast.insert(insert.span, at: offset, in: handle, to: &buffer)
                }
                #expect(buffer.changeSet == change.encoded)
            } else {
                #expect(try writer.fast.edit([edit]) == change)
            }
            writer.changes.append(change)
            writer.splice(offset, deleteCount, insert)
            writer.caret = offset + insert.count
        }
    }

    private func undo(_ writer: Writer, isRedo: Bool) throws {
        var patches = PatchBuffer()
        let change = isRedo ? try writer.fast.redo(patches: &patches) : try writer.fast.undo(patches: &patches)
        let expected = isRedo ? try writer.slow.redo() : try writer.slow.undo()
        #expect((change == nil) == (expected == nil))
        follow(patches, in: writer)
        if let change { writer.changes.append(change) }
    }

    private func check(_ writer: Writer) {
        #expect(writer.fast.text(of: root) == writer.mirror)
        #expect(writer.fast.snapshot() == writer.slow.snapshot())
        #if DEBUG
        writer.fast.checkInvariants()
        #endif
    }

    @Test("Whatever is edited, the change says it", arguments: seeds)
    func saysWhatWasDone(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let undoLimit = generator.below(4) == 0 ? 100 : 0
        let writers = [Writer(1, undoLimit: undoLimit), Writer(1 << 40, undoLimit: 0)]
        var unused = ChangeBuffer()
        for _ in 0..<60 {
            let index = generator.below(2)
            let (writer, other) = (writers[index], writers[1 - index])
            if generator.below(2) == 0 {
                let end = min(writer.seen + 1 + generator.below(4), other.changes.count)
                for change in other.changes[writer.seen..<end] { try receive(change, in: writer) }
                writer.seen = end
            }
            if undoLimit > 0, index == 0, generator.below(3) == 0 {
                try undo(writer, isRedo: generator.below(3) == 0)
                check(writer)
            }
            try editSingly(writer, &generator)
            writer.fast.begin()
            writer.slow.begin()
            for _ in 0..<generator.below(40) { try edit(writer, &generator, &unused) }
            let change = writer.fast.commit()
            #expect((writer.slow.commit() == nil) == (change == nil))
            if let change { writer.changes.append(try Change(decoding: change.encoded)) }
            if generator.below(2) == 0 {
                writer.fast.closeUndoStep()
                writer.slow.closeUndoStep()
            }
            check(writer)
        }
        #expect(unused.count == 0, "In a transaction nothing is appended.")
        for (writer, other) in [(writers[0], writers[1]), (writers[1], writers[0])] {
            for change in other.changes[writer.seen...] { try receive(change, in: writer) }
            check(writer)
        }
        #expect(writers[0].mirror == writers[1].mirror, "replicas diverged, seed \(seed)")
        #expect(writers[0].fast.snapshot() == writers[1].fast.snapshot())
    }

    @Test("What closes a place where units were erased leaves the cursor right", arguments: 0..<4)
    func closesPlaces(way: Int) throws {
        var document = Document(replica: ReplicaID(1))
        _ = try document.insert(Array("abcdefghijklmnop".utf16), at: 0, in: root)
        let found = document.textHandle(root)
        let handle = try #require(found)
        var changes = ChangeBuffer()
        for end in stride(from: 12, to: 8, by: -1) { try document.delete(end - 1..<end, in: handle, to: &changes) }
        switch way {
        case 0: break
        case 1: document.begin()
        case 2: _ = try document.set(.null, for: [1], in: MapID("settings"))
        default:
            document.begin()
            _ = document.commit()
        }
        try document.insert([88].span, at: 4, in: handle, to: &changes)
        if document.isInTransaction { _ = document.commit() }
        #expect(document.string(of: root) == "abcdXefghmnop")
    }

    @Test("A range beyond all numbers is refused, not trapped on")
    func refusesHugeRanges() throws {
        var document = Document(replica: ReplicaID(1))
        _ = try document.insert([97, 98], at: 0, in: root)
        let found = document.textHandle(root)
        let handle = try #require(found)
        var changes = ChangeBuffer()
        #expect(throws: EditError.outOfBounds) { try document.delete(Int.min..<Int.max, in: handle, to: &changes) }
        #expect(throws: EditError.outOfBounds) { try document.delete(0..<Int.max, in: handle, to: &changes) }
        document.begin()
        #expect(throws: EditError.outOfBounds) { try document.delete(Int.min..<Int.max, in: handle) }
        #expect(throws: EditError.outOfBounds) { try document.delete(-1..<1, in: handle) }
        #expect(document.commit() == nil)
    }

    @Test("A refused deletion does not change what the next insertion is after", arguments: 0..<4)
    func refusalKeepsOrigin(way: Int) throws {
        let inTransaction = way < 2
        // Half of a pair in one run, and in two.
        let half = way % 2 == 0 ? 1..<2 : 1..<4
        var document = Document(replica: ReplicaID(1))
        var other = Document(replica: ReplicaID(2))
        var changes = ChangeBuffer()
        let inserted = try document.insert(Array("ab😀c😀d".utf16), at: 0, in: root)
        let first = try #require(inserted)
        var patches = PatchBuffer()
        _ = try other.receive(first.encoded.span, patches: &patches)
        let found = document.textHandle(root)
        let handle = try #require(found)
        try document.delete(4..<5, in: handle, to: &changes)
        // The cursor stays behind this tombstone, and a deletion begins in the run on its right.
        try document.delete(1..<2, in: handle, to: &changes)
        if inTransaction { document.begin() }
        #expect(throws: EditError.splitsSurrogatePair) { try document.delete(half, in: handle, to: &changes) }
        try document.insert([120].span, at: 1, in: handle, to: &changes)
        if inTransaction { document.commit(to: &changes) }
        _ = try other.receive(changes, patches: &patches)
        #expect(other.string(of: root) == document.string(of: root))
        #expect(other.snapshot() == document.snapshot())
    }

    @Test("Typing and erasing in one go are one operation each, and one alone has the shape of a keystroke")
    func gathers() throws {
        var document = Document(replica: ReplicaID(1))
        _ = try document.insert([120, 121], at: 0, in: root)
        let found = document.textHandle(root)
        let handle = try #require(found)
        document.begin()
        for (index, unit) in "hello".utf16.enumerated() { try document.insert([unit].span, at: 1 + index, in: handle) }
        for index in (3..<6).reversed() { try document.delete(index..<index + 1, in: handle) }
        let committed = document.commit()
        let change = try #require(committed)
        // Eleven characters typed elsewhere and one deletion: magic, name, count, two operations, checksum.
        #expect(change.encoded.count == 2 + 1 + (1 + 1 + 5) + (1 + 1) + 1)
        #expect(document.string(of: root) == "xhey")

        var twin = Document(replica: ReplicaID(1))
        _ = try twin.insert([120, 121], at: 0, in: root)
        twin.begin()
        let twinHandle = twin.textHandle(root)
        try twin.insert([122].span, at: 2, in: #require(twinHandle))
        let keystroke = twin.commit()
        let single = try #require(keystroke)
        #expect(single.encoded.count == 4, "a keystroke in a transaction of its own is a keystroke")
    }

    @Test("A refused edit leaves the transaction as it is")
    func refuses() throws {
        var document = Document(replica: ReplicaID(1))
        _ = try document.insert(Array("a😀b".utf16), at: 0, in: root)
        let found = document.textHandle(root)
        let handle = try #require(found)
        var changes = ChangeBuffer()
        document.begin()
        try document.insert([120].span, at: 1, in: handle)
        #expect(throws: EditError.outOfBounds) { try document.insert([120].span, at: 99, in: handle) }
        #expect(throws: EditError.outOfBounds) { try document.insert([120].span, at: -1, in: handle) }
        #expect(throws: EditError.outOfBounds) { try document.delete(4..<9, in: handle) }
        #expect(throws: EditError.self) { try document.insert([120].span, at: 3, in: handle) }
        #expect(throws: EditError.self) { try document.delete(2..<3, in: handle) }
        #expect(throws: EditError.self) { try document.insert([0xD83D].span, at: 0, in: handle) }
        try document.insert([121].span, at: 2, in: handle)
        document.commit(to: &changes)
        #expect(changes.count == 1)
        #expect(document.string(of: root) == "axy😀b")
        document.begin()
        document.commit(to: &changes)
        #expect(changes.count == 1, "nothing was edited")
        // Outside of transactions the lane is shut.
        try document.insert([122].span, at: 3, in: handle, to: &changes)
        #expect(changes.count == 2)
    }
}
