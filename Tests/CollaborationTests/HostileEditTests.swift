import CRDT
import TestSupport
import Testing

@testable import Collaboration

@Suite("Edits that no honest thin client sends")
struct HostileEditTests {
    @Test(
        "Whatever is sent against whatever revision, it is refused or applied as it is told to the others",
        arguments: Fuzz.replayedSeed.map { [$0] } ?? Array(0..<100 as Range<UInt64>)
    )
    func anything(seed: UInt64) async throws {
        var generator = SplitMix64(seed: seed)
        var limits = RoomLimits()
        limits.rememberedRevisionCount = 30
        if seed % 3 == 0 { limits.transformationSteps = 200 }
        let harness = try await RoomHarness.open(limits: limits)
        let sessions: [SessionID] = ["a", "b", "c"]
        for session in sessions { try harness.join(session, format: .content) }
        let reply = try harness.join("watcher", format: .content)
        guard case .content(let content) = reply.catchUp else { return fail("no content") }
        var watcher = ContentTree(content)
        var accepted = 0
        for _ in 0..<300 {
            let tree = ContentTree(harness.room.content)
            let edits = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                Self.spoiled(tree.randomEdit(using: &generator), using: &generator)
            }
            let latest = harness.room.revision.rawValue
            let age = Bool.random(using: &generator) ? 0 : UInt64.random(in: 0...20, using: &generator)
            let base = latest - min(latest, age)
            let session = sessions.randomElement(using: &generator) ?? "a"
            let outcome = harness.edit(edits, base: base, from: session)
            harness.commit()
            if outcome.error == nil { accepted += 1 }
            #expect(outcome.count == 1)
            for event in harness.outbox.take("watcher") {
                guard case .edit(let news, let revision, _) = event else { continue }
                #expect(revision == harness.room.revision)
                for edit in news { try watcher.apply(edit) }
            }
            #expect(watcher == ContentTree(harness.room.content))
        }
        #expect(accepted > 20)
    }

    /// The edit, now and then made worse.
    private static func spoiled(_ edit: PathEdit, using generator: inout SplitMix64) -> PathEdit {
        var edit = edit
        switch Int.random(in: 0..<24, using: &generator) {
        case 0:
            edit.path.steps.append(
                ["0", "9", "a", "", "b/c", "-1"].randomElement(using: &generator).map { Array($0.utf8) } ?? []
            )
        case 1: edit.path.steps = edit.path.steps.dropLast()
        case 2: edit.path.root = ["body", "items", "fields", "other"].randomElement(using: &generator) ?? "body"
        case 3: edit.action = .move(from: number(using: &generator), to: number(using: &generator))
        case 4:
            edit.action = .list(
                index: number(using: &generator),
                deleteCount: number(using: &generator),
                insert: [.null]
            )
        case 5:
            edit.action = .text(
                utf16Offset: number(using: &generator),
                deleteCount: number(using: &generator),
                insert: [0x61]
            )
        case 6: edit.action = .set(key: [0xFF], content: .number(.nan))
        case 7: edit.action = .text(utf16Offset: 0, deleteCount: 0, insert: [0xD800])
        default: break
        }
        // The tree that is compared has one root of a name.
        if edit.path.steps.isEmpty {
            switch edit.kind {
            case .text: edit.path.root = "body"
            case .list: edit.path.root = "items"
            case .map: edit.path.root = "fields"
            }
        }
        return edit
    }

    private static func number(using generator: inout SplitMix64) -> Int {
        [0, 1, 2, 5, 64 << 20, -1, .max, .min].randomElement(using: &generator) ?? 0
    }
}
