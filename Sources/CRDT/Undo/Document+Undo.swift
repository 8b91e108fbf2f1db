// Undo and redo of the local replica's edits (selective undo: others' edits stay). What a step inserted is deleted, what it
// deleted is restored, element by element, and so it keeps its identity: anchors in it are where they were. Deletions are
// counted, so what somebody else deleted too stays deleted until he takes that back as well.

extension Document {
    /// How many steps can be undone; 0, as it is at first, stops the recording and forgets all steps.
    ///
    /// A step costs memory in proportion to its deletions, settings and moves, and nothing for what it inserts.
    public var undoLimit: Int {
        get { undoHistory.limit }
        set {
            undoHistory.setLimit(newValue, counter: localCounter)
            // Erasing one by one notes nothing: it is done where it was begun with nothing to note.
            store.closeOpenPlace()
        }
    }

    /// Ends the step of edits that ``undo(patches:)`` reverts together: call it between what a user does.
    ///
    /// All edits since the last call are one step.
    ///
    /// - Complexity: O(1) amortised.
    public mutating func closeUndoStep() {
        if undoHistory.isOn { undoHistory.close(at: localCounter) }
    }

    /// Whether there are steps to undo.
    ///
    /// What was done and taken back within a step, and what others have overridden since, may leave nothing to change.
    public var canUndo: Bool {
        undoHistory.isOn && (!undoHistory.done.isEmpty || undoHistory.isOpen(at: localCounter))
    }

    /// Whether there are steps to redo: those undone since the last edit.
    public var canRedo: Bool {
        undoHistory.isOn && !undoHistory.undone.isEmpty && !undoHistory.isOpen(at: localCounter)
    }

    /// Reverts the newest step, as one change; the open step is closed by it.
    ///
    /// - Parameter patches: what it did is appended here.
    /// - Returns: the change to send; `nil` when there is nothing to undo.
    /// - Throws: `tooLarge` when the document takes no more elements. Nothing has changed then.
    /// - Precondition: no transaction is open.
    /// - Complexity: O(k log n) for k runs of elements and k keys and items that the step changed, of n.
    public mutating func undo(patches: inout PatchBuffer) throws(EditError) -> Change? {
        closeUndoStep()
        return try revert(isRedo: false, &patches)
    }

    /// Does again what was undone last, as one change.
    ///
    /// - Parameter patches: what it did is appended here.
    /// - Returns: the change to send; `nil` when there is nothing to redo.
    /// - Throws: `tooLarge` when the document takes no more elements. Nothing has changed then.
    /// - Precondition: no transaction is open.
    /// - Complexity: as for ``undo(patches:)``.
    public mutating func redo(patches: inout PatchBuffer) throws(EditError) -> Change? {
        closeUndoStep()
        return try revert(isRedo: true, &patches)
    }

    /// Reverts the newest step where nobody follows the patches.
    public mutating func undo() throws(EditError) -> Change? {
        var patches = PatchBuffer()
        return try undo(patches: &patches)
    }

    /// Does again what was undone last where nobody follows the patches.
    public mutating func redo() throws(EditError) -> Change? {
        var patches = PatchBuffer()
        return try redo(patches: &patches)
    }

    /// The counter of the local replica's next element.
    private var localCounter: UInt32 {
        store.replicas.index(of: replica).map { store.replicas[$0].nextCounter } ?? 0
    }

    private mutating func revert(isRedo: Bool, _ patches: inout PatchBuffer) throws(EditError) -> Change? {
        precondition(!isInTransaction, "A transaction is open.")
        while let step = undoHistory.take(isRedo: isRedo) {
            // Steps that would change nothing are passed over.
            guard let (change, reversal) = writeReversal(of: step) else { continue }
            do throws(ChangeError) {
                try integrateOwn(change, &patches)
            } catch {
                undoHistory.putBack(step, isRedo: isRedo)
                throw .tooLarge
            }
            undoHistory.keep(inverse(of: reversal), isRedo: isRedo, counter: localCounter)
            return change
        }
        return nil
    }

    /// Does what a change of the local replica says that was written and not done.
    private mutating func integrateOwn(_ change: Change, _ patches: inout PatchBuffer) throws(ChangeError) {
        var list: [Patch] = []
        try integrate(change, patches: &list)
        introduce(&patches)
        for patch in list { patches.append(patch) }
        for index in 0..<news.count { store.replicas[Int(news[index])].isNews = false }
        news.removeAll()
    }

    /// The step that does again what a reversal took back.
    private mutating func inverse(of reversal: Reversal) -> UndoStep {
        var step = UndoStep(from: localCounter)
        for range in reversal.deleted { step.noteRemoved(range) }
        step.restored = reversal.restored
        for setting in reversal.settings {
            guard let entry = store.maps.entry(setting.map, setting.key) else { continue }
            let counter = store.maps[entry].counter
            if let overridden = setting.overridden { undoHistory.note(set: counter, standsFor: overridden) }
            var setting = setting
            setting.overridden = setting.counter
            setting.counter = counter
            step.noteSetting(setting)
        }
        for movement in reversal.movements {
            let place = store.place(ofItem: movement.item)
            undoHistory.note(place: place, standsFor: movement.previous)
            step.noteMovement(.init(item: movement.item, place: place, previous: movement.place))
        }
        return step
    }
}
