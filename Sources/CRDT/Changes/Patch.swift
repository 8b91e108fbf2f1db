/// What a change did, for an editor or a board to follow.
///
/// Patches come in order; the offsets and indices of each count in what the one before left.
public enum Patch: Hashable, Sendable {
    /// A splice of a text.
    case text(TextPatch)
    /// A splice of a list, or the move of an item.
    case list(ListPatch)
    /// Another value of a key of a map.
    case map(MapPatch)
}

/// What a change did to a text: a splice.
public struct TextPatch: Hashable, Sendable {
    /// The text that was changed.
    public var text: TextID
    /// Where, in UTF-16 code units from the start of the text.
    public var utf16Offset: Int
    /// How many UTF-16 code units after the offset went away.
    public var deleteCount: Int
    /// The UTF-16 code units that appeared at the offset.
    public var insert: [UInt16]

    /// Makes a splice.
    public init(text: TextID, utf16Offset: Int, deleteCount: Int = 0, insert: [UInt16] = []) {
        self.text = text
        self.utf16Offset = utf16Offset
        self.deleteCount = deleteCount
        self.insert = insert
    }
}

/// What a change did to a list.
public struct ListPatch: Hashable, Sendable {
    /// What was done.
    public enum Action: Hashable, Sendable {
        /// `deleteCount` items from `index` on went away, then these appeared there. Nested containers are still empty:
        /// patches of their own fill them.
        case splice(index: Int, deleteCount: Int, insert: [Value])
        /// The item at `from` is at `to` now, which counts in the list without it.
        case move(from: Int, to: Int)
    }

    /// The list that was changed.
    public var list: ListID
    /// What was done to it.
    public var action: Action

    /// Makes a patch.
    public init(list: ListID, action: Action) {
        self.list = list
        self.action = action
    }
}

/// What a change did to a map: one key.
public struct MapPatch: Hashable, Sendable {
    /// The map that was changed.
    public var map: MapID
    /// The key.
    public var key: [UInt8]
    /// What it holds now; `nil` when nothing.
    ///
    /// A container that was created now is still empty: patches of its own fill it.
    public var value: Value?

    /// Makes a patch.
    public init(map: MapID, key: [UInt8], value: Value?) {
        self.map = map
        self.key = key
        self.value = value
    }
}
