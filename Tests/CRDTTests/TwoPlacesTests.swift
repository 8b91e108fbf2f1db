import TestSupport
import Testing

@testable import CRDT

/// Two who type in turns each have a place that stays open; what they do must be what the general way does.
@Suite("Two places that are open at once")
struct TwoPlacesTests {
    let root: TextID = "body"

    /// Who types, and where.
    final class Writer {
        var document: Document
        var caret: Int

        init(_ id: UInt64, at caret: Int) {
            document = Document(replica: ReplicaID(id))
            self.caret = caret
        }

        /// Types some characters, each as a change of its own, and gives the changes.
        func type(_ count: Int, in root: TextID) throws -> [[UInt8]] {
            var changes: [[UInt8]] = []
            for _ in 0..<count {
                var buffer = ChangeBuffer()
                guard let handle = document.textHandle(root) else { return [] }
                try document.insert([UInt16(120)].span, at: caret, in: handle, to: &buffer)
                caret += 1
                changes.append(buffer.changeSet)
            }
            return changes
        }

        /// Receives a change on the short way, and gives its patches.
        @discardableResult
        func receive(_ change: [UInt8]) throws -> [Patch] {
            var buffer = PatchBuffer()
            _ = try document.receive(change.span, patches: &buffer)
            let patches = (0..<buffer.count).compactMap { buffer[$0] }
            for case .text(let patch) in patches where patch.utf16Offset < caret {
                caret += patch.insert.count - patch.deleteCount
            }
            return patches
        }
    }

    /// One reader twice: on the short way and on the general one.
    final class Readers {
        let fast = Writer(1000, at: 0)
        var slow = Document(replica: ReplicaID(1001))

        func receive(_ change: [UInt8]) throws {
            let patches = try fast.receive(change)
            var expected: [Patch] = []
            _ = try slow.receive([Change(decoding: change)], patches: &expected)
            #expect(patches == expected)
            #if DEBUG
            fast.document.checkInvariants()
            #endif
        }
    }

    @Test("Side by side and far apart, seeing each other and not", arguments: -9...9, [false, true])
    func typeInTurns(distance: Int, seeEachOther: Bool) throws {
        let writers = [Writer(1, at: 10), Writer(2, at: 10 + distance)]
        let readers = Readers()
        var author = Document(replica: ReplicaID(3))
        guard let start = try author.insert(Array("abcdefghijklmnopqrst".utf16), at: 0, in: root) else { return }
        for writer in writers { try writer.receive(start.encoded) }
        try readers.receive(start.encoded)
        // Who typed before has room for more, and takes the short way from the first character on.
        for (index, writer) in writers.enumerated() {
            writer.caret = 15 + index
            for change in try writer.type(1, in: root) {
                try readers.receive(change)
                try writers[1 - index].receive(change)
            }
        }
        for (index, writer) in writers.enumerated() { writer.caret = 10 + index * distance }
        for round in 0..<60 {
            let turn = round % 2
            for change in try writers[turn].type(1 + round % 5 / 3, in: root) {
                try readers.receive(change)
                if seeEachOther { try writers[1 - turn].receive(change) }
            }
            #expect(readers.fast.document.text(of: root) == readers.slow.text(of: root))
        }
        if seeEachOther {
            for writer in writers { #expect(writer.document.text(of: root) == readers.slow.text(of: root)) }
        }
        #expect(readers.fast.document.snapshot() == readers.slow.snapshot())
    }

    @Test("In two texts of a document, and over the edges of blocks and leaves")
    func typeInTwoTexts() throws {
        let other: TextID = "title"
        let writers = [Writer(1, at: 1), Writer(2, at: 1)]
        let readers = Readers()
        var author = Document(replica: ReplicaID(3))
        for text in [root, other] {
            guard let start = try author.insert(Array("()".utf16), at: 0, in: text) else { return }
            for writer in writers { try writer.receive(start.encoded) }
            try readers.receive(start.encoded)
        }
        for writer in writers { writer.caret = 1 }
        for round in 0..<300 {
            let turn = round % 2
            for change in try writers[turn].type(1, in: turn == 0 ? root : other) { try readers.receive(change) }
        }
        for text in [root, other] { #expect(readers.fast.document.text(of: text) == readers.slow.text(of: text)) }
        #expect(readers.fast.document.string(of: other) == "(" + String(repeating: "x", count: 150) + ")")
        #expect(readers.fast.document.snapshot() == readers.slow.snapshot())
    }
}
