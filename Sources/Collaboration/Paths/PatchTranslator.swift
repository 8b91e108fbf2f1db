internal import CRDT

/// Tells thin clients in paths what the engine tells in patches.
///
/// Patches come in order, but the document knows paths only as they are in the end; so they are followed backwards. A
/// container that appears is told whole, as it is in the end, and what the same patches did inside it is left out.
struct PatchTranslator: ~Copyable {
    private let patches: [Patch]
    /// Containers that are told whole.
    private var told: Set<ContainerID> = []
    private var remainingSteps = 0

    /// - Parameter patches: what led to the document's present state, in order.
    init(_ patches: [Patch]) {
        self.patches = patches
        for patch in patches {
            for value in Self.values(in: patch) {
                if case .container(let id) = value { told.insert(id) }
            }
        }
    }

    /// The same as edits, each counting in what the one before left.
    ///
    /// - Parameters:
    ///   - document: as it is after the patches.
    ///   - steps: how many patches paths may be followed back over.
    /// - Returns: `nil` when that would not do: then thin clients must read the document anew.
    mutating func edits(in document: borrowing Document, steps: Int) -> [PathEdit]? {
        remainingSteps = steps
        var edits: [PathEdit] = []
        for (index, patch) in patches.enumerated() {
            if remainingSteps < 0 { return nil }
            guard let path = path(of: patch.container, before: index, in: document) else { continue }
            edits.append(PathEdit(path: path, action: action(patch, in: document)))
        }
        return remainingSteps < 0 ? nil : edits
    }

    private static func values(in patch: Patch) -> [Value] {
        switch patch {
        case .text: return []
        case .list(let patch):
            if case .splice(_, _, let insert) = patch.action { return insert }
            return []
        case .map(let patch): return patch.value.map { [$0] } ?? []
        }
    }

    /// The path to a container when the patch of that number is applied; `nil` when thin clients do not see it then, or are
    /// told it whole.
    private mutating func path(
        of container: ContainerID,
        before number: Int,
        in document: borrowing Document
    ) -> ContainerPath? {
        guard let way = document.path(of: container), case .root(let root) = way.root.place else { return nil }
        if told.contains(container) { return nil }
        var path = ContainerPath(root: root)
        var current = way.root
        for component in way.components {
            if told.contains(current) { return nil }
            let value: Value?
            switch (component, current) {
            case (.key(let key), .map(let map)):
                value = document.value(for: key, in: map)
                path.steps.append(key)
            case (.index(let index), .list(let list)):
                value = document.value(at: index, in: list)
                guard let former = formerIndex(index, in: list, before: number) else { return nil }
                path.steps.append(ContainerPath.step(former))
            case (.key, .text), (.key, .list), (.index, .text), (.index, .map):
                return nil
            }
            guard case .container(let next) = value else { return nil }
            current = next
        }
        return path
    }

    /// Where an item was before the patch of that number.
    private mutating func formerIndex(_ index: Int, in list: ListID, before number: Int) -> Int? {
        remainingSteps -= patches.count - number
        if remainingSteps < 0 { return nil }
        var position = index
        for patch in patches[number...].reversed() {
            guard case .sequence(.list(list), let shape) = Footprint(patch) else { continue }
            guard let former = shape.formerPosition(of: position) else { return nil }
            position = former
        }
        return position
    }

    private func action(_ patch: Patch, in document: borrowing Document) -> PathEdit.Action {
        switch patch {
        case .text(let patch):
            return .text(utf16Offset: patch.utf16Offset, deleteCount: patch.deleteCount, insert: patch.insert)
        case .list(let patch):
            switch patch.action {
            case .move(let from, let to): return .move(from: from, to: to)
            case .splice(let index, let deleteCount, let insert):
                var contents: [Content] = []
                for value in insert { contents.append(Content(value, in: document)) }
                return .list(index: index, deleteCount: deleteCount, insert: contents)
            }
        case .map(let patch):
            guard let value = patch.value else { return .set(key: patch.key, content: nil) }
            return .set(key: patch.key, content: Content(value, in: document))
        }
    }
}

extension Patch {
    /// What was changed.
    var container: ContainerID {
        switch self {
        case .text(let patch): .text(patch.text)
        case .list(let patch): .list(patch.list)
        case .map(let patch): .map(patch.map)
        }
    }
}

extension Content {
    /// A value with everything below it.
    init(_ value: Value, in document: borrowing Document) {
        switch value {
        case .null: self = .null
        case .bool(let bool): self = .bool(bool)
        case .number(let number): self = .number(number)
        case .string(let utf8): self = .string(utf8)
        case .bytes(let bytes): self = .bytes(bytes)
        case .container(let id): self = document.content(of: id) ?? .null
        }
    }
}
