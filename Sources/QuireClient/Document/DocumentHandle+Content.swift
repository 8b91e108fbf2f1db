public import CRDT

// Texts, lists and maps, each call for the price of a hop; ``DocumentHandle/perform(_:)`` does many for one.
extension DocumentHandle {
    // MARK: Texts

    /// The text of that name; empty when there is none.
    public func text(of text: TextID = "body") async -> String {
        await self.read { $0.document.string(of: text) }
    }

    /// Inserts text.
    public func insert(_ string: String, at utf16Offset: Int, in text: TextID = "body") async throws(QuireError) {
        try await self.edit([TextEdit(text: text, utf16Offset: utf16Offset, insert: Array(string.utf16))])
    }

    /// Deletes text.
    public func delete(_ utf16Range: Range<Int>, in text: TextID = "body") async throws(QuireError) {
        try await self.edit([
            TextEdit(text: text, utf16Offset: utf16Range.lowerBound, deleteCount: utf16Range.count)
        ])
    }

    // MARK: Lists

    /// The items of a list; none when there is none of that name.
    public func values(of list: ListID) async -> [Value] {
        await self.read { $0.document.values(of: list) }
    }

    /// Inserts items; texts, lists and maps among them become containers that can be edited.
    public func insert(_ content: [Content], at index: Int, in list: ListID) async throws(QuireError) {
        try await self.edit(list, .splice(index: index, deleteCount: 0, insert: content))
    }

    /// Deletes items.
    public func delete(_ range: Range<Int>, in list: ListID) async throws(QuireError) {
        try await self.edit(list, .splice(index: range.lowerBound, deleteCount: range.count, insert: []))
    }

    /// Moves an item; `to` counts in the list without it.
    public func move(from: Int, to: Int, in list: ListID) async throws(QuireError) {
        try await self.edit(list, .move(from: from, to: to))
    }

    private func edit(_ list: ListID, _ action: ListEdit.Action) async throws(QuireError) {
        try await self.edit([Edit.list(ListEdit(list: list, action: action))])
    }

    // MARK: Maps

    /// The keys of a map that hold something, ascending by their bytes.
    public func keys(of map: MapID) async -> [String] {
        await self.read { $0.document.keys(of: map).map { String(decoding: $0, as: UTF8.self) } }
    }

    /// What a key holds; nil when nothing.
    public func value(for key: String, in map: MapID) async -> Value? {
        await self.read { $0.document.value(for: Array(key.utf8), in: map) }
    }

    /// Sets a key; texts, lists and maps in it become containers that can be edited.
    public func set(_ content: Content, for key: String, in map: MapID) async throws(QuireError) {
        try await self.edit([Edit.map(MapEdit(map: map, key: Array(key.utf8), content: content))])
    }

    /// Unsets a key.
    public func unset(_ key: String, in map: MapID) async throws(QuireError) {
        try await self.edit([Edit.map(MapEdit(map: map, key: Array(key.utf8), content: nil))])
    }

    // MARK: Undo

    /// Ends the step that ``undo()`` reverts together; see ``DocumentReplica/closeUndoStep()``.
    public func closeUndoStep() async {
        await self.read { $0.document.closeUndoStep() }
    }

    /// Whether there is a step to undo.
    public var canUndo: Bool {
        get async { await self.read { $0.document.canUndo } }
    }

    /// Whether there is a step to redo.
    public var canRedo: Bool {
        get async { await self.read { $0.document.canRedo } }
    }

    /// Reverts the newest step of edits made here; see ``DocumentReplica/undo()``.
    @discardableResult
    public func undo() async throws(QuireError) -> [Patch] {
        try await self.perform { replica throws(QuireError) in try replica.undo() }
    }

    /// Does again what was undone last; see ``DocumentReplica/redo()``.
    @discardableResult
    public func redo() async throws(QuireError) -> [Patch] {
        try await self.perform { replica throws(QuireError) in try replica.redo() }
    }

    // MARK: Everything

    /// The roots that something was ever put into.
    public var roots: [ContainerID] {
        get async { await self.read { $0.document.roots } }
    }

    /// A container with everything below it; nil for a nested one that does not exist.
    public func content(of container: ContainerID) async -> Content? {
        await self.read { $0.document.content(of: container) }
    }
}
