import CRDT
import Foundation
import Histogram
import QuireClient
import Synchronization

/// What the clients of a replay report while it runs, from their event loops.
final class ReplayRecorder: Sendable {
    /// The sums.
    struct Figures {
        var acknowledgedChanges = 0
        var latency = Histogram<UInt64>(highestTrackableValue: 600_000_000_000, numberOfSignificantValueDigits: .three)
        /// The first thing that must not happen, in words.
        var damage: String?
    }

    private let figures = Mutex(Figures())
    private let acknowledgements: FileHandle?

    /// Makes a recorder; each acknowledged change becomes a line of the file, when there is one.
    init(acknowledgements: FileHandle?) {
        self.acknowledgements = acknowledgements
    }

    /// What was reported so far.
    var current: Figures { self.figures.withLock { $0 } }

    /// Takes an event of the client `name`.
    func record(_ event: DocumentEvent, of name: String) {
        switch event {
        case .stored(let stored):
            self.figures.withLock { figures in
                figures.acknowledgedChanges += stored.sequences.count
                figures.latency.record(max(1, stored.latency))
            }
            guard let file = self.acknowledgements else { return }
            let lines = stored.sequences.map { "\(stored.replica.rawValue) \($0)\n" }.joined()
            // One write, so that a reader sees whole lines even when we are killed.
            try? file.write(contentsOf: Data(lines.utf8))
        case .discarded(let work):
            self.note("\(name) had to give up \(work.pendingCount) changes: \(work.reason)")
        case .state(.failed(let error)):
            self.note("\(name) failed: \(error)")
        case .patches, .presence, .signal, .role, .state:
            break
        }
    }

    private func note(_ damage: String) {
        self.figures.withLock { figures in
            if figures.damage == nil { figures.damage = damage }
        }
    }
}
