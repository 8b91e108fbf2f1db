import CRDT

@testable import Collaboration

/// A client with the engine, as the simulation needs it: keeps every change it has, so that it can give the server back
/// what that lost.
struct FullClient: ~Copyable {
    private var document: Document
    /// Every change it knows, in the order of applying.
    private var known: [Change] = []
    private var nextReplica: UInt64
    private var epoch: Epoch?

    /// - Parameter replica: ids from this one up are the client's own.
    init(replica: UInt64) {
        document = Document(replica: ReplicaID(replica))
        nextReplica = replica + 1
    }

    var text: [UInt16] { document.text(of: "body") }
    var version: Version { document.version }

    /// What to say when joining.
    var joinVersion: (version: Version, epoch: Epoch)? { epoch.map { (document.version, $0) } }

    /// Everything in it.
    var tree: ContentTree {
        var content: [RootContent] = []
        for id in document.roots {
            guard case .root(let root) = id.place else { continue }
            content.append(RootContent(root: root, content: document.content(of: id) ?? .null))
        }
        return ContentTree(content)
    }

    /// The user edits what a path leads to; what to send.
    mutating func edit(_ edit: PathEdit) throws -> [UInt8]? {
        var mover = EditMover(over: ConcurrentEdits(steps: 1), steps: 100)
        try mover.add(edit, to: document)
        guard let change = try document.edit(mover.edits) else { return nil }
        known.append(change)
        return change.encoded
    }

    /// The user edits; what to send.
    mutating func edit(_ edits: [TextEdit]) throws -> [UInt8]? {
        guard let change = try document.edit(edits.map(Edit.text)) else { return nil }
        known.append(change)
        return change.encoded
    }

    /// Others' changes.
    mutating func receive(_ bytes: [UInt8]) throws {
        if bytes.isEmpty { return }
        var patches: [Patch] = []
        known += try document.receive(ChangeSet.decode(bytes), patches: &patches).applied
    }

    /// The server's answer to joining; what it lacks, to be sent.
    mutating func joined(_ reply: JoinReply) throws -> [UInt8]? {
        epoch = reply.epoch
        switch reply.catchUp {
        case .changes(let bytes):
            try receive(bytes)
        case .snapshot(let bytes):
            // A new replica, as the old id wrote changes that this document does not have yet.
            var fresh = try Document(snapshot: bytes, replica: ReplicaID(nextReplica))
            nextReplica += 1
            var patches: [Patch] = []
            _ = try fresh.receive(known, patches: &patches)
            document = fresh
        case .content:
            return nil
        }
        let lacking = known.filter { $0.sequence >= reply.version[$0.replica] }
        return lacking.isEmpty ? nil : ChangeSet.encode(lacking)
    }
}
