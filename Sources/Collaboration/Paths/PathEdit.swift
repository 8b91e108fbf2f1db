public import CRDT

/// One operation of a thin client: what is done, and by which path to which container.
public struct PathEdit: Hashable, Sendable {
    /// What is done.
    public enum Action: Hashable, Sendable {
        /// A splice of a text, in UTF-16 code units.
        case text(utf16Offset: Int, deleteCount: Int, insert: [UInt16])
        /// A splice of a list.
        case list(index: Int, deleteCount: Int, insert: [Content])
        /// The item at `from` of a list goes to `to`, which counts in the list without it.
        case move(from: Int, to: Int)
        /// A key of a map holds something else; `nil` is nothing.
        case set(key: [UInt8], content: Content?)
    }

    /// Which container, as of the state that the edits before this one left.
    public var path: ContainerPath
    /// What is done to it.
    public var action: Action

    /// An edit of its parts.
    public init(path: ContainerPath, action: Action) {
        self.path = path
        self.action = action
    }

    /// What the container must be.
    var kind: ContainerKind {
        switch action {
        case .text: .text
        case .list, .move: .list
        case .set: .map
        }
    }

    /// How it moves positions; `nil` for a map, which has none.
    var shape: Shape? {
        switch action {
        case .text(let offset, let deleteCount, let insert):
            .splice(Splice(offset: offset, deleteCount: deleteCount, insertCount: insert.count))
        case .list(let index, let deleteCount, let insert):
            .splice(Splice(offset: index, deleteCount: deleteCount, insertCount: insert.count))
        case .move(let from, let to): .move(Move(from: from, to: to))
        case .set: nil
        }
    }

    /// What is left of it after its positions were moved: one piece of it.
    func moved(to shape: Shape) -> Action {
        switch (shape, action) {
        case (.splice(let splice), .text(_, _, let insert)):
            .text(
                utf16Offset: splice.offset,
                deleteCount: splice.deleteCount,
                insert: splice.insertCount > 0 ? insert : []
            )
        case (.splice(let splice), .list(_, _, let insert)):
            .list(index: splice.offset, deleteCount: splice.deleteCount, insert: splice.insertCount > 0 ? insert : [])
        case (.move(let move), .move): .move(from: move.from, to: move.to)
        case (.move, .text), (.move, .list), (.splice, .move), (_, .set): action
        }
    }

    /// The same as the engine is told it; `container` is of the right kind.
    func edit(of container: ContainerID) -> Edit {
        let place = container.place
        switch action {
        case .text(let offset, let deleteCount, let insert):
            return .text(
                TextEdit(text: TextID(place), utf16Offset: offset, deleteCount: deleteCount, insert: insert)
            )
        case .list(let index, let deleteCount, let insert):
            return .list(
                ListEdit(list: ListID(place), action: .splice(index: index, deleteCount: deleteCount, insert: insert))
            )
        case .move(let from, let to):
            return .list(ListEdit(list: ListID(place), action: .move(from: from, to: to)))
        case .set(let key, let content):
            return .map(MapEdit(map: MapID(place), key: key, content: content))
        }
    }
}
