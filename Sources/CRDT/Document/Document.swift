/// A replicated document: named roots of text that several replicas edit at the same time.
///
/// The texts are RGA sequences (Roh et al. 2011, DOI 10.1016/j.jpdc.2010.12.006). Local edits are made by UTF-16 offset and
/// give a ``Change`` to send; received changes are integrated and give patches to show. All replicas that applied the
/// same changes, in whatever causal order, have the same text.
///
///     var document = Document(replica: ReplicaID(1))
///     let change = try document.insert(Array("Hello".utf16), at: 0, in: "body")
public struct Document: ~Copyable, Sendable {
    /// Who edits this copy.
    public let replica: ReplicaID

    /// An empty document.
    public init(replica: ReplicaID) {
        self.replica = replica
    }

    /// The document of a snapshot, edited from now on by `replica`.
    ///
    /// - Parameters:
    ///   - snapshot: what ``snapshot()`` wrote. It may come from outside.
    ///   - replica: an identifier that never wrote elsewhere, or the one that continues exactly from this state.
    ///   - limits: bounds on what is accepted.
    /// - Throws: when the bytes are not exactly one consistent snapshot.
    /// - Complexity: O(n) for n bytes and deleted elements.
    public init(snapshot: [UInt8], replica: ReplicaID, limits: DecodingLimits = .default) throws(FormatError) {
        preconditionFailure("not yet")
    }

    /// What is known: every change applied so far.
    public var version: Version { preconditionFailure("not yet") }

    /// The names of the roots that ever held something, ascending by their bytes.
    public var roots: [RootName] { preconditionFailure("not yet") }

    /// The length of a text in UTF-16 code units; 0 for a root that nothing was ever inserted into.
    public func utf16Count(of root: RootName) -> Int { preconditionFailure("not yet") }

    /// The content of a text as UTF-16 code units. Always well-formed.
    public func text(of root: RootName) -> [UInt16] { preconditionFailure("not yet") }

    /// The content of a text as a string.
    public func string(of root: RootName) -> String { preconditionFailure("not yet") }

    /// Makes the edits, in order, as one change; each edit's offset counts in the text as the edit before left it.
    ///
    /// - Returns: the change to send, or `nil` when nothing was inserted or deleted.
    /// - Throws: when any edit is not possible. Nothing is edited then.
    public mutating func edit(_ edits: [TextEdit]) throws(EditError) -> Change? { preconditionFailure("not yet") }

    /// Inserts UTF-16 code units at an offset, as one change; `nil` when there are none.
    public mutating func insert(
        _ text: [UInt16],
        at utf16Offset: Int,
        in root: RootName
    ) throws(EditError) -> Change? { preconditionFailure("not yet") }

    /// Deletes UTF-16 code units, as one change; `nil` when there are none.
    public mutating func delete(
        _ utf16Range: Range<Int>,
        in root: RootName
    ) throws(EditError) -> Change? { preconditionFailure("not yet") }

    /// Whether a change can be applied now.
    public func readiness(of change: Change) -> Readiness { preconditionFailure("not yet") }

    /// Applies a change that is ready. It is validated whole before anything is changed.
    ///
    /// - Parameters:
    ///   - change: one whose ``readiness(of:)`` is `ready`.
    ///   - patches: what it did to the texts is appended here.
    /// - Throws: `notReady`, `duplicate`, or why the change is refused. Nothing has changed then.
    public mutating func integrate(_ change: Change, patches: inout [Patch]) throws(ChangeError) {
        preconditionFailure("not yet")
    }

    /// Applies what can be applied of the received changes, in whatever order they come; the rest waits in the backlog.
    ///
    /// - Parameters:
    ///   - changes: duplicates among them are ignored.
    ///   - patches: what was done to the texts is appended here.
    /// - Throws: when a change is refused or the backlog is full. What was applied before it stays applied and is in
    ///   `patches`; the refused change is dropped, what came after it is not looked at.
    public mutating func receive(
        _ changes: [Change],
        patches: inout [Patch]
    ) throws(ChangeError) -> Receipt { preconditionFailure("not yet") }

    /// How many received changes wait for others.
    public var backlogCount: Int { preconditionFailure("not yet") }

    /// What the waiting changes lack: for each replica, its changes up to that count. Empty when nothing waits.
    public var missing: Version { preconditionFailure("not yet") }

    /// The whole state as bytes: ids and order of all elements, and the text of those that are not deleted.
    ///
    /// The same state gives the same bytes on every replica. The backlog is not part of it.
    public func snapshot() -> [UInt8] { preconditionFailure("not yet") }

    /// The position at an offset, held by its left or right neighbour.
    ///
    /// An offset outside of the text is moved to its end, one between the halves of a surrogate pair before the pair.
    public func anchor(at utf16Offset: Int, side: Side, in root: RootName) -> Anchor { preconditionFailure("not yet") }

    /// Where an anchor is now; `nil` when its element is not in that text.
    public func utf16Offset(of anchor: Anchor, in root: RootName) -> Int? { preconditionFailure("not yet") }

    #if DEBUG
    /// Traps when the document's inner state contradicts itself. For tests.
    public func checkInvariants() { preconditionFailure("not yet") }
    #endif
}
