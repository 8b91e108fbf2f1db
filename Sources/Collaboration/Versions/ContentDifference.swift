internal import CRDT

/// What turns one content into another, in the words of a thin client.
///
/// Texts differ by characters, or by lines where there are many; lists by items; maps by keys. What is a container of the same
/// kind before and after stays the container it is, so that others who edit it meanwhile are not cut off. Contained ones come
/// before the list that holds them, and splices of one container from its end to its beginning: each edit counts in what the
/// ones before it left.
public struct ContentDifference {
    /// Sequences of which more than so many parts differ are replaced there as a whole: comparing takes time and memory in
    /// the square of that.
    static let maximumPartCount = 1_000

    /// The edits, in order.
    public private(set) var edits: [PathEdit] = []

    /// Compares two contents.
    ///
    /// - Complexity: O(n + m²) for n units and values of both and the m = 1,000 parts of a sequence that are compared.
    public init(from old: [RootContent], to new: [RootContent]) {
        let wanted = Dictionary(new.map { ($0.root, $0.content) }, uniquingKeysWith: { first, _ in first })
        let known = Dictionary(old.map { ($0.root, $0.content) }, uniquingKeysWith: { first, _ in first })
        for root in old {
            let path = ContainerPath(root: root.root)
            let target = wanted[root.root]
            let isSameKind = target.map { Self.kind($0) == Self.kind(root.content) } ?? false
            // A root cannot be taken away, only emptied.
            compare(root.content, isSameKind ? target ?? .null : Self.empty(like: root.content), at: path)
        }
        for root in new {
            let former = known[root.root]
            if let former, Self.kind(former) == Self.kind(root.content) { continue }
            compare(Self.empty(like: root.content), root.content, at: ContainerPath(root: root.root))
        }
    }

    private enum Kind {
        case text, list, map
    }

    private static func kind(_ content: Content) -> Kind? {
        switch content {
        case .text: .text
        case .list: .list
        case .map: .map
        case .null, .bool, .number, .string, .bytes: nil
        }
    }

    private static func empty(like content: Content) -> Content {
        switch content {
        case .text: .text([])
        case .list: .list([])
        case .map: .map([])
        case .null, .bool, .number, .string, .bytes: content
        }
    }

    /// Containers are at most 64 deep, and so is this.
    private mutating func compare(_ old: Content, _ new: Content, at path: ContainerPath) {
        switch (old, new) {
        case (.text(let old), .text(let new)): compareTexts(old, new, at: path)
        case (.list(let old), .list(let new)): compareLists(old, new, at: path)
        case (.map(let old), .map(let new)): compareMaps(old, new, at: path)
        default: break
        }
    }

    /// Whether a value can become another one without being replaced.
    private static func isSameContainer(_ old: Content, _ new: Content, below path: ContainerPath) -> Bool {
        guard let kind = kind(old), path.steps.count + 1 < ContainerPath.maximumStepCount else { return false }
        return kind == Self.kind(new)
    }

    private mutating func compareTexts(_ old: [UInt16], _ new: [UInt16], at path: ContainerPath) {
        for splice in TextDifference.splices(from: old, to: new).reversed() {
            let insert = Array(new[splice.inserted])
            let action = PathEdit.Action.text(
                utf16Offset: splice.deleted.lowerBound,
                deleteCount: splice.deleted.count,
                insert: insert
            )
            edits.append(PathEdit(path: path, action: action))
        }
    }

    private mutating func compareLists(_ old: [Content], _ new: [Content], at path: ContainerPath) {
        var splices: [SequenceSplice] = []
        for splice in SequenceSplice.between(old, new, maximumPartCount: Self.maximumPartCount) {
            // Items that stand for one another, from the front; what is left over is deleted or inserted.
            var paired = 0
            while paired < min(splice.deleted.count, splice.inserted.count) {
                let (from, to) = (splice.deleted.lowerBound + paired, splice.inserted.lowerBound + paired)
                guard Self.isSameContainer(old[from], new[to], below: path) else { break }
                var nested = path
                nested.steps.append(ContainerPath.step(from))
                compare(old[from], new[to], at: nested)
                paired += 1
            }
            let rest = SequenceSplice(
                deleted: (splice.deleted.lowerBound + paired)..<splice.deleted.upperBound,
                inserted: (splice.inserted.lowerBound + paired)..<splice.inserted.upperBound
            )
            if !rest.isEmpty { splices.append(rest) }
        }
        for splice in splices.reversed() {
            let action = PathEdit.Action.list(
                index: splice.deleted.lowerBound,
                deleteCount: splice.deleted.count,
                insert: Array(new[splice.inserted])
            )
            edits.append(PathEdit(path: path, action: action))
        }
    }

    private mutating func compareMaps(_ old: [Content.Entry], _ new: [Content.Entry], at path: ContainerPath) {
        let wanted = Dictionary(new.map { ($0.key, $0.content) }, uniquingKeysWith: { first, _ in first })
        let known = Dictionary(old.map { ($0.key, $0.content) }, uniquingKeysWith: { first, _ in first })
        for entry in old where wanted[entry.key] == nil {
            edits.append(PathEdit(path: path, action: .set(key: entry.key, content: nil)))
        }
        for entry in new {
            guard let former = known[entry.key] else {
                edits.append(PathEdit(path: path, action: .set(key: entry.key, content: entry.content)))
                continue
            }
            if former == entry.content { continue }
            if Self.isSameContainer(former, entry.content, below: path) {
                var nested = path
                nested.steps.append(entry.key)
                compare(former, entry.content, at: nested)
            } else {
                edits.append(PathEdit(path: path, action: .set(key: entry.key, content: entry.content)))
            }
        }
    }
}
