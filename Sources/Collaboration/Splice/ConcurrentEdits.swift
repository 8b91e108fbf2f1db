internal import CRDT

/// What others did at the same time as the author of an edit that does not know of it.
struct ConcurrentEdits {
    /// A key of a map.
    private struct Slot: Hashable {
        var map: MapID
        var key: [UInt8]
    }

    private var shapes: [ContainerID: [Shape]] = [:]
    private var overwritten: Set<Slot> = []
    private var transform: ShapeTransform

    /// Nothing yet.
    ///
    /// - Parameter steps: how much work moving over it may cost.
    init(steps: Int) {
        transform = ShapeTransform(steps: steps)
    }

    /// Somebody else did this.
    mutating func append(_ footprint: Footprint) {
        switch footprint {
        case .sequence(let container, let shape):
            if shape.isEmpty { return }
            if let last = shapes[container]?.indices.last, shapes[container]?[last].absorb(shape) == true { return }
            shapes[container, default: []].append(shape)
        case .slot(let map, let key):
            overwritten.insert(Slot(map: map, key: key))
        }
    }

    /// The author did this, and what comes later builds on it.
    mutating func build(on footprint: Footprint) throws(EditHistory.Failure) {
        switch footprint {
        case .sequence(let container, let shape): _ = try move(shape, of: container)
        case .slot(let map, let key): overwritten.remove(Slot(map: map, key: key))
        }
    }

    /// An edit's shape as it is to be applied now; what others did becomes what it is to whoever knows of this edit.
    ///
    /// - Returns: its pieces, none when nothing is left of it. Only the first may insert.
    mutating func move(_ shape: Shape, of container: ContainerID) throws(EditHistory.Failure) -> [Shape] {
        do {
            return try transform.move(shape, over: &shapes[container, default: []])
        } catch {
            throw .tooMuchWork
        }
    }

    /// How many shapes of a list there are.
    func count(of list: ListID) -> Int { shapes[.list(list)]?.count ?? 0 }

    /// Where an item of a list is now that was at `index`; `nil` when it was deleted.
    func position(of index: Int, in list: ListID) -> Int? {
        var position = index
        for shape in shapes[.list(list)] ?? [] {
            guard let next = shape.position(of: position) else { return nil }
            position = next
        }
        return position
    }

    /// Whether others have set the key since, so that a path through it leads elsewhere now.
    func hasOverwritten(_ key: [UInt8], of map: MapID) -> Bool {
        !overwritten.isEmpty && overwritten.contains(Slot(map: map, key: key))
    }
}
