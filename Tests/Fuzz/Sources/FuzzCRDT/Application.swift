import CRDT
import FuzzKit

/// What is done with what was decoded.
enum Application {
    /// The corpus's document before one of its changes.
    static func document(_ index: Int, _ replica: ReplicaID) -> Document {
        guard let document = try? Document(snapshot: Corpus.shared.snapshots[index], replica: replica) else {
            preconditionFailure("The corpus is invalid.")
        }
        return document
    }

    static func check(_ document: borrowing Document) {
        #if DEBUG
        document.checkInvariants()
        #endif
    }

    /// Applies changes where the first is the next one of its replica, if it is anywhere.
    static func apply(_ changes: [Change], _ fallback: Int) {
        let corpus = Corpus.shared
        guard let first = changes.first else { return }
        let index =
            corpus.changes.firstIndex { $0.replica == first.replica && $0.sequence == first.sequence } ?? fallback
        var document = document(index, ReplicaID(77))
        let before = document.snapshot()
        var texts = [document.text(of: "body"), document.text(of: "title")]
        var list = document.values(of: ListID("list"))
        var patches: [Patch] = []
        // Half of them come as bytes, as from a network: changes of one keystroke have a short way there.
        let isSent = changes.count + first.encoded.count & 1 == 0
        do throws(ChangeError) {
            if isSent {
                try send(changes, to: &document, &patches)
            } else {
                _ = try document.receive(changes, patches: &patches)
            }
        } catch {
            precondition(changes.count > 1 || document.snapshot() == before, "A refused change changes nothing.")
        }
        check(document)
        for patch in patches {
            switch patch {
            case .text(let patch) where patch.text == "body" || patch.text == "title":
                let range = patch.utf16Offset..<patch.utf16Offset + patch.deleteCount
                texts[patch.text == "body" ? 0 : 1].replaceSubrange(range, with: patch.insert)
            case .list(let patch) where patch.list == ListID("list"):
                switch patch.action {
                case .splice(let index, let deleteCount, let insert):
                    list.replaceSubrange(index..<index + deleteCount, with: insert)
                case .move(let from, let to): list.insert(list.remove(at: from), at: to)
                }
            default: break
            }
        }
        precondition(document.text(of: "body") == texts[0], "The patches tell what happened.")
        precondition(document.text(of: "title") == texts[1], "The patches tell what happened.")
        precondition(document.values(of: ListID("list")) == list, "The patches tell what happened.")
        let after = document.snapshot()
        guard let loaded = try? Document(snapshot: after, replica: ReplicaID(78)) else {
            preconditionFailure("A snapshot can be read.")
        }
        check(loaded)
        for root in document.roots {
            precondition(loaded.content(of: root) == document.content(of: root), "A snapshot has the content.")
        }
        precondition(loaded.snapshot() == after, "A state has one form.")
    }

    private static func send(
        _ changes: [Change],
        to document: inout Document,
        _ patches: inout [Patch]
    ) throws(ChangeError) {
        var buffer = PatchBuffer()
        var refusal: ChangeError?
        for change in changes {
            do throws(ChangeError) {
                _ = try document.receive(change.encoded.span, patches: &buffer)
            } catch {
                refusal = refusal ?? error
            }
        }
        for index in 0..<buffer.count { patches.append(buffer[index]) }
        if let refusal { throw refusal }
    }

    /// What is no change is refused by the short way too, and nothing has changed then.
    static func refuse(_ bytes: [UInt8], _ index: Int) {
        if let set = try? ChangeSet.decode(bytes), set.count != 1 { return }
        var document = document(index, ReplicaID(77))
        let before = document.snapshot()
        var buffer = PatchBuffer()
        precondition(
            (try? document.receive(bytes.span, patches: &buffer)) == nil,
            "What is no change was taken for one."
        )
        precondition(document.snapshot() == before && buffer.count == 0, "A refused change changes nothing.")
    }

    /// Edits a document that came of hostile bytes.
    static func use(_ document: inout Document, _ generator: inout FuzzGenerator) {
        var patches: [Patch] = []
        document.undoLimit = 3
        for root in document.roots {
            switch root {
            case .text(let text):
                let offset = generator.below(document.utf16Count(of: text) + 1)
                _ = try? document.insert([97, 98], at: offset, in: text)
                _ = try? document.delete(0..<min(3, document.utf16Count(of: text)), in: text)
                precondition(document.text(of: text).count == document.utf16Count(of: text), "The count is the text's.")
            case .list(let list):
                let count = document.count(of: list)
                _ = try? document.insert([.null, .list([.null])], at: generator.below(count + 1), in: list)
                _ = try? document.move(from: generator.below(count + 1), to: generator.below(count + 1), in: list)
                _ = try? document.delete(0..<1, in: list)
                precondition(document.values(of: list).count == document.count(of: list), "The count is the list's.")
            case .map(let map):
                for key in document.keys(of: map) { _ = try? document.set(.text([97]), for: key, in: map) }
            }
        }
        if generator.below(8) == 0 { _ = try? document.receive(Corpus.shared.changes, patches: &patches) }
        check(document)
        while let change = try? document.undo(), change.sequence >= 0 {}
        check(document)
    }
}
