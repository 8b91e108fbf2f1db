/// The steps of the local replica that can be undone and redone, newest last.
struct UndoHistory: Sendable {
    /// How many steps are kept; 0: nothing is noted.
    private(set) var limit = 0
    /// What was done since the last step was closed.
    var open = UndoStep(from: 0)
    private(set) var done: [UndoStep] = []
    private(set) var undone: [UndoStep] = []

    // What a reversal brings back is a new set or a new place, which stands for the one that was there before.
    private var setsThatStand = NumberTable()
    private var placesThatStand = NumberTable()

    /// Whether edits are noted.
    @inline(__always)
    var isOn: Bool { limit > 0 }

    /// Notes what was deleted.
    mutating func noteRemoved(_ ranges: borrowing Slab<ElementRange>) {
        for index in 0..<ranges.count { open.noteRemoved(ranges[index]) }
    }

    /// Sets how many steps are kept; those too many are forgotten, the oldest first.
    mutating func setLimit(_ limit: Int, counter: UInt32) {
        if limit <= 0 {
            self = UndoHistory()
            return
        }
        if !isOn { open = UndoStep(from: counter) }
        self.limit = limit
        trim()
    }

    /// Whether something was done since the last step was closed.
    func isOpen(at counter: UInt32) -> Bool { counter != open.firstCounter || open.isNoted }

    /// Ends the open step; what comes next is another one.
    mutating func close(at counter: UInt32) {
        guard isOpen(at: counter) else { return }
        open.endCounter = counter
        if done.isEmpty {
            setsThatStand.removeAll()
            placesThatStand.removeAll()
        }
        done.append(open)
        undone.removeAll()
        open = UndoStep(from: counter)
        trim()
    }

    /// Leaves out of the open step what the replica did in another copy of the document, and received here.
    mutating func skip(to counter: UInt32) {
        if isOn, !open.isNoted { open = UndoStep(from: counter) }
    }

    private mutating func trim() {
        if done.count > limit { done.removeFirst(done.count - limit) }
    }

    /// Notes that a new set of a key stands for an older one, whose value it brought back.
    mutating func note(set counter: UInt32, standsFor older: UInt32) { setsThatStand[UInt64(older)] = counter }

    /// Notes that a new place of an item stands for an older one.
    mutating func note(place: UInt32, standsFor older: UInt32) { placesThatStand[UInt64(older)] = place }

    /// The set that stands for the one with a counter, if not it itself.
    func set(standingFor counter: UInt32) -> UInt32 { Self.newest(counter, setsThatStand) }

    /// The place that stands for another, if not it itself.
    func place(standingFor place: UInt32) -> UInt32 { Self.newest(place, placesThatStand) }

    /// Ends, because each is newer than what it stands for.
    private static func newest(_ element: UInt32, _ all: NumberTable) -> UInt32 {
        var element = element
        while let newer = all[UInt64(element)] { element = newer }
        return element
    }

    /// Takes the newest step to undo, or of those undone the newest to redo.
    mutating func take(isRedo: Bool) -> UndoStep? {
        isRedo ? undone.popLast() : done.popLast()
    }

    /// Puts a step back that could not be undone or redone.
    mutating func putBack(_ step: UndoStep, isRedo: Bool) {
        if isRedo { undone.append(step) } else { done.append(step) }
    }

    /// Keeps what reverts the step that was just reverted.
    mutating func keep(_ inverse: UndoStep, isRedo: Bool, counter: UInt32) {
        open = UndoStep(from: counter)
        if isRedo { done.append(inverse) } else { undone.append(inverse) }
    }
}
