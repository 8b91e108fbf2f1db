import Collaboration
import Synchronization

/// Which documents were written to and not yet dealt with, and since when: what is done a while after people pause.
final class DocumentActivity: Sendable {
    /// The most documents that are remembered; what is written to beyond that is not dealt with.
    ///
    /// Some 200 bytes each.
    static let maximumCount = 100_000

    /// What was written to one document.
    struct Entry: Equatable, Sendable {
        var document: DocumentID
        /// The first that was not dealt with.
        var first: ContinuousClock.Instant
        var last: ContinuousClock.Instant
        /// Of the last.
        var revision: Revision
        var user: String
    }

    private let entries = Mutex<[DocumentID: Entry]>([:])

    /// Something was written; called on the store's thread for each entry of the log.
    func note(_ document: DocumentID, _ revision: Revision, by user: String, now: ContinuousClock.Instant = .now) {
        entries.withLock { entries in
            if var entry = entries[document] {
                (entry.last, entry.revision, entry.user) = (now, revision, user)
                entries[document] = entry
            } else if entries.count < Self.maximumCount {
                entries[document] = Entry(document: document, first: now, last: now, revision: revision, user: user)
            }
        }
    }

    /// Whether something was written to a document and not dealt with.
    func contains(_ document: DocumentID) -> Bool { entries.withLock { $0[document] != nil } }

    /// The document is gone.
    func forget(_ document: DocumentID) {
        entries.withLock { _ = $0.removeValue(forKey: document) }
    }

    /// Takes those to which nothing was written for `quiet`, or something for the first time `longest` ago, at most `limit`.
    func take(quiet: Duration, longest: Duration, limit: Int, now: ContinuousClock.Instant = .now) -> [Entry] {
        entries.withLock { entries in
            var due: [Entry] = []
            for entry in entries.values where due.count < limit {
                if now - entry.last >= quiet || now - entry.first >= longest { due.append(entry) }
            }
            for entry in due { entries[entry.document] = nil }
            return due
        }
    }
}
