import CRDT

// Edits through a handle, many at one place: what the engine has its short ways for. They must leave what the oracle has
// after the changes that they gave, whatever comes between them.

extension RandomHistory {
    /// Lets a replica make some edits at one place of a text: each a change, or all of them one.
    ///
    /// When `isInterrupted`, it also receives, undoes or starts again between them.
    mutating func burst(_ replica: HistoryReplica, isInterrupted: Bool = false) throws {
        guard let burst = startBurst(replica) else { return }
        let count = 1 + random.below(random.oneIn(12) ? 100 : 12)
        if random.oneIn(3) {
            try transaction(of: burst, count, replica)
        } else {
            try changes(of: burst, count, replica, isInterrupted: isInterrupted)
        }
    }

    /// A text that is there, and a place in it: where the replica was last, where something was received, or any.
    private mutating func startBurst(_ replica: HistoryReplica) -> Burst? {
        var text: TextID = random.oneIn(5) ? "title" : "body"
        if random.oneIn(5) {
            let nested = Mirror.nested(replica.mirror.texts.keys)
            if !nested.isEmpty { text = TextID(nested[random.below(nested.count)]) }
        }
        guard let handle = replica.document.textHandle(text) else { return nil }
        let count = replica.document.utf16Count(of: handle)
        let caret = random.oneIn(3) ? random.below((random.oneIn(2) ? min(count, 4) : count) + 1) : replica.typedAt
        return Burst(text: text, handle: handle, at: caret)
    }

    // MARK: Changes of their own

    private mutating func changes(
        of start: Burst,
        _ count: Int,
        _ replica: HistoryReplica,
        isInterrupted: Bool
    ) throws {
        var burst = start
        var buffer = ChangeBuffer()
        for _ in 0..<count {
            let edit = burst.next(in: replica.mirror.texts[burst.home, default: []], &random)
            let expected = buffer.count + (edit.deleteCount == 0 && edit.insert.isEmpty ? 0 : 1)
            try perform(edit, burst.handle, to: &buffer, replica)
            guard buffer.count == expected else { throw failure("an edit by a handle is not one change") }
            guard random.oneIn(6) else { continue }
            if random.oneIn(8) { try refuse(burst, to: &buffer, replica) }
            try send(&buffer, from: replica)
            replica.typedAt = burst.caret
            guard isInterrupted else { continue }
            try interrupt(replica)
            if checksEachStep { try check(replica) }
            // The document may be another one now, and it may go on where something was received.
            guard let handle = replica.document.textHandle(burst.text) else { return }
            burst.handle = handle
            burst.caret = replica.typedAt
        }
        try send(&buffer, from: replica)
        replica.typedAt = burst.caret
    }

    private mutating func perform(
        _ edit: TextEdit,
        _ handle: TextHandle,
        to buffer: inout ChangeBuffer,
        _ replica: HistoryReplica
    ) throws {
        if edit.insert.isEmpty {
            let range = edit.utf16Offset..<edit.utf16Offset + edit.deleteCount
            try replica.document.delete(range, in: handle, to: &buffer)
        } else {
            try replica.document.insert(edit.insert.span, at: edit.utf16Offset, in: handle, to: &buffer)
        }
        try follow(edit, handle, replica)
    }

    private func follow(_ edit: TextEdit, _ handle: TextHandle, _ replica: HistoryReplica) throws {
        var nobody: UInt32 = 0
        replica.mirror.follow(.text(edit), next: &nobody)
        let count = replica.mirror.texts[.init(.text, edit.text.place), default: []].count
        guard replica.document.utf16Count(of: handle) == count else { throw failure("a handle's count is wrong") }
    }

    /// Sends the changes of a buffer, which is emptied: one by one to all, and now and then as they are to one.
    private mutating func send(_ buffer: inout ChangeBuffer, from replica: HistoryReplica) throws {
        if buffer.count == 0 { return }
        for change in try ChangeSet.decode(buffer.changeSet) { try send(change, from: replica) }
        let other = replicas[random.below(replicas.count)]
        if random.oneIn(4), other !== replica, !other.isCut { try hand(buffer, to: other) }
        buffer.removeAll()
    }

    /// What may come between two edits at one place.
    private mutating func interrupt(_ replica: HistoryReplica) throws {
        switch random.below(12) {
        case 0..<5: try deliver(to: replica)
        case 5: try takeBack(replica)
        case 6: replica.document.closeUndoStep()
        case 7: try setAnchor(replica)
        case 8: try edit(replica, inBurst: true)
        case 9: if random.oneIn(4) { try reload(replica) }
        default: break
        }
    }

    // MARK: One change

    private mutating func transaction(of start: Burst, _ count: Int, _ replica: HistoryReplica) throws {
        var burst = start
        var buffer = ChangeBuffer()
        replica.document.begin()
        for _ in 0..<count {
            switch random.below(40) {
            case 0:
                guard try call(1, replica) == nil else { throw failure("a change came before its commit") }
            case 1: try refuse(burst, to: &buffer, replica)
            case 2:
                let text = replica.document.text(of: burst.text)
                guard text == replica.mirror.texts[burst.home, default: []] else {
                    throw failure("a transaction shows another text")
                }
            case 3:
                if let other = startBurst(replica) { burst = other }
            default:
                let edit = burst.next(in: replica.mirror.texts[burst.home, default: []], &random)
                if random.oneIn(8) {
                    try perform(edit, burst.handle, to: &buffer, replica)
                } else {
                    try perform(edit, burst.handle, replica)
                }
            }
        }
        replica.typedAt = burst.caret
        guard buffer.count == 0 else { throw failure("a change came before its commit") }
        replica.document.commit(to: &buffer)
        guard buffer.count <= 1 else { throw failure("a transaction gave several changes") }
        try send(&buffer, from: replica)
    }

    private func perform(_ edit: TextEdit, _ handle: TextHandle, _ replica: HistoryReplica) throws {
        if edit.insert.isEmpty {
            let range = edit.utf16Offset..<edit.utf16Offset + edit.deleteCount
            try replica.document.delete(range, in: handle)
        } else {
            try replica.document.insert(edit.insert.span, at: edit.utf16Offset, in: handle)
        }
        try follow(edit, handle, replica)
    }

    // MARK: What is refused

    /// Tries what is impossible through a handle: nothing must happen, and no change be given.
    private mutating func refuse(_ burst: Burst, to buffer: inout ChangeBuffer, _ replica: HistoryReplica) throws {
        let units = replica.mirror.texts[burst.home, default: []]
        let before = buffer.count
        var edits = [
            TextEdit(text: burst.text, utf16Offset: units.count + 1, insert: [97]),
            TextEdit(text: burst.text, utf16Offset: -1, insert: [97]),
            TextEdit(text: burst.text, utf16Offset: burst.caret, insert: [0xDE00]),
            TextEdit(text: burst.text, utf16Offset: units.count, deleteCount: 1),
            TextEdit(text: burst.text, utf16Offset: -1, deleteCount: 1),
        ]
        if let low = units.firstIndex(where: { $0 & 0xFC00 == 0xDC00 }) {
            edits.append(TextEdit(text: burst.text, utf16Offset: low, insert: [97]))
            edits.append(TextEdit(text: burst.text, utf16Offset: low, deleteCount: 1))
            edits.append(TextEdit(text: burst.text, utf16Offset: low - 1, deleteCount: 1))
        }
        let edit = edits[random.below(edits.count)]
        do throws(EditError) {
            if edit.insert.isEmpty {
                let range = edit.utf16Offset..<edit.utf16Offset + edit.deleteCount
                try replica.document.delete(range, in: burst.handle, to: &buffer)
            } else {
                try replica.document.insert(edit.insert.span, at: edit.utf16Offset, in: burst.handle, to: &buffer)
            }
        } catch {
            guard buffer.count == before, replica.document.text(of: burst.text) == units else {
                throw failure("a refused edit left something behind")
            }
            return
        }
        throw failure("an impossible edit was made through a handle")
    }
}
