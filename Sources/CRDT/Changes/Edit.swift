/// What a user does to a document.
public enum Edit: Hashable, Sendable {
    /// A splice of a text.
    case text(TextEdit)
    /// A splice of a list, or the move of an item.
    case list(ListEdit)
    /// The setting or unsetting of a key.
    case map(MapEdit)
}

/// An edit of a text by offset: a splice.
public struct TextEdit: Hashable, Sendable {
    /// The text that is edited.
    public var text: TextID
    /// Where, in UTF-16 code units from the start of the text.
    public var utf16Offset: Int
    /// How many UTF-16 code units after the offset are deleted.
    public var deleteCount: Int
    /// The UTF-16 code units inserted at the offset, after the deletion.
    public var insert: [UInt16]

    /// Makes a splice.
    public init(text: TextID, utf16Offset: Int, deleteCount: Int = 0, insert: [UInt16] = []) {
        self.text = text
        self.utf16Offset = utf16Offset
        self.deleteCount = deleteCount
        self.insert = insert
    }
}

/// An edit of a list by index.
public struct ListEdit: Hashable, Sendable {
    /// What is done.
    public enum Action: Hashable, Sendable {
        /// Deletes `deleteCount` items from `index` on, then inserts there.
        case splice(index: Int, deleteCount: Int, insert: [Content])
        /// Moves the item at `from` to `to`, which counts in the list without it.
        case move(from: Int, to: Int)
    }

    /// The list that is edited.
    public var list: ListID
    /// What is done to it.
    public var action: Action

    /// Makes an edit.
    public init(list: ListID, action: Action) {
        self.list = list
        self.action = action
    }
}

/// An edit of a map: one key.
public struct MapEdit: Hashable, Sendable {
    /// The map that is edited.
    public var map: MapID
    /// The key: at most 256 bytes of well-formed UTF-8.
    public var key: [UInt8]
    /// What it holds then; `nil` for nothing.
    public var content: Content?

    /// Makes an edit.
    public init(map: MapID, key: [UInt8], content: Content?) {
        self.map = map
        self.key = key
        self.content = content
    }
}
