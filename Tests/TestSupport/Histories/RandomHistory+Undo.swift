import CRDT

extension RandomHistory {
    /// Undoes or redoes a few steps, or ends one.
    mutating func takeBack(_ replica: HistoryReplica) throws {
        guard replica.undoLimit > 0 else { return }
        for _ in 0...random.below(4) {
            let isRedo = random.oneIn(3)
            let canDo = isRedo ? replica.document.canRedo : replica.document.canUndo
            var patches = PatchBuffer()
            let change =
                isRedo ? try replica.document.redo(patches: &patches) : try replica.document.undo(patches: &patches)
            replica.mirror.follow(patches)
            guard let change else { continue }
            guard canDo else { throw failure("something was undone that could not be") }
            try send(change, from: replica)
        }
    }
}
