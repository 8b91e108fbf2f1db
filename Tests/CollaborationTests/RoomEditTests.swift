import CRDT
import Collaboration
import TestSupport
import Testing

@Suite("Edits of thin clients")
struct RoomEditTests {
    /// A room with "abcdefgh" at revision 1, and the thin clients "t" and "u" in it.
    private func room(limits: RoomLimits = .init()) async throws -> RoomHarness {
        let harness = try await RoomHarness.open(limits: limits)
        try harness.join("t", format: .content)
        try harness.join("u", format: .content)
        #expect(harness.edit([splice(0, "abcdefgh")], base: 0, from: "t").result == nil)
        harness.commit()
        _ = (harness.outbox.take("t"), harness.outbox.take("u"))
        return harness
    }

    @Test("An edit is acknowledged with its revision after the commit, and others got it before")
    func acknowledged() async throws {
        let harness = try await room()
        let outcome = harness.edit([splice(8, "!"), splice(0, delete: 1)], base: 1, from: "t")
        #expect(outcome.count == 0)
        #expect(
            harness.outbox.take("u") == [
                .edit([splice(8, "!"), splice(0, delete: 1)], revision: Revision(2), session: "t")
            ]
        )
        #expect(harness.outbox.take("t") == [])
        harness.commit()
        #expect(outcome.count == 1)
        #expect(outcome.value == EditReceipt(revision: Revision(2), applied: nil))
        #expect(harness.text == "bcdefgh!")
    }

    @Test("An insertion at the same place lands after the one accepted first, and the ack says where")
    func tie() async throws {
        let harness = try await room()
        _ = harness.edit([splice(4, "X")], base: 1, from: "t")
        let outcome = harness.edit([splice(4, "Y")], base: 1, from: "u")
        harness.commit()
        #expect(harness.text == "abcdXYefgh")
        #expect(outcome.value == EditReceipt(revision: Revision(3), applied: [splice(5, "Y")]))
    }

    @Test("A deletion never swallows what others inserted meanwhile")
    func splitDeletion() async throws {
        let harness = try await room()
        _ = harness.edit([splice(4, "XY")], base: 1, from: "t")
        let outcome = harness.edit([splice(2, delete: 4, "-")], base: 1, from: "u")
        harness.commit()
        #expect(harness.text == "ab-XYgh")
        #expect(outcome.value?.applied == [splice(2, delete: 2, "-"), splice(5, delete: 2)])
    }

    @Test("The second splice of an edit meets the others' text as the first left it")
    func severalSplices() async throws {
        let harness = try await room()
        _ = harness.edit([splice(0, "12"), splice(10, "34")], base: 1, from: "t")
        _ = harness.edit([splice(8, "<"), splice(0, delete: 2), splice(3, ">")], base: 1, from: "u")
        harness.commit()
        #expect(harness.text == "12cde>fgh34<")
    }

    @Test("What others deleted already is not deleted twice; nothing left is acknowledged with the current revision")
    func nothingLeft() async throws {
        let harness = try await room()
        _ = harness.edit([splice(2, delete: 4)], base: 1, from: "t")
        let outcome = harness.edit([splice(3, delete: 2)], base: 1, from: "u")
        #expect(outcome.count == 0, "what the reply builds on is not durable yet")
        harness.commit()
        #expect(outcome.value == EditReceipt(revision: Revision(2), applied: []))
        #expect(harness.text == "abgh")
        #expect(harness.room.revision == Revision(2))
    }

    @Test("Edits sent one after the other without waiting build on each other")
    func pipelined() async throws {
        let harness = try await room()
        _ = harness.edit([splice(0, "1")], base: 1, from: "t")
        _ = harness.edit([splice(0, "other ")], base: 1, from: "u")
        _ = harness.edit([splice(1, "2")], base: 1, from: "t")
        let outcome = harness.edit([splice(2, "3"), splice(3, delete: 1)], base: 1, from: "t")
        harness.commit()
        #expect(harness.text == "1other 23bcdefgh" || harness.text == "123other bcdefgh")
        #expect(outcome.value?.revision == Revision(5))
    }

    @Test("An edit that builds on one of which nothing was left is placed right")
    func pipelinedOnNothing() async throws {
        let harness = try await room()
        _ = harness.edit([splice(2, delete: 3)], base: 1, from: "t")
        _ = harness.edit([splice(2, delete: 3)], base: 1, from: "u")
        _ = harness.edit([splice(3, "!")], base: 1, from: "u")
        #expect(harness.text == "abf!gh")
    }

    @Test("An edit that builds on the session's own unacknowledged one and on others' is stale")
    func mixedBases() async throws {
        let harness = try await room()
        _ = harness.edit([splice(0, "1")], base: 1, from: "u")
        _ = harness.edit([splice(0, "2")], base: 1, from: "t")
        #expect(harness.edit([splice(0, "3")], base: 2, from: "t").error?.code == .staleRevision)
        harness.commit()
        #expect(harness.edit([splice(0, "3")], base: 3, from: "t").error == nil)
    }

    @Test("Changes of full clients move edits of thin ones, and reach them as splices")
    func mixedFormats() async throws {
        let harness = try await room()
        let reply = try harness.join("f")
        guard case .changes(let bytes) = reply.catchUp else {
            Issue.record("expected changes")
            return
        }
        var document = Document(replica: ReplicaID(7))
        var patches: [Patch] = []
        _ = try document.receive(ChangeSet.decode(bytes), patches: &patches)
        #expect(document.string(of: "body") == "abcdefgh")
        let change = try #require(try document.insert(Array("full".utf16), at: 4, in: "body"))
        _ = harness.change(change.encoded, from: "f")
        #expect(harness.outbox.take("t") == [.edit([splice(4, "full")], revision: Revision(2), session: "f")])

        _ = harness.edit([splice(4, "thin")], base: 1, from: "t")
        guard case .change(let thin, let revision, let session) = harness.outbox.take("f").last else {
            Issue.record("the full client got nothing")
            return
        }
        #expect(revision == Revision(3) && session == "t")
        _ = try document.receive(ChangeSet.decode(thin), patches: &patches)
        #expect(document.string(of: "body") == "abcdfullthinefgh")
        #expect(harness.text == "abcdfullthinefgh")
    }

    @Test(
        "An edit that fits no text is refused, and nothing is applied",
        arguments: [
            [splice(9, "x")], [splice(-1, "x")], [splice(0, delete: 9)], [splice(.max, "x")], [splice(5, delete: .max)],
            [splice(0, delete: -1)], [splice(0, "ok"), splice(11, "x")],
            [op("body", .text(utf16Offset: 0, deleteCount: 0, insert: [0xd800]))],
        ]
    )
    func invalid(edits: [PathEdit]) async throws {
        let harness = try await room()
        #expect(harness.edit(edits, base: 1, from: "t").error?.code == .invalidEdit)
        _ = harness.edit([splice(3, delete: 2, "z")], base: 1, from: "u")
        #expect(harness.edit(edits, base: 1, from: "t").error?.code == .invalidEdit)
        #expect(harness.room.revision == Revision(2))
        #expect(harness.text == "abczfgh")
    }

    @Test("A surrogate pair is not split")
    func surrogates() async throws {
        let harness = try await room()
        _ = harness.edit([splice(0, "😀")], base: 1, from: "t")
        #expect(harness.edit([splice(1, "x")], base: 2, from: "t").error?.code == .invalidEdit)
        #expect(harness.edit([splice(0, delete: 1)], base: 2, from: "t").error?.code == .invalidEdit)
        #expect(harness.text == "😀abcdefgh")
    }

    @Test("A revision that is forgotten, or in the future, is stale and gets fresh content")
    func stale() async throws {
        var limits = RoomLimits()
        limits.rememberedRevisionCount = 3
        let harness = try await room(limits: limits)
        for number in 1...5 as ClosedRange<UInt64> {
            _ = harness.edit([splice(0, "\(number)")], base: number, from: "t")
        }
        for base in [1, 2, 7] as [UInt64] {
            let error = harness.edit([splice(0, "x")], base: base, from: "u").error
            #expect(error?.code == .staleRevision)
            guard case .content(let content, let revision) = error?.details else {
                Issue.record("no content came with STALE_REVISION")
                continue
            }
            #expect(content == [RootContent(root: "body", content: .text(Array("54321abcdefgh".utf16)))])
            #expect(revision == Revision(6))
        }
        #expect(harness.edit([splice(0, "x")], base: 3, from: "u").error == nil)
    }

    @Test("An edit that would cost too much to move is stale")
    func tooMuchWork() async throws {
        var limits = RoomLimits()
        limits.transformationSteps = 50
        let harness = try await room(limits: limits)
        for number in 1...20 as ClosedRange<UInt64> {
            _ = harness.edit([splice(0, "x")], base: number, from: "t")
        }
        let edits = Array(repeating: splice(1, "y"), count: 10)
        #expect(harness.edit(edits, base: 1, from: "u").error?.code == .staleRevision)
    }

    @Test("Too many splices, too much text, no right, not there: each has its code")
    func refusals() async throws {
        var limits = RoomLimits()
        limits.editOperationCount = 3
        limits.documentByteCount = 40
        let harness = try await room(limits: limits)
        #expect(
            harness.edit(Array(repeating: splice(0, "x"), count: 4), base: 1, from: "t").error?.code == .invalidEdit
        )
        #expect(
            harness.edit([splice(0, String(repeating: "x", count: 13))], base: 1, from: "t").error?.code == .tooLarge
        )
        #expect(harness.edit([splice(0, "x")], base: 1, from: "nobody").error?.code == .notJoined)
        harness.room.setRole(.comment, of: "t")
        #expect(harness.outbox.take("t") == [.role(.comment, revision: Revision(1))])
        #expect(harness.edit([splice(0, "x")], base: 1, from: "t").error?.code == .forbidden)
        #expect(harness.text == "abcdefgh")
    }
}
