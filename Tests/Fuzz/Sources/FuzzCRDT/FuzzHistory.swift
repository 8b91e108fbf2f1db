import CRDT
import FuzzKit

extension FuzzCRDT {
    /// A history is decoded and applied in both ways: as a whole, and change by change.
    static let history = FuzzTarget(name: "history") { generator, input in
        let bytes = generator.below(8) == 0 ? input : Checksums.sealed(input)
        var limits = DecodingLimits.default
        limits.maximumChangeCount = 10_000
        var whole = Document(replica: ReplicaID(77))
        let isApplied: Bool
        do {
            try whole.apply(history: bytes, limits: limits)
            isApplied = true
        } catch {
            isApplied = false
        }
        Application.check(whole)
        guard let history = try? History(decoding: bytes, limits: limits) else { return }
        guard isApplied, history.start.isEmpty, let changes = history.changes(since: Version()) else { return }
        var single = Document(replica: ReplicaID(77))
        var patches: [Patch] = []
        do {
            _ = try single.receive(changes, patches: &patches)
        } catch {
            preconditionFailure("A history that is applied as a whole has a change that is refused.")
        }
        precondition(single.snapshot() == whole.snapshot(), "Both ways lead to one document.")
        Application.use(&whole, &generator)
    } corpus: {
        var history = History()
        var histories = [history.encoded]
        for change in Corpus.shared.changes {
            try? history.append(change)
            if histories.count < 40 || change.sequence % 8 == 0 { histories.append(history.encoded) }
        }
        return histories
    }
}
