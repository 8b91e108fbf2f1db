public import CRDT
public import SocketIOProtocol

/// How a document is opened.
public struct DocumentOptions: Sendable {
    /// The replica's id; nil takes a random one.
    ///
    /// Never one that wrote before: see ``CRDT/ReplicaID``.
    public var replica: ReplicaID?
    /// What this participant shows about itself from the start.
    public var presence: JSON?
    /// Whether `open` returns only when the server has answered; else at once, with an empty text to write into.
    public var waitsForServer: Bool
    /// Whether received changes are held back until ``DocumentReplica/integrateHeld(upTo:)`` takes them in.
    ///
    /// For replays and tests that need a replica in exactly one version; a held document refuses to be replaced by a
    /// snapshot, and asks for changes instead.
    public var holdsRemoteChanges: Bool

    /// How many steps can be undone; 0 records none.
    ///
    /// What a step costs is what it deleted, set and moved. When the document is taken anew from the server's snapshot,
    /// the steps are gone.
    public var undoLimit: Int

    /// Makes options; the defaults are an editor's.
    public init(
        replica: ReplicaID? = nil,
        presence: JSON? = nil,
        waitsForServer: Bool = true,
        holdsRemoteChanges: Bool = false,
        undoLimit: Int = 0
    ) {
        self.replica = replica
        self.presence = presence
        self.waitsForServer = waitsForServer
        self.holdsRemoteChanges = holdsRemoteChanges
        self.undoLimit = undoLimit
    }
}
