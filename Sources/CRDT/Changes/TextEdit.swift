/// An edit of a text by offset: a splice.
///
/// What a user does.
public struct TextEdit: Hashable, Sendable {
    /// The text that is edited.
    public var root: RootName
    /// Where, in UTF-16 code units from the start of the text.
    public var utf16Offset: Int
    /// How many UTF-16 code units after the offset are deleted.
    public var deleteCount: Int
    /// The UTF-16 code units inserted at the offset, after the deletion.
    public var insert: [UInt16]

    /// Makes a splice.
    public init(root: RootName, utf16Offset: Int, deleteCount: Int = 0, insert: [UInt16] = []) {
        self.root = root
        self.utf16Offset = utf16Offset
        self.deleteCount = deleteCount
        self.insert = insert
    }
}

/// What a remote change did to a text, by offset: a splice for an editor to follow.
///
/// Patches come in order; each one's offset counts in the text as the one before left it.
public struct Patch: Hashable, Sendable {
    /// The text that was changed.
    public var root: RootName
    /// Where, in UTF-16 code units from the start of the text.
    public var utf16Offset: Int
    /// How many UTF-16 code units after the offset went away.
    public var deleteCount: Int
    /// The UTF-16 code units that appeared at the offset.
    public var insert: [UInt16]

    /// Makes a splice.
    public init(root: RootName, utf16Offset: Int, deleteCount: Int = 0, insert: [UInt16] = []) {
        self.root = root
        self.utf16Offset = utf16Offset
        self.deleteCount = deleteCount
        self.insert = insert
    }
}
