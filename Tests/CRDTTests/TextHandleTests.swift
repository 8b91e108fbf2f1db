import CRDT
import Testing

@Suite("Text handles")
struct TextHandleTests {
    /// Without the check it would be a trap somewhere, or another text.
    @Test("Another document's handle is stopped at, with the reason")
    func foreignHandle() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            var owner = Document(replica: ReplicaID(1))
            _ = try owner.insert([97], at: 0, in: "body")
            guard let handle = owner.textHandle("body") else { return }
            let stranger = Document(replica: ReplicaID(2))
            _ = stranger.utf16Count(of: handle)
        }
        let output = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(output.contains("A text handle is another document's."))
    }
}
