internal import CRDT

/// What an edit or a patch did to the positions of one text or list.
///
/// It holds no content, so that a room can remember thousands of them.
enum Shape: Hashable, Sendable {
    /// Units or items came and went at one place.
    case splice(Splice)
    /// An item of a list went elsewhere.
    case move(Move)

    /// Whether nothing happens.
    var isEmpty: Bool {
        switch self {
        case .splice(let splice): splice.isEmpty
        case .move(let move): move.isEmpty
        }
    }

    /// This shape, made for a sequence that `other` changes at the same time, as it must be applied after `other`.
    ///
    /// It comes in pieces, none when nothing of it is left. Only the first may insert.
    ///
    /// For all shapes `a` and `b` of one sequence, `a` then `b.moved(over: a, tie: .after)` gives the same sequence as `b`
    /// then `a.moved(over: b, tie: .before)`.
    func moved(over other: Shape, tie: Splice.Tie) -> [Shape] {
        let pieces: [Shape]
        switch (self, other) {
        case (.splice(let splice), .splice(let other)):
            let moved = splice.moved(over: other, tie: tie)
            pieces = [.splice(moved.head)] + (moved.tail.map { [.splice($0)] } ?? [])
        case (.splice(let splice), .move(let other)):
            pieces = other.moving(splice, tie: tie).map(Shape.splice)
        case (.move(let move), .splice(let other)):
            pieces = move.moved(over: other, tie: tie).map { [.move($0)] } ?? []
        case (.move(let move), .move(let other)):
            pieces = move.moved(over: other, tie: tie).map { [.move($0)] } ?? []
        }
        return pieces.filter { !$0.isEmpty }
    }

    /// Where a unit or item is that was at `index`; `nil` when it was deleted.
    func position(of index: Int) -> Int? {
        switch self {
        case .splice(let splice): splice.position(of: index)
        case .move(let move): move.position(of: index)
        }
    }

    /// Where a unit or item was that is at `index`; `nil` when it was inserted.
    func formerPosition(of index: Int) -> Int? {
        switch self {
        case .splice(let splice): splice.formerPosition(of: index)
        case .move(let move): Move(from: move.to, to: move.from).position(of: index)
        }
    }

    /// Takes up a shape that came right after this one when both are one splice together: typing goes on.
    mutating func absorb(_ next: Shape) -> Bool {
        guard case .splice(var splice) = self, case .splice(let next) = next, splice.absorb(next) else { return false }
        self = .splice(splice)
        return true
    }
}

/// What an edit or a patch did, and to which container.
enum Footprint: Hashable, Sendable {
    /// To the positions of a text or list.
    case sequence(ContainerID, Shape)
    /// To a key of a map.
    case slot(MapID, [UInt8])

    init(_ patch: Patch) {
        switch patch {
        case .text(let patch):
            let splice = Splice(
                offset: patch.utf16Offset,
                deleteCount: patch.deleteCount,
                insertCount: patch.insert.count
            )
            self = .sequence(.text(patch.text), .splice(splice))
        case .list(let patch):
            switch patch.action {
            case .splice(let index, let deleteCount, let insert):
                let splice = Splice(offset: index, deleteCount: deleteCount, insertCount: insert.count)
                self = .sequence(.list(patch.list), .splice(splice))
            case .move(let from, let to):
                self = .sequence(.list(patch.list), .move(Move(from: from, to: to)))
            }
        case .map(let patch):
            self = .slot(patch.map, patch.key)
        }
    }

    /// What an edit does to the container that its path led to.
    init(_ edit: PathEdit, of container: ContainerID) {
        switch edit.action {
        case .set(let key, _): self = .slot(MapID(container.place), key)
        case .text, .list, .move: self = .sequence(container, edit.shape ?? .splice(.none))
        }
    }

    /// Whether nothing happens.
    var isEmpty: Bool {
        switch self {
        case .sequence(_, let shape): shape.isEmpty
        case .slot: false
        }
    }
}
