import CRDT
import Testing

@testable import QuireClient

@Suite("Changes that are held back")
struct HeldChangesTests {
    @Test("They come out in order, up to the version that is asked for")
    func takesUpTo() throws {
        var author = Author(1)
        let changes = try author.write(count: 3)
        var held = HeldChanges(version: Version())
        #expect(held.receive(changes).kept.count == 3)
        #expect(held.version == Version([1: 3]))
        #expect(held.take(upTo: Version([1: 2])).map(\.sequence) == [0, 1])
        #expect(held.take(upTo: Version([1: 2])).isEmpty)
        #expect(held.take(upTo: Version([1: 9])).map(\.sequence) == [2])
    }

    @Test("Duplicates are dropped; what came too early is told and not kept")
    func findsGaps() throws {
        var author = Author(1)
        let changes = try author.write(count: 3)
        var held = HeldChanges(version: Version())
        #expect(held.receive([changes[0], changes[0]]).kept.count == 1)
        let early = held.receive([changes[2]])
        #expect(early.hasGap)
        #expect(early.kept.isEmpty)
        let all = held.receive(changes)
        #expect(!all.hasGap)
        #expect(all.kept.map(\.sequence) == [1, 2])
    }
}
