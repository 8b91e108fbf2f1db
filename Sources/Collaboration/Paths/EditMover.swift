internal import CRDT

/// Takes a thin client's edits, made against an older state, one by one to what they are now: follows each path to its
/// container, and moves its positions over what others did since.
///
/// Nothing is applied meanwhile, so a path cannot lead through what the same edits create.
struct EditMover: ~Copyable {
    /// Why an edit cannot be moved.
    enum Failure: Error {
        case history(EditHistory.Failure)
        /// The path leads to nothing, or to something else than the operation is for.
        case noContainer(ContainerPath)
        /// The path leads through what an earlier operation of the same edit puts there.
        case createdHere(ContainerPath)
    }

    /// Where a path leads.
    private enum Target {
        /// To this container, by this path now.
        case container(ContainerID, ContainerPath)
        /// To what others deleted or overwrote meanwhile.
        case gone
    }

    /// What to tell the engine.
    private(set) var edits: [Edit] = []
    /// The same for thin clients.
    private(set) var applied: [PathEdit] = []
    /// What of it moved positions.
    private(set) var footprints: [Footprint] = []
    /// What the author did, by its own positions.
    private(set) var sent: [Footprint] = []

    /// What others did, to whoever knows nothing of these edits: paths are followed by it.
    private let others: ConcurrentEdits
    /// The same after the edits so far.
    private var remaining: ConcurrentEdits

    /// Keys that were set by the edits so far.
    private var slots: Set<Footprint> = []
    /// How many shapes paths may still be followed over.
    private var remainingSteps: Int

    /// - Parameters:
    ///   - others: what the author of the edits does not know of.
    ///   - steps: how much work following paths may cost, in shapes that an index is moved over.
    init(over others: ConcurrentEdits, steps: Int) {
        self.others = others
        remaining = others
        remainingSteps = steps
    }

    /// Takes the next edit.
    mutating func add(_ edit: PathEdit, to document: borrowing Document) throws(Failure) {
        guard case .container(let container, let path) = try follow(edit.path, to: edit.kind, in: document) else {
            return
        }
        let sent = Footprint(edit, of: container)
        self.sent.append(sent)
        guard case .sequence(_, let shape) = sent else {
            slots.insert(sent)
            return append(PathEdit(path: path, action: edit.action), of: container)
        }
        let pieces: [Shape]
        do {
            pieces = try remaining.move(shape, of: container)
        } catch {
            throw .history(error)
        }
        for piece in pieces { append(PathEdit(path: path, action: edit.moved(to: piece)), of: container) }
    }

    private mutating func append(_ edit: PathEdit, of container: ContainerID) {
        edits.append(edit.edit(of: container))
        applied.append(edit)
        footprints.append(Footprint(edit, of: container))
    }

    // MARK: Following paths

    private mutating func follow(
        _ path: ContainerPath,
        to kind: ContainerKind,
        in document: borrowing Document
    ) throws(Failure) -> Target {
        if path.steps.isEmpty { return .container(ContainerID(kind, .root(path.root)), path) }
        let list = ListID(path.root)
        // A list that others emptied meanwhile is still what the path meant.
        let isList = document.count(of: list) > 0 || others.count(of: list) > 0
        var container: ContainerID = isList ? .list(list) : .map(MapID(path.root))
        var pathNow = ContainerPath(root: path.root)
        for step in path.steps {
            let value: Value?
            switch container {
            case .text:
                throw .noContainer(path)
            case .list(let list):
                guard let index = ContainerPath.index(step) else { throw .noContainer(path) }
                try spend(sent.count + footprints.count + others.count(of: list))
                guard let known = indexBefore(index, in: list) else { throw .createdHere(path) }
                guard let index = others.position(of: known, in: list) else { return .gone }
                value = document.value(at: index, in: list)
                guard let index = indexAfter(index, in: list) else { throw .noContainer(path) }
                pathNow.steps.append(ContainerPath.step(index))
            case .map(let map):
                if slots.contains(.slot(map, step)) { throw .createdHere(path) }
                if others.hasOverwritten(step, of: map) { return .gone }
                value = document.value(for: step, in: map)
                pathNow.steps.append(step)
            }
            guard case .container(let next) = value else { throw .noContainer(path) }
            container = next
        }
        guard container.kind == kind else { throw .noContainer(path) }
        return .container(container, pathNow)
    }

    private mutating func spend(_ steps: Int) throws(Failure) {
        remainingSteps -= steps
        if remainingSteps < 0 { throw .history(.tooMuchWork) }
    }

    /// Where an item was before the earlier operations of the same edit; `nil` when one of them inserted it.
    private func indexBefore(_ index: Int, in list: ListID) -> Int? {
        var position = index
        for case .sequence(.list(list), let shape) in sent.reversed() {
            guard let former = shape.formerPosition(of: position) else { return nil }
            position = former
        }
        return position
    }

    /// Where an item is after what was applied of the earlier operations of the same edit.
    private func indexAfter(_ index: Int, in list: ListID) -> Int? {
        var position = index
        for case .sequence(.list(list), let shape) in footprints {
            guard let next = shape.position(of: position) else { return nil }
            position = next
        }
        return position
    }
}
