import TestSupport
import Testing

@testable import CRDT

/// Two replicas, and all their changes in the order in which an onlooker learns them.
private struct Session: ~Copyable {
    let root: TextID = "body"
    var a = Document(replica: ReplicaID(1))
    var b = Document(replica: ReplicaID(2))
    private var changes: [Change] = []
    private var ignored: [Patch] = []

    init() {
        a.undoLimit = 100
        b.undoLimit = 100
    }

    mutating func note(_ change: Change?) { if let change { changes.append(change) } }

    mutating func sync() throws {
        _ = try a.receive(changes, patches: &ignored)
        _ = try b.receive(changes, patches: &ignored)
    }

    /// Types one character after the other.
    mutating func type(_ text: String, at offset: Int, byA: Bool = true) throws {
        var place = offset
        for character in text.unicodeScalars {
            let units = Array(String(character).utf16)
            note(try byA ? a.insert(units, at: place, in: root) : b.insert(units, at: place, in: root))
            place += units.count
        }
    }

    /// Erases one unit after the other.
    mutating func erase(_ range: Range<Int>, leftwards: Bool = true, byA: Bool = true) throws {
        for offset in 0..<range.count {
            let place = leftwards ? range.upperBound - offset - 1 : range.lowerBound
            note(
                try byA
                    ? a.delete(place..<place + 1, in: root) : b.delete(place..<place + 1, in: root)
            )
        }
    }

    /// The history as it is written, and what the text is after it.
    consuming func history() throws -> (writer: HistoryWriter, text: [UInt16]) {
        var writer = HistoryWriter()
        for change in changes { try writer.append(change) }
        return (writer, a.text(of: root))
    }

    /// The whole as a history does what the changes do one by one; `items` is how many entries the history has.
    consuming func check(items: Int? = nil, sourceLocation: SourceLocation = #_sourceLocation) throws {
        var history = History()
        for change in changes { try history.append(change) }
        if let items {
            let (columns, _) = try HistoryFormat.parts(of: history.encoded, .default)
            #expect(columns.kinds.remaining == items, sourceLocation: sourceLocation)
        }
        var single = Document(replica: ReplicaID(9))
        for change in changes { try single.integrate(change, patches: &ignored) }
        var whole = Document(replica: ReplicaID(9))
        try whole.apply(history: history.encoded)
        #if DEBUG
        whole.checkInvariants()
        #endif
        #expect(whole.text(of: root) == single.text(of: root), sourceLocation: sourceLocation)
        #expect(whole.snapshot() == single.snapshot(), sourceLocation: sourceLocation)
        // The cursor is nowhere then: edits go on all the same.
        var random = SplitMix64(seed: 1)
        for step in 0..<20 {
            let place = random.below(min(whole.utf16Count(of: root), 3) + 1)
            guard let change = try? whole.insert([UInt16(97 + step)], at: place, in: root) else { continue }
            try single.integrate(change, patches: &ignored)
            guard let change = try? whole.delete(0..<1, in: root) else { continue }
            try single.integrate(change, patches: &ignored)
        }
        #expect(whole.text(of: root) == single.text(of: root), sourceLocation: sourceLocation)
    }
}

/// Each thing that is done as one step when a history is applied does what its changes do.
@Suite("Replay of a history")
struct HistoryReplayTests {
    @Test("Text typed after another's element, at the same time as others type there")
    func foreignOrigin() throws {
        var session = Session()
        try session.type("hello", at: 0)
        try session.sync()
        try session.type(" there", at: 2)
        try session.type("XYZ", at: 2, byA: false)
        try session.type("W", at: 0, byA: false)
        try session.sync()
        try session.type("!", at: 4)
        try session.check(items: 6)
    }

    @Test("Typing that goes on after a jump of the Lamport timestamps, and is then overtaken")
    func lamportJump() throws {
        var session = Session()
        try session.type("abc", at: 0)
        try session.sync()
        try session.type("0123456789", at: 0, byA: false)
        try session.sync()
        let end = session.a.utf16Count(of: session.root)
        try session.type("def", at: end)
        // Not known to the other: older than the jump, newer than what is on its left.
        try session.type("uvw", at: end, byA: false)
        try session.sync()
        try session.type("g", at: end + 3)
        try session.check(items: 7)
    }

    @Test("Erasing over what others typed in between, and over the end of a segment")
    func manyRuns() throws {
        for isLeft in [true, false] {
            var session = Session()
            try session.type(String(repeating: "a", count: 60), at: 0)
            try session.sync()
            try session.type("here", at: 0, byA: false)
            try session.type("there", at: 20, byA: false)
            // The other's segment is in the way.
            try session.type(String(repeating: "b", count: 100), at: 60)
            try session.type("late", at: 44, byA: false)
            try session.erase(10..<150, leftwards: isLeft)
            try session.sync()
            try session.check(items: 8)
        }
    }

    @Test("One change that deletes several runs of two segments")
    func manyRunsAtOnce() throws {
        var session = Session()
        try session.type(String(repeating: "a", count: 60), at: 0)
        try session.sync()
        try session.type("there", at: 20, byA: false)
        try session.type(String(repeating: "b", count: 100), at: 60)
        session.note(try session.a.delete(10..<150, in: session.root))
        try session.check(items: 5)
    }

    @Test("What both erase is counted twice, and comes back when both undo")
    func erasedTwice() throws {
        var session = Session()
        try session.type("abcdefghij", at: 0)
        try session.sync()
        session.a.closeUndoStep()
        try session.erase(2..<8)
        try session.erase(4..<10, leftwards: false, byA: false)
        try session.sync()
        session.note(try session.a.undo())
        try session.sync()
        try session.type("xy", at: 2)
        try session.erase(0..<2, byA: false)
        try session.check(items: 7)
    }

    @Test("What was restored more often than deleted survives when all around it is erased")
    func restored() throws {
        var session = Session()
        try session.type("abcdef", at: 0)
        try session.sync()
        // Two restorations of the "c" that nobody deleted.
        let operation: [UInt8] = [0x0B, 0, 0, 1, 2, 1, 0x63]
        for replica: UInt8 in 3...4 {
            session.note(try Change(decoding: ChangeFormatTests.change(operation, name: [replica])))
        }
        try session.erase(1..<5, byA: false)
        try session.sync()
        #expect(session.a.string(of: session.root) == "acf")
        try session.type("z", at: 2)
        try session.check(items: 6)
    }

    @Test("Surrogate pairs are typed and kept whole, and what is next to them is erased")
    func pairs() throws {
        var session = Session()
        try session.type("ab😀é汉", at: 0)
        session.note(try session.a.insert(Array("paste 😀".utf16), at: 1, in: session.root))
        try session.type("cdefghijk", at: 1)
        try session.erase(3..<8)
        try session.erase(2..<4, leftwards: false)
        let pair = session.a.text(of: session.root).firstIndex(of: 0xD83D)!
        session.note(try session.a.delete(pair..<pair + 2, in: session.root))
        try session.erase(pair - 2..<pair)
        try session.type("é", at: pair - 2)
        try session.check(items: 9)
    }

    @Test("Half of a pair is not erased, whatever a history's entry claims")
    func halfOfPair() throws {
        var session = Session()
        try session.type("ab😀c", at: 0)
        try session.erase(4..<5)
        let (history, before) = try session.history()
        let (written, replicas) = history.finish()
        var columns = written
        #expect(columns.counts == [3, 1])
        columns.counts[1] = 3
        var reader = HistoryReader(HistoryCursors(columns), replicas)
        var document = Document(replica: ReplicaID(9))
        #expect(throws: ChangeError.splitsSurrogatePair) { try document.apply(&reader, upTo: nil) }
        // Up to there it is applied.
        #expect(document.text(of: "body") == before)
    }

    @Test("Text goes on between elements of lists and maps")
    func containers() throws {
        var session = Session()
        try session.type("abcdef", at: 0)
        session.note(try session.a.insert([.string("x"), .number(1)], at: 0, in: ListID("list")))
        try session.type("ghijkl", at: 6)
        session.note(try session.a.set(.bool(true), for: Array("k".utf8), in: MapID("map")))
        try session.type("mnopqr", at: 12)
        try session.erase(13..<16)
        try session.erase(7..<10, leftwards: false)
        session.note(try session.a.delete(0..<1, in: ListID("list")))
        try session.check(items: 9)
    }

    @Test("Text that fills a segment leaves the next one alone", arguments: 1..<64)
    func segmentEnd(count: Int) throws {
        var session = Session()
        try session.type(String(repeating: "a", count: count), at: 0)
        try session.sync()
        try session.type(String(repeating: "b", count: 64), at: 0, byA: false)
        // All the room that is left, to its last unit.
        try session.type(String("cdefghij".prefix(64 - count)), at: 0)
        session.note(try session.a.insert(Array(repeating: 0x64, count: max(0, 56 - count)), at: 1, in: session.root))
        try session.type("0", at: 0, byA: false)
        try session.type("k", at: 1)
        try session.check()
    }

    @Test("A document with an open transaction takes no history")
    func transaction() throws {
        var document = Document(replica: ReplicaID(1))
        var history = History()
        try history.append(try #require(try document.insert([97], at: 0, in: "body")))
        var other = Document(replica: ReplicaID(2))
        other.begin()
        #expect(throws: ChangeError.transactionOpen) { try other.apply(history: history.encoded) }
        _ = other.commit()
        #expect(other.roots.isEmpty)
        try other.apply(history: history.encoded)
        #expect(other.string(of: "body") == "a")
    }
}
