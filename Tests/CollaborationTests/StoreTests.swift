import Collaboration
import TestSupport
import Testing

@Suite("Stores in memory")
struct StoreTests {
    @Test("The store in memory does what DocumentStore demands", arguments: StoreConformance.checks)
    func conforms(check: StoreConformance.Check) async throws {
        try await check.run(MemoryStore())
    }

    @Test("Two that open the same new document at once get the same one")
    func openTwice() async throws {
        let store = MemoryStore()
        let id = StoreConformance.name("a")
        async let first = store.open(id, mayCreate: true)
        async let second = store.open(id, mayCreate: true)
        let epochs = try await (first.epoch, second.epoch)
        #expect(epochs.0 == epochs.1)
    }

    @Test("Who may not create gets UNKNOWN_DOCUMENT, and nothing is made")
    func mayNotCreate() async throws {
        let store = MemoryStore()
        let id = StoreConformance.name("a")
        await #expect(throws: StoreError(.unknownDocument, "")) { try await store.open(id, mayCreate: false) }
        #expect(try await store.load(id) == nil)
    }

    @Test(
        "A document's name is 1 to 128 characters of the alphabet",
        arguments: [
            ("a", true), ("A-z_0.9~:", true), (String(repeating: "x", count: 128), true), ("", false), ("a b", false),
            (String(repeating: "x", count: 129), false), ("ä", false), ("a/b", false), ("a\u{0}", false),
            ("%41", false),
        ]
    )
    func names(name: String, isGood: Bool) {
        #expect((DocumentID(name) != nil) == isGood)
    }
}
