import CRDT
import TestSupport
import Testing

@testable import QuireClient

@Suite("The splice between two texts")
struct PatchReplacingTests {
    private typealias Splice = (offset: Int, deleteCount: Int, insert: [UInt16])

    private func apply(_ patch: Splice?, to text: [UInt16]) -> [UInt16] {
        guard let patch else { return text }
        var text = text
        text.replaceSubrange(patch.offset..<(patch.offset + patch.deleteCount), with: patch.insert)
        return text
    }

    @Test("It turns one into the other and splits no pair of surrogates", arguments: UInt64(0)..<50)
    func replaces(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let alphabet = ["a", "b", "😀", "😁", "𐀀"]
        func text() -> [UInt16] {
            let letters: [String] = (0..<generator.below(6)).map { _ in alphabet[generator.below(alphabet.count)] }
            return Array(letters.joined().utf16)
        }
        for _ in 0..<20 {
            let old = text()
            let new = text()
            let patch = Patch.splice(from: old, to: new)
            #expect((patch == nil) == (old == new))
            #expect(self.apply(patch, to: old) == new)
            guard let patch else { continue }
            let before = old.prefix(patch.offset).last
            #expect(before.map { !UTF16.isLeadSurrogate($0) } ?? true)
            let after = old.dropFirst(patch.offset + patch.deleteCount).first
            #expect(after.map { !UTF16.isTrailSurrogate($0) } ?? true)
        }
    }
}
