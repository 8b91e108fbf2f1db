import CRDT

@testable import Collaboration

/// The reference for the simplest thin client of lists and maps: it shows what the server has, and moves nothing itself.
///
/// It may send further edits while earlier ones are under way, as long as no revision came meanwhile: they build on one
/// another. What was applied, its own edits included, it takes from the server, in the order of revisions. So it needs
/// no rules of how edits move.
struct TreeClient {

    private(set) var base: ContentTree
    private(set) var revision: Revision
    /// The edits under way, in order.
    private var sent: [[PathEdit]] = []
    /// What the user saw when the last of them was made.
    private var view: ContentTree
    private var sentRevision = Revision.zero
    private var held: [Revision: [PathEdit]] = [:]
    /// The revisions of one's own edits that are acknowledged and not in the base yet.
    private var ownHeld: Set<Revision> = []

    /// Starts from the content of a join.
    init(content: [RootContent], revision: Revision) {
        base = ContentTree(content)
        view = base
        self.revision = revision
    }

    /// Whether nothing is under way.
    var isSettled: Bool { sent.isEmpty && held.isEmpty }

    /// The user edits, if they may now; what to send.
    mutating func edit(_ make: (ContentTree) throws -> [PathEdit]) throws -> (base: Revision, edits: [PathEdit])? {
        if sent.isEmpty, ownHeld.isEmpty { view = base } else if sentRevision != revision { return nil }
        let edits = try make(view)
        for edit in edits { try view.apply(edit) }
        sent.append(edits)
        sentRevision = revision
        return (revision, edits)
    }

    /// The server applied somebody's change.
    mutating func receive(_ edits: [PathEdit], revision: Revision) throws {
        held[revision] = edits
        try advance()
    }

    /// The server acknowledged the oldest edit under way.
    mutating func acknowledged(_ receipt: EditReceipt) throws {
        let own = sent.removeFirst()
        if receipt.applied == [] { return }
        held[receipt.revision] = receipt.applied ?? own
        ownHeld.insert(receipt.revision)
        try advance()
    }

    private mutating func advance() throws {
        while let edits = held.removeValue(forKey: revision.next) {
            revision = revision.next
            ownHeld.remove(revision)
            for edit in edits { try base.apply(edit) }
        }
    }
}
