internal import CRDT

extension Edit {
    /// About how many bytes it costs in a change, at most: three a code unit, and a few dozen for its frame.
    var estimatedByteCount: Int {
        switch self {
        case .text(let edit): 32 + 3 * edit.insert.count
        case .list(let edit):
            switch edit.action {
            case .splice(_, _, let insert): insert.reduce(32) { $0 + $1.estimatedByteCount }
            case .move: 32
            }
        case .map(let edit): 32 + edit.key.count + (edit.content?.estimatedByteCount ?? 0)
        }
    }
}

extension Content {
    fileprivate var estimatedByteCount: Int {
        switch self {
        case .null, .bool, .number: 16
        case .string(let bytes), .bytes(let bytes): 16 + bytes.count
        case .text(let units): 32 + 3 * units.count
        case .list(let items): items.reduce(32) { $0 + $1.estimatedByteCount }
        case .map(let entries): entries.reduce(32) { $0 + 32 + $1.key.count + $1.content.estimatedByteCount }
        }
    }
}

extension Patch {
    /// What turns one document into another, in the words of a change.
    ///
    /// A container that both have stays what it is; one that appears is empty at first.
    static func replacing(_ old: borrowing Document, by new: borrowing Document) -> [Patch] {
        var patches: [Patch] = []
        let oldRoots = old.roots
        for root in oldRoots { append(root, isKnown: true, old, new, to: &patches) }
        let known = Set(oldRoots)
        for root in new.roots where !known.contains(root) { append(root, isKnown: true, old, new, to: &patches) }
        return patches
    }

    // Containers are at most 64 deep, and so is this.
    private static func append(
        _ container: ContainerID,
        isKnown: Bool,
        _ old: borrowing Document,
        _ new: borrowing Document,
        to patches: inout [Patch]
    ) {
        switch container {
        case .text(let text):
            let splice = Self.splice(from: isKnown ? old.text(of: text) : [], to: new.text(of: text))
            guard let splice else { return }
            patches.append(
                .text(
                    TextPatch(
                        text: text,
                        utf16Offset: splice.offset,
                        deleteCount: splice.deleteCount,
                        insert: splice.insert
                    )
                )
            )
        case .list(let list):
            let values = new.values(of: list)
            let former = isKnown ? old.values(of: list) : []
            let splice = Self.difference(from: former, to: values)
            if let splice {
                let action = ListPatch.Action.splice(
                    index: splice.offset,
                    deleteCount: splice.deleteCount,
                    insert: splice.insert
                )
                patches.append(.list(ListPatch(list: list, action: action)))
            }
            let added = splice.map { $0.offset..<($0.offset + $0.insert.count) } ?? 0..<0
            for (index, value) in values.enumerated() {
                guard case .container(let nested) = value else { continue }
                append(nested, isKnown: isKnown && !added.contains(index), old, new, to: &patches)
            }
        case .map(let map):
            for key in isKnown ? old.keys(of: map) : [] where new.value(for: key, in: map) == nil {
                patches.append(.map(MapPatch(map: map, key: key, value: nil)))
            }
            for key in new.keys(of: map) {
                let value = new.value(for: key, in: map)
                let isSame = isKnown && old.value(for: key, in: map) == value
                if !isSame { patches.append(.map(MapPatch(map: map, key: key, value: value))) }
                guard case .container(let nested) = value else { continue }
                append(nested, isKnown: isSame, old, new, to: &patches)
            }
        }
    }

    /// The one splice that turns one text into another; nil when they are equal.
    static func splice(
        from old: [UInt16],
        to new: [UInt16]
    ) -> (offset: Int, deleteCount: Int, insert: [UInt16])? {
        guard old != new else { return nil }
        var (prefix, suffix) = common(old, new)
        // Never between the halves of a pair: a following editor could not apply it.
        if prefix > 0, UTF16.isLeadSurrogate(old[prefix - 1]) { prefix -= 1 }
        if suffix > 0, UTF16.isTrailSurrogate(old[old.count - suffix]) { suffix -= 1 }
        return (prefix, old.count - suffix - prefix, Array(new[prefix..<(new.count - suffix)]))
    }

    /// The one splice that turns one list into another; nil when they are equal.
    private static func difference(
        from old: [Value],
        to new: [Value]
    ) -> (offset: Int, deleteCount: Int, insert: [Value])? {
        guard old != new else { return nil }
        let (prefix, suffix) = common(old, new)
        return (prefix, old.count - suffix - prefix, Array(new[prefix..<(new.count - suffix)]))
    }

    /// How many elements two sequences have in common at their start, and of the others at their end.
    private static func common<Element: Equatable>(_ old: [Element], _ new: [Element]) -> (prefix: Int, suffix: Int) {
        let shorter = min(old.count, new.count)
        var prefix = 0
        while prefix < shorter, old[prefix] == new[prefix] { prefix += 1 }
        var suffix = 0
        while suffix < shorter - prefix, old[old.count - 1 - suffix] == new[new.count - 1 - suffix] { suffix += 1 }
        return (prefix, suffix)
    }
}
