/// What one step of a user did, as far as it takes to undo it.
///
/// What was inserted is not noted: it is the local replica's elements from `firstCounter` to `endCounter`, and so typing
/// costs nothing. A step that undoes or redoes another has none of its own, but may have restored some.
struct UndoStep: Sendable {
    /// A key that was set.
    struct Setting: Sendable {
        var map: UInt32
        var key: UInt32
        /// The set, of the local replica.
        var counter: UInt32
        /// What the key held before the step, or nothing.
        var previous: StoredValue?
        /// The set that won before the step, when it was the local replica's.
        var overridden: UInt32?
    }

    /// An item of a list that was moved.
    struct Movement: Sendable {
        var item: UInt32
        /// Where it was put, and where it was before the step.
        var place: UInt32
        var previous: UInt32
    }

    /// The first of the local replica's elements that the step inserted.
    var firstCounter: UInt32
    /// Where they end; known once the step is closed.
    var endCounter: UInt32
    /// What was deleted, each as often as it was.
    private(set) var removed: [ElementRange] = []
    /// What was restored.
    var restored: [ElementRange] = []
    private(set) var settings: [Setting] = []
    private(set) var movements: [Movement] = []
    private var settingIndices = NumberTable()
    private var movementIndices = NumberTable()

    init(from counter: UInt32) {
        firstCounter = counter
        endCounter = counter
    }

    /// Whether something else than an insertion was done.
    var isNoted: Bool { !removed.isEmpty || !restored.isEmpty || !settings.isEmpty || !movements.isEmpty }

    /// Notes what was deleted; joined with the range before, as erasing and forward deleting go.
    mutating func noteRemoved(_ range: ElementRange) {
        if let last = removed.last, last.replica == range.replica {
            if last.counter &+ last.count == range.counter {
                removed[removed.count - 1].count += range.count
                return
            }
            if range.counter &+ range.count == last.counter {
                removed[removed.count - 1].counter = range.counter
                removed[removed.count - 1].count += range.count
                return
            }
        }
        removed.append(range)
    }

    /// Notes that a key was set.
    ///
    /// Of several sets of a key the value before the first one comes back, unless somebody else's came in between.
    mutating func noteSetting(_ setting: Setting) {
        let name = UInt64(setting.map) << 32 | UInt64(setting.key)
        guard let index = settingIndices[name].map(Int.init) else {
            settingIndices[name] = UInt32(settings.count)
            settings.append(setting)
            return
        }
        if settings[index].counter == setting.overridden {
            settings[index].counter = setting.counter
        } else {
            settings[index] = setting
        }
    }

    /// Notes that an item was moved; of several moves the first one's place before is kept likewise.
    mutating func noteMovement(_ movement: Movement) {
        guard let index = movementIndices[UInt64(movement.item)].map(Int.init) else {
            movementIndices[UInt64(movement.item)] = UInt32(movements.count)
            movements.append(movement)
            return
        }
        if movements[index].place == movement.previous {
            movements[index].place = movement.place
        } else {
            movements[index] = movement
        }
    }
}
