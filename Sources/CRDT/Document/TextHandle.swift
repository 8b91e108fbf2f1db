/// A text of one document, found once: edits through it look up no name.
///
/// It belongs to the document that gave it, for as long as that lives, and means nothing to another.
public struct TextHandle: Hashable, Sendable {
    /// Its root in the tree.
    let root: UInt32
}

extension Document {
    /// Finds a text that something was inserted into, for edits through its handle; `nil` when there is none.
    public func textHandle(_ text: TextID) -> TextHandle? {
        store.root(of: text).map { TextHandle(root: $0) }
    }

    /// The length of a text in UTF-16 code units.
    ///
    /// - Complexity: O(1).
    public func utf16Count(of text: TextHandle) -> Int {
        check(text)
        return store.visibleCount(of: text.root)
    }

    /// Stops at a handle that another document gave.
    @inline(__always)
    func check(_ text: TextHandle) {
        precondition(text.root < store.tree.links.rootCount, "A text handle is another document's.")
    }
}
