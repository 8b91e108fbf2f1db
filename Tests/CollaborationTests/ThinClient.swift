import CRDT

@testable import Collaboration

/// The reference for whoever writes a thin client: plain text, edits by position, no engine.
///
/// It holds the server's text at a revision (`base`) and its own edits that are not in it. What the user sees is the
/// base with these edits on top. The rules:
///
/// 1. An edit is sent with the revision of the base. While edits wait for their acknowledgement, further ones may be
///    sent only as long as the base has that same revision; otherwise they queue until all are acknowledged.
/// 2. Revisions are applied to the base in order. A gap means that one's own edit is missing: what comes after it is
///    held until its acknowledgement tells as what it was applied. An acknowledgement with an empty list of splices is
///    of an edit of which nothing was left: it made no revision. (With a revision that has not come yet: the client is
///    behind and will be told `reset`.)
/// 3. Whatever the server applied moves the edits that wait, by the server's own rule (what was accepted first stands
///    first; deletions leave alone what came meanwhile), so that the user's text never jumps.
/// 4. `reset`, `STALE_REVISION` or a new connection: start again from fresh content. An edit without acknowledgement
///    may or may not have been applied.
struct ThinClient {
    /// One edit of the user, as it would have to be applied to the base now.
    struct Pending {
        var edits: [TextEdit]
        var isSent: Bool
    }

    /// What the server said out of turn.
    private enum Held {
        case edit([TextEdit])
        case ownAck(EditReceipt)
    }

    private(set) var base: [UInt16]
    private(set) var revision: Revision
    private(set) var pending: [Pending] = []
    private var held: [Revision: Held] = [:]
    /// The revision that the edits in flight were sent against.
    private var sentRevision = Revision.zero

    /// Starts from the content of a join, or of STALE_REVISION.
    init(content: [RootContent], revision: Revision) {
        base = Array((content.first { $0.root == "body" }?.text ?? "").utf16)
        self.revision = revision
    }

    /// What the user sees.
    var view: [UInt16] {
        var text = base
        for pending in pending { for edit in pending.edits { Self.apply(edit, to: &text) } }
        return text
    }

    /// Whether nothing waits.
    var isSettled: Bool { pending.isEmpty && held.isEmpty }

    /// The user edits what they see.
    mutating func edit(_ edits: [TextEdit]) {
        let edits = edits.filter { $0.deleteCount > 0 || !$0.insert.isEmpty }
        if !edits.isEmpty { pending.append(Pending(edits: edits, isSent: false)) }
    }

    /// What can be sent now, if anything.
    mutating func nextToSend() -> (base: Revision, edits: [TextEdit])? {
        guard let next = pending.firstIndex(where: { !$0.isSent }) else { return nil }
        if next > 0, sentRevision != revision { return nil }
        // What others' deletions left nothing of needs no sending.
        guard !pending[next].edits.isEmpty else {
            pending.remove(at: next)
            return nextToSend()
        }
        pending[next].isSent = true
        sentRevision = revision
        return (revision, pending[next].edits)
    }

    /// The server applied somebody's change.
    mutating func receive(_ edits: [PathEdit], revision: Revision) {
        held[revision] = .edit(edits.compactMap(TextEdit.init))
        advance()
    }

    /// The server acknowledged the oldest edit that waits.
    mutating func acknowledged(_ receipt: EditReceipt) throws {
        guard receipt.applied != [] else {
            // What made it nothing was withheld, and a `reset` is to come: until then it counts as being in flight.
            if receipt.revision > revision { return }
            let own = pending.removeFirst()
            guard own.edits.isEmpty else { throw Surprise(expected: own.edits, found: []) }
            return
        }
        held[receipt.revision] = .ownAck(receipt)
        advance()
        if let surprise {
            self.surprise = nil
            throw surprise
        }
    }

    /// The server applied an edit otherwise than the client had moved it.
    struct Surprise: Error {
        var expected: [TextEdit]
        var found: [TextEdit]?
    }

    private var surprise: Surprise?

    private mutating func advance() {
        while let next = held.removeValue(forKey: revision.next) {
            revision = revision.next
            switch next {
            case .edit(let edits):
                for edit in edits { Self.apply(edit, to: &base) }
                movePending(over: edits)
            case .ownAck(let receipt):
                let own = pending.removeFirst()
                let applied = receipt.applied?.compactMap(TextEdit.init) ?? own.edits
                if applied != own.edits { surprise = Surprise(expected: own.edits, found: applied) }
                for edit in applied { Self.apply(edit, to: &base) }
            }
        }
    }

    private mutating func movePending(over edits: [TextEdit]) {
        var others = edits.map { Shape.splice(Splice($0)) }
        var transform = ShapeTransform(steps: 1_000_000)
        for index in pending.indices {
            var moved: [TextEdit] = []
            for edit in pending[index].edits {
                let pieces = (try? transform.move(.splice(Splice(edit)), over: &others)) ?? []
                for case .splice(let piece) in pieces {
                    moved.append(
                        TextEdit(
                            text: edit.text,
                            utf16Offset: piece.offset,
                            deleteCount: piece.deleteCount,
                            insert: piece.insertCount > 0 ? edit.insert : []
                        )
                    )
                }
            }
            pending[index].edits = moved
        }
    }

    private static func apply(_ edit: TextEdit, to text: inout [UInt16]) {
        text.replaceSubrange(edit.utf16Offset..<(edit.utf16Offset + edit.deleteCount), with: edit.insert)
    }
}

extension TextEdit {
    /// An edit of the one text that this client shows; `nil` for any other.
    init?(_ edit: PathEdit) {
        guard case .text(let offset, let deleteCount, let insert) = edit.action, edit.path.steps.isEmpty,
            edit.path.root == "body"
        else { return nil }
        self.init(text: "body", utf16Offset: offset, deleteCount: deleteCount, insert: insert)
    }

    /// The same as it is sent.
    var pathEdit: PathEdit {
        PathEdit(
            path: ContainerPath(root: "body"),
            action: .text(utf16Offset: utf16Offset, deleteCount: deleteCount, insert: insert)
        )
    }
}

extension Splice {
    init(_ edit: TextEdit) {
        self.init(offset: edit.utf16Offset, deleteCount: edit.deleteCount, insertCount: edit.insert.count)
    }
}
