import TestSupport
import Testing

@testable import CRDT

/// Edits through handles and changes from bytes take short ways; each must end exactly where the general way ends.
@Suite("The fast lanes")
struct FastLaneTests {
    let root: TextID = "body"

    /// One replica twice: one copy goes the short ways, the other the general way.
    final class Twin {
        var fast: Document
        var slow: Document
        var mirror: [UInt16] = []
        var log: [[UInt8]] = []
        var seen: [Int]
        /// Where this one is typing.
        var caret = 0

        init(_ id: UInt64, of count: Int) {
            fast = Document(replica: ReplicaID(id))
            slow = Document(replica: ReplicaID(id))
            seen = [Int](repeating: 0, count: count)
        }
    }

    private static let replicas: [UInt64] = [1, 5, 300, 1 << 50]

    /// A tenth of a per cent of the histories that other tests run: each step here is checked against the general way.
    static let seeds: [UInt64] =
        Fuzz.replayedSeed.map { [$0] }
        ?? (0..<UInt64(max(24, Fuzz.iterations / 500))).map { Fuzz.firstSeed + $0 }

    private func edit(_ twin: Twin, _ edit: TextEdit) throws {
        var buffer = ChangeBuffer()
        let expected = try edit.deleteCount > 0 && !edit.insert.isEmpty ? nil : twin.slow.edit([edit])
        guard let expected else { return }
        if let handle = twin.fast.textHandle(root) {
            if edit.deleteCount > 0 {
                let range = edit.utf16Offset..<edit.utf16Offset + edit.deleteCount
                try twin.fast.delete(range, in: handle, to: &buffer)
            } else {
                try twin.fast.insert(edit.insert.span, at: edit.utf16Offset, in: handle, to: &buffer)
            }
            #expect(buffer.count == 1)
            #expect(buffer.changeSet == expected.encoded, "another change")
        } else {
            #expect(try twin.fast.edit([edit]) == expected)
        }
        twin.log.append(expected.encoded)
        let end = edit.utf16Offset + edit.deleteCount
        twin.mirror.replaceSubrange(edit.utf16Offset..<end, with: edit.insert)
        twin.caret = edit.utf16Offset + edit.insert.count
    }

    private func deliver(_ bytes: [UInt8], to twin: Twin) throws {
        var buffer = PatchBuffer()
        let reception = try twin.fast.receive(bytes.span, patches: &buffer)
        var patches: [Patch] = []
        let receipt = try twin.slow.receive([Change(decoding: bytes)], patches: &patches)
        #expect(reception.applied == receipt.applied.count)
        #expect(reception.duplicates == receipt.duplicates)
        #expect(reception.waiting == receipt.waiting)
        for index in 0..<buffer.count {
            let patch = try #require(buffer[index].splice)
            let end = patch.utf16Offset + patch.deleteCount
            twin.mirror.replaceSubrange(patch.utf16Offset..<end, with: patch.insert)
            if patch.utf16Offset < twin.caret {
                twin.caret += patch.insert.count - min(patch.deleteCount, twin.caret - patch.utf16Offset)
            }
        }
        #expect(buffer.count == patches.count)
        if buffer.count == patches.count {
            for index in 0..<buffer.count { #expect(buffer[index] == patches[index]) }
        }
    }

    private func check(_ twin: Twin) {
        let text = twin.slow.text(of: root)
        #expect(twin.fast.text(of: root) == text)
        #expect(twin.mirror == text)
        #expect(twin.fast.version == twin.slow.version)
        #expect(twin.fast.snapshot() == twin.slow.snapshot())
        #if DEBUG
        twin.fast.checkInvariants()
        #endif
    }

    private func randomEdit(_ twin: Twin, _ generator: inout SplitMix64) -> TextEdit? {
        let count = twin.mirror.count
        func isSplit(_ offset: Int) -> Bool { offset < count && UTF16Unit.isLow(twin.mirror[offset]) }
        var offset = min(twin.caret, count)
        if generator.below(8) == 0 { offset = generator.below(count + 1) }
        if isSplit(offset) { offset -= 1 }
        var deleted = 0
        var insert: [UInt16] = []
        switch generator.below(16) {
        case 0...7: insert = [UInt16(97 + generator.below(26))]
        case 8, 9, 10:
            deleted = min(1, offset)
            offset -= deleted
        case 11: deleted = 1
        case 12: deleted = generator.below(6)
        case 13: insert = Array(["é", "😀", "漢", "ab😀"][generator.below(4)].utf16)
        case 14: insert = (0..<generator.below(80)).map { UInt16(97 + $0 % 26) }
        default:
            deleted = min(generator.below(4), offset)
            offset -= deleted
        }
        if isSplit(offset) {
            offset -= 1
            deleted += deleted > 0 ? 1 : 0
        }
        deleted = min(deleted, count - offset)
        if deleted > 0, isSplit(offset + deleted) { deleted += 1 }
        if deleted == 0, insert.isEmpty { return nil }
        return TextEdit(text: root, utf16Offset: offset, deleteCount: deleted, insert: insert)
    }

    @Test("Whatever is edited and received, both ways give the same bytes, patches and state", arguments: seeds)
    func isTheGeneralWay(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let count = 1 + generator.below(Self.replicas.count)
        let twins = (0..<count).map { Twin(Self.replicas[$0], of: count) }
        for step in 0..<400 {
            let twin = twins[generator.below(count)]
            if generator.below(3) > 0 {
                // A few edits in a row, as people make them.
                for _ in 0...generator.below(12) {
                    guard let edit = randomEdit(twin, &generator) else { continue }
                    try self.edit(twin, edit)
                }
            } else {
                let other = generator.below(count)
                if twins[other] === twin { continue }
                let end = min(twins[other].log.count, twin.seen[other] + 1 + generator.below(12))
                while twin.seen[other] < end {
                    try deliver(twins[other].log[twin.seen[other]], to: twin)
                    twin.seen[other] += 1
                }
            }
            if step % 20 == 0 { check(twin) }
        }
        for twin in twins {
            for other in 0..<count where twins[other] !== twin {
                while twin.seen[other] < twins[other].log.count {
                    try deliver(twins[other].log[twin.seen[other]], to: twin)
                    twin.seen[other] += 1
                }
            }
            check(twin)
        }
        for twin in twins { #expect(twin.mirror == twins[0].mirror, "replicas diverged, seed \(seed)") }
    }

    @Test("Damaged and repeated keystrokes are refused as the general way refuses them", arguments: 0..<8)
    func refuses(seed: Int) throws {
        var generator = SplitMix64(seed: UInt64(seed))
        let author = Twin(1, of: 1)
        for _ in 0..<60 {
            if let edit = randomEdit(author, &generator) { try self.edit(author, edit) }
        }
        let reader = Twin(2, of: 1)
        for bytes in author.log {
            for _ in 0..<6 {
                var damaged = bytes
                damaged[generator.below(damaged.count)] ^= UInt8(1 << generator.below(8))
                if generator.below(2) == 0 {
                    damaged[damaged.count - 1] = Checksum.short(damaged, 0..<damaged.count - 1)
                }
                compareRefusal(damaged, reader)
            }
            try deliver(bytes, to: reader)
            compareRefusal(bytes, reader)
        }
        check(reader)
        check(author)
    }

    @Test("A document that knows nobody takes no keystroke for anybody's next one")
    func knowsNobody() {
        for head in UInt8.min...UInt8.max {
            for (count, fill) in [(2, 0xFF), (5, 0xFF), (6, 0xFF), (6, 0), (6, 0x7F)] as [(Int, UInt8)] {
                var bytes = [head] + [UInt8](repeating: fill, count: count)
                bytes.append(Checksum.short(bytes, 0..<bytes.count))
                compareRefusal(bytes, Twin(2, of: 1))
            }
        }
    }

    /// Bodies of changes that are almost the next keystroke of replica 1, whose last one is where the place is open.
    static func almostKeystrokes(_ sequence: UInt64) -> [[UInt8]] {
        let name = sequence << 3 | 1
        precondition(name < 0x80, "The name is to fit a byte, so that longer forms of it are too long.")
        let byte = UInt8(name)
        return [
            [0x91, byte | 0x80, 0x00, 0x61], [0x91, byte | 0x80, 0x80, 0x00, 0x61], [0x91, byte, 0x80], [0x91, byte],
            [0x91, byte, 0x61, 0x61], [0x93, byte, 0x00], [0x93, byte, 0x81, 0x00], [0x93, byte, 0x81, 0x80, 0x00],
            [0x93, byte, 0x7F], [0x93, byte, 0xFF, 0x7F], [0x93, byte, 0x01, 0x00], [0x93, byte, 0x80],
            [0x81, byte, 0x61],
            [0xA1, byte, 0x61], [0x91, byte | 7, 0x61], [0x91, byte | 7, 0x06, 0x61], [0x95, byte, 0x61],
            [0x99, byte, 0x61], [0x91, byte + 8, 0x61], [0x91, byte - 8, 0x61], [0x90, byte, 0x61],
            [0x91, byte &+ 1, 0x61],
        ]
    }

    @Test("What is almost a keystroke is refused as the general way refuses it, where a keystroke would be taken")
    func refusesAtOpenPlace() throws {
        for erasesLast in [false, true] {
            let author = Twin(1, of: 1)
            let reader = Twin(2, of: 1)
            for index in 0..<6 {
                try edit(author, TextEdit(text: root, utf16Offset: index, insert: [UInt16(97 + index)]))
            }
            if erasesLast { try edit(author, TextEdit(text: root, utf16Offset: 5, deleteCount: 1)) }
            for bytes in author.log { try deliver(bytes, to: reader) }
            for body in Self.almostKeystrokes(UInt64(author.log.count)) {
                let bytes = body + [Checksum.short(body, 0..<body.count)]
                var probe = PatchBuffer()
                var patches: [Patch] = []
                var fastError: ChangeError?
                var slowError: ChangeError?
                var fast = Reception()
                var slow = Receipt(applied: [], duplicates: 0, waiting: 0)
                do throws(ChangeError) {
                    fast = try reader.fast.receive(bytes.span, patches: &probe)
                } catch {
                    fastError = error
                }
                do throws(ChangeError) {
                    let changes: [Change]
                    do throws(FormatError) { changes = try ChangeSet.decode(bytes) } catch { throw .format(error) }
                    slow = try reader.slow.receive(changes, patches: &patches)
                } catch {
                    slowError = error
                }
                #expect(fastError == slowError, "\(body)")
                #expect(fast.applied == 0 && slow.applied.isEmpty, "\(body)")
                #expect(fast.waiting == slow.waiting && fast.duplicates == slow.duplicates, "\(body)")
                #expect(probe.count == 0)
            }
            check(reader)
        }
    }

    /// Both ways say the same of bytes that may be anything; what is applied is applied by both.
    private func compareRefusal(_ bytes: [UInt8], _ twin: Twin) {
        var fastError: ChangeError?
        var slowError: ChangeError?
        var applied = 0
        do throws(ChangeError) {
            var probe = PatchBuffer()
            var copy = try copied(twin.fast)
            applied = try copy.receive(bytes.span, patches: &probe).applied
        } catch {
            fastError = error
        }
        var slowApplied = 0
        do throws(ChangeError) {
            var patches: [Patch] = []
            var copy = try copied(twin.slow)
            let changes: [Change]
            do throws(FormatError) { changes = try ChangeSet.decode(bytes) } catch { throw .format(error) }
            slowApplied = try copy.receive(changes, patches: &patches).applied.count
        } catch {
            slowError = error
        }
        #expect(fastError == slowError)
        #expect(applied == slowApplied)
    }

    private func copied(_ document: borrowing Document) throws(ChangeError) -> Document {
        do throws(FormatError) {
            return try Document(snapshot: document.snapshot(), replica: document.replica)
        } catch {
            throw .format(error)
        }
    }

    @Test("A set ends where its changes end, whatever is in it", arguments: Self.seeds)
    func sets(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let authors = Self.replicas.map { Twin($0, of: 1) }
        var changes: [Change] = []
        for _ in 0..<60 {
            let author = authors[random.below(authors.count)]
            author.mirror = author.slow.text(of: root)
            if random.oneIn(5), let seen = changes.randomElement(using: &random) {
                var patches: [Patch] = []
                _ = try author.slow.receive([seen], patches: &patches)
            } else if let edit = randomEdit(author, &random), edit.deleteCount == 0 || edit.insert.isEmpty {
                if let change = try author.slow.edit([edit]) { changes.append(change) }
                author.caret = edit.utf16Offset + edit.insert.count
            }
        }
        // Early, twice, in parts, and with a change that the document refuses among them.
        for _ in 0..<changes.count / 4 where random.oneIn(2) {
            changes.swapAt(random.below(changes.count), random.below(changes.count))
        }
        changes += changes.filter { _ in random.oneIn(10) }
        if random.oneIn(3), let change = changes.first {
            var bytes = change.encoded.dropLast()
            bytes[bytes.count - 1] ^= 1
            bytes.append(Checksum.short(Array(bytes), 0..<bytes.count))
            if let forged = try? Change(decoding: Array(bytes)) { changes.append(forged) }
        }
        let reader = Twin(7, of: 1)
        var rest = changes[...]
        while !rest.isEmpty {
            let part = rest.prefix(1 + random.below(40))
            rest = rest.dropFirst(part.count)
            compareReception(ChangeSet.encode(Array(part)), reader)
            check(reader)
        }
    }

    /// The lanes and the general way do the same with a set, and say the same of it.
    private func compareReception(_ bytes: [UInt8], _ twin: Twin) {
        var (fast, fastError) = (Reception(), ChangeError?.none)
        var buffer = PatchBuffer()
        do throws(ChangeError) {
            fast = try twin.fast.receive(bytes.span, patches: &buffer)
        } catch {
            fastError = error
        }
        var (slow, slowError) = (Reception(), ChangeError?.none)
        var patches: [Patch] = []
        do throws(ChangeError) {
            let changes: [Change]
            do throws(FormatError) { changes = try ChangeSet.decode(bytes) } catch { throw .format(error) }
            let receipt = try twin.slow.receive(changes, patches: &patches)
            slow = Reception(applied: receipt.applied.count, duplicates: receipt.duplicates, waiting: receipt.waiting)
        } catch {
            slowError = error
        }
        #expect(fast == slow && fastError == slowError)
        #expect(buffer.count == patches.count)
        if buffer.count == patches.count {
            for index in patches.indices { #expect(buffer[index] == patches[index]) }
        }
        twin.mirror = twin.slow.text(of: root)
    }

    @Test("What is taken for a keystroke at a glance is one", arguments: Self.seeds)
    func glance(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var author = Document(replica: ReplicaID(Self.replicas[random.below(4)]))
        _ = try author.insert(Array(repeating: 97, count: 200), at: 0, in: root)
        var keystrokes = 0
        for _ in 0..<400 {
            let at = random.below(author.text(of: root).count)
            let made =
                try random.oneIn(2)
                ? author.insert([random.oneIn(8) ? 0xE9 : 98], at: at, in: root)
                : author.delete(at..<at + 1, in: root)
            var bytes = try #require(made).encoded
            if Change.isKeystroke(bytes.span) { keystrokes += 1 }
            // Damage with a checksum that hides it.
            for _ in 0..<4 {
                bytes.removeLast()
                switch random.below(3) {
                case 0 where bytes.count > 1: bytes.removeLast()
                case 1: bytes.append(UInt8(truncatingIfNeeded: random.next()))
                default: bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
                }
                bytes.append(Checksum.short(bytes, 0..<bytes.count))
                if Change.isKeystroke(bytes.span) {
                    #expect(throws: Never.self, "\(bytes)") { try Change(decoding: bytes) }
                }
            }
        }
        #expect(keystrokes > 20)
    }

    @Test("A clone of a document types on as the document does")
    func readersSeeEverything() throws {
        var document = Document(replica: ReplicaID(1))
        let change = try document.insert([97], at: 0, in: root)
        let first = try #require(change).encoded
        let found = document.textHandle(root)
        let handle = try #require(found)
        var changes = ChangeBuffer()
        for index in 1..<200 {
            try document.insert([98].span, at: index, in: handle, to: &changes)
            #expect(document.utf16Count(of: handle) == index + 1)
            #expect(document.text(of: root).count == index + 1)
            let anchor = document.anchor(at: index, side: .left, in: root)
            #expect(document.utf16Offset(of: anchor, in: root) == index)
        }
        for index in stride(from: 199, to: 150, by: -1) {
            try document.delete(index..<index + 1, in: handle, to: &changes)
            #expect(document.text(of: root).count == index)
            #expect(document.utf16Offset(of: document.anchor(at: index, side: .left, in: root), in: root) == index)
        }
        var other = Document(replica: ReplicaID(2))
        var patches = PatchBuffer()
        _ = try other.receive(first.span, patches: &patches)
        let reception = try other.receive(changes, patches: &patches)
        #expect(reception == Reception(applied: changes.count))
        #expect(other.text(of: root) == document.text(of: root))
        var again = Document(replica: ReplicaID(3))
        _ = try again.receive(first.span, patches: &patches)
        #expect(try again.receive(changes.changeSet.span, patches: &patches).applied == changes.count)
        #expect(again.text(of: root) == document.text(of: root))
    }
}
