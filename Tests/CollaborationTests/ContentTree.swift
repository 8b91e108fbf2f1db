import CRDT
import TestSupport

@testable import Collaboration

/// A document as a thin client holds it: plain values, edited by path and position, without the engine.
struct ContentTree: Equatable {
    /// An edit that does not fit: a mistake of whoever sent it.
    struct Misfit: Error {
        var edit: PathEdit
    }

    var roots: [RootName: Content] = [:]

    init(_ content: [RootContent]) {
        for root in content { roots[root.root] = root.content }
        roots = roots.filter { !$0.value.isEmptyContainer }
    }

    /// Applies an edit.
    mutating func apply(_ edit: PathEdit) throws {
        let root = edit.path.root
        var content = roots[root] ?? .empty(edit.path.steps.isEmpty ? edit.kind : .map)
        try Self.apply(edit, edit.path.steps[...], to: &content)
        roots[root] = content.isEmptyContainer ? nil : content
    }

    private static func apply(_ edit: PathEdit, _ steps: ArraySlice<[UInt8]>, to content: inout Content) throws {
        guard let step = steps.first else { return try apply(edit, to: &content) }
        switch content {
        case .list(var list):
            guard let index = ContainerPath.index(step), list.indices.contains(index) else { throw Misfit(edit: edit) }
            try apply(edit, steps.dropFirst(), to: &list[index])
            content = .list(list)
        case .map(var entries):
            guard let index = entries.firstIndex(where: { $0.key == step }) else { throw Misfit(edit: edit) }
            try apply(edit, steps.dropFirst(), to: &entries[index].content)
            content = .map(entries)
        case .null, .bool, .number, .string, .bytes, .text:
            throw Misfit(edit: edit)
        }
    }

    private static func apply(_ edit: PathEdit, to content: inout Content) throws {
        switch (edit.action, content) {
        case (.text(let offset, let deleteCount, let insert), .text(var units)):
            guard offset + deleteCount <= units.count else { throw Misfit(edit: edit) }
            units.replaceSubrange(offset..<(offset + deleteCount), with: insert)
            content = .text(units)
        case (.list(let index, let deleteCount, let insert), .list(var items)):
            guard index + deleteCount <= items.count else { throw Misfit(edit: edit) }
            items.replaceSubrange(index..<(index + deleteCount), with: insert)
            content = .list(items)
        case (.move(let from, let to), .list(var items)):
            guard items.indices.contains(from), items.indices.contains(to) else { throw Misfit(edit: edit) }
            items.insert(items.remove(at: from), at: to)
            content = .list(items)
        case (.set(let key, let value), .map(var entries)):
            entries.removeAll { $0.key == key }
            if let value { entries.append(Content.Entry(key: key, content: value)) }
            entries.sort { $0.key.lexicographicallyPrecedes($1.key) }
            content = .map(entries)
        default:
            throw Misfit(edit: edit)
        }
    }

    /// Something that a user could do to what they see.
    func randomEdit(using generator: inout SplitMix64) -> PathEdit {
        var path = ContainerPath(root: ["body", "items", "fields"].randomElement(using: &generator) ?? "body")
        let kind: ContainerKind = path.root == "body" ? .text : path.root == "items" ? .list : .map
        var content = roots[path.root] ?? .empty(kind)
        while true {
            let nested = content.children.filter { $0.content.isContainer }
            guard Int.random(in: 0..<3, using: &generator) > 0, let next = nested.randomElement(using: &generator)
            else { break }
            path.steps.append(next.step)
            content = next.content
        }
        return PathEdit(path: path, action: Self.randomAction(on: content, using: &generator))
    }

    static func randomAction(on content: Content, using generator: inout SplitMix64) -> PathEdit.Action {
        switch content {
        case .text(let units):
            var start = Int.random(in: 0...units.count, using: &generator)
            if start < units.count, UTF16.isTrailSurrogate(units[start]) { start -= 1 }
            var end = min(units.count, start + Int.random(in: 0...3, using: &generator))
            if end < units.count, UTF16.isTrailSurrogate(units[end]) { end += 1 }
            let insert = Array("abc😀".prefix(Int.random(in: 0...4, using: &generator)).utf16)
            return .text(utf16Offset: start, deleteCount: end - start, insert: insert)
        case .list(let items):
            if !items.isEmpty, Int.random(in: 0..<3, using: &generator) == 0 {
                return .move(
                    from: Int.random(in: 0..<items.count, using: &generator),
                    to: Int.random(in: 0..<items.count, using: &generator)
                )
            }
            let start = Int.random(in: 0...items.count, using: &generator)
            let count = Int.random(in: 0...min(2, items.count - start), using: &generator)
            let insert = (0..<Int.random(in: 0...2, using: &generator)).map { _ in
                Content.random(depth: 2, using: &generator)
            }
            return .list(index: start, deleteCount: count, insert: insert)
        case .map, .null, .bool, .number, .string, .bytes:
            let key = ["a", "b/c", "d~", ""].randomElement(using: &generator) ?? "a"
            let unsets = Int.random(in: 0..<4, using: &generator) == 0
            return .set(key: Array(key.utf8), content: unsets ? nil : .random(depth: 2, using: &generator))
        }
    }
}

extension Content {
    static func empty(_ kind: ContainerKind) -> Content {
        switch kind {
        case .text: .text([])
        case .list: .list([])
        case .map: .map([])
        }
    }

    var isContainer: Bool {
        switch self {
        case .text, .list, .map: true
        case .null, .bool, .number, .string, .bytes: false
        }
    }

    /// A root that holds nothing is as good as none.
    var isEmptyContainer: Bool { self == .text([]) || self == .list([]) || self == .map([]) }

    var children: [(step: [UInt8], content: Content)] {
        switch self {
        case .list(let items): items.enumerated().map { (ContainerPath.step($0), $1) }
        case .map(let entries): entries.map { ($0.key, $0.content) }
        case .null, .bool, .number, .string, .bytes, .text: []
        }
    }

    static func random(depth: Int, using generator: inout SplitMix64) -> Content {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 5), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .number(Double(Int.random(in: -5...5, using: &generator)) / 2)
        case 3: return .string("s\(Int.random(in: 0..<100, using: &generator))")
        case 4: return .bytes([UInt8.random(in: 0...255, using: &generator)])
        case 5: return .text(Array("text".utf16))
        case 6, 7:
            return .list(
                (0..<Int.random(in: 0...3, using: &generator)).map { _ in .random(depth: depth - 1, using: &generator) }
            )
        default:
            return .map(
                ["a", "b/c"].prefix(Int.random(in: 0...2, using: &generator)).map {
                    Content.Entry(key: Array($0.utf8), content: .random(depth: depth - 1, using: &generator))
                }
            )
        }
    }
}
