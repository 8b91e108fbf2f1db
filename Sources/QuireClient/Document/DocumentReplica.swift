public import CRDT
public import SocketIOProtocol

/// The replica of an open document, inside ``DocumentHandle/perform(_:)``: everything here is synchronous.
public struct DocumentReplica {
    let core: DocumentCore

    /// Makes the edits as one change; see ``DocumentHandle/edit(_:)``.
    @discardableResult
    public func edit(_ edits: [Edit]) throws(QuireError) -> Change? {
        try self.core.edit(edits)
    }

    /// Makes the edits of texts as one change.
    @discardableResult
    public func edit(_ edits: [TextEdit]) throws(QuireError) -> Change? {
        try self.core.edit(edits.map(Edit.text))
    }

    /// Ends the step that ``undo()`` reverts together: call it between what a user does.
    public func closeUndoStep() { self.core.document.closeUndoStep() }

    /// Whether there is a step to undo; there is none without ``DocumentOptions/undoLimit``.
    public var canUndo: Bool { self.core.document.canUndo }

    /// Whether there is a step to redo: one that was undone since the last edit.
    public var canRedo: Bool { self.core.document.canRedo }

    /// Reverts the newest step of edits made here, as one change that is queued; others' edits stay.
    ///
    /// - Returns: what it did here, for an editor to follow.
    /// - Throws: as ``edit(_:)-([Edit])``.
    @discardableResult
    public func undo() throws(QuireError) -> [Patch] {
        try self.core.revert(isRedo: false)
    }

    /// Does again what was undone last, as one change that is queued.
    ///
    /// - Returns: what it did here, for an editor to follow.
    /// - Throws: as ``edit(_:)-([Edit])``.
    @discardableResult
    public func redo() throws(QuireError) -> [Patch] {
        try self.core.revert(isRedo: true)
    }

    /// The replica's id.
    public var id: ReplicaID { self.core.document.replica }

    /// The text of that name; empty when there is none.
    public func text(of text: TextID = "body") -> String {
        self.core.document.string(of: text)
    }

    /// The length of a text in UTF-16 code units.
    public func utf16Count(of text: TextID = "body") -> Int {
        self.core.document.utf16Count(of: text)
    }

    /// The items of a list; none when there is none of that name.
    public func values(of list: ListID) -> [Value] {
        self.core.document.values(of: list)
    }

    /// What a key of a map holds; nil when nothing.
    public func value(for key: String, in map: MapID) -> Value? {
        self.core.document.value(for: Array(key.utf8), in: map)
    }

    /// A container with everything below it; nil for a nested one that does not exist.
    public func content(of container: ContainerID) -> Content? {
        self.core.document.content(of: container)
    }

    /// What the document shows.
    public var version: Version { self.core.document.version }

    /// What was received, held back or not.
    public var receivedVersion: Version { self.core.receivedVersion }

    /// How many changes made here are not stored yet.
    public var pendingCount: Int { self.core.sync.pendingCount }

    /// The size of those changes in bytes.
    public var pendingByteCount: Int { self.core.sync.pendingByteCount }

    /// Takes in the held changes that are part of `version`, when the document was opened with `holdsRemoteChanges`.
    ///
    /// - Throws: `PROTOCOL_VIOLATION` when the document refuses one of them.
    public func integrateHeld(upTo version: Version) throws(QuireError) {
        try self.core.integrateHeld(upTo: version)
    }

    /// Shows `state` to the other participants; null shows nothing.
    public func setPresence(_ state: JSON) {
        self.core.setPresence(state)
    }

    /// Sends `payload` to the other participants.
    public func signal(_ payload: JSON) {
        self.core.signal(payload)
    }
}

@available(*, unavailable)
extension DocumentReplica: Sendable {}

extension DocumentCore {
    func setPresence(_ state: JSON) {
        self.presence = state
        guard self.sync.phase == .joined else { return }
        self.link?.request("presence", [.string(self.id), state]) { _ in }
    }

    func signal(_ payload: JSON) {
        guard self.sync.phase == .joined else { return }
        self.link?.request("signal", [.string(self.id), payload]) { _ in }
    }
}
