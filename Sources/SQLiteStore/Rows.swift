public import Collaboration

/// The row of `documents`: what is known of a document without its content.
struct DocumentRow: Hashable, Sendable {
    var epoch: Epoch
    /// The last revision of the log.
    ///
    /// Kept here too, so that a log that lost its end is noticed.
    var revision: Revision
    /// Milliseconds since 1970.
    var created: Int64

    /// What the row's checksum must be.
    func checksum(_ id: DocumentID) -> Int64 {
        var checksum = Checksum()
        checksum.add(id.rawValue)
        checksum.add(epoch.rawValue)
        checksum.add(revision.stored)
        checksum.add(created)
        return Int64(checksum.value)
    }
}

extension LogEntry {
    /// What the row's checksum must be.
    var checksum: Int64 {
        var checksum = Checksum()
        checksum.add(document.rawValue)
        checksum.add(revision.stored)
        checksum.add(user)
        checksum.add(timestamp)
        checksum.add(changes)
        return Int64(checksum.value)
    }
}

extension Revision {
    /// As SQLite holds it.
    ///
    /// Revisions past 2^63 are out of reach: that many messages take 290,000 years at a million a second.
    var stored: Int64 { Int64(bitPattern: rawValue) }

    /// As SQLite held it.
    init(stored: Int64) { self.init(UInt64(bitPattern: stored)) }
}

/// A row that does not hold what was written.
public struct DamagedRow: Hashable, Sendable {
    /// Which kind of row.
    public enum Item: String, Sendable {
        /// The document's own row.
        case document
        /// An entry of its log.
        case change
        /// A snapshot.
        case snapshot
    }

    /// Whose it is.
    public let document: DocumentID
    /// Which kind of row.
    public let item: Item
    /// Its revision; 0 for the document's own row.
    public let revision: Revision
    /// What is wrong with it.
    public let reason: String
}
