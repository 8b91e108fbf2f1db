public import CRDT
public import SocketIOProtocol

/// What happened to an open document, in the order it happened.
public enum DocumentEvent: Sendable {
    /// Others changed texts, lists or maps: in order, each relative to what the one before left.
    ///
    /// A container that appears is empty at first; patches of its own fill it.
    case patches([Patch])
    /// Changes made here are on the server's disk.
    case stored(StoredChanges)
    /// Participants came or changed what they show; the sessions in `left` are gone.
    case presence(updated: [Participant], left: [String])
    /// Somebody sent a signal.
    case signal(from: Participant, payload: JSON)
    /// The role changed, while connected or by joining again.
    case role(DocumentRole)
    /// The conversation with the server moved on.
    case state(DocumentState)
    /// The local document was replaced by the server's, and what only this replica had was taken out of it.
    case discarded(DiscardedWork)
}

/// Where an open document stands with its server.
///
/// The document can be read and edited in every state but the last two.
public enum DocumentState: Equatable, Sendable {
    /// Not connected; edits are queued.
    case offline
    /// Connected, waiting for the server's answer.
    case joining
    /// In the room: edits are sent, others' edits are received.
    case live
    /// In the room, with edits that the role no longer allows to send. They are kept until it does, or until
    /// ``DocumentHandle/discardPending()``.
    case parked
    /// The server will never accept what is queued; nothing more is sent.
    case failed(QuireError)
    /// Closed by its user.
    case closed
}

/// One acknowledged message: these changes are on the server's disk.
public struct StoredChanges: Sendable {
    /// The replica that made them.
    public let replica: ReplicaID
    /// The sequences of the changes.
    public let sequences: [UInt64]
    /// The document's revision that holds them.
    public let revision: UInt64
    /// Nanoseconds from sending them (last) to the ack.
    public let latency: UInt64
}

/// Work that could not be merged: the document has another history now, or the server lost what it had acknowledged.
///
/// Nothing of it is in the replica any more. An application that wants to rescue it shows `content` to the user; to merge it
/// silently would put back what somebody removed on purpose.
public struct DiscardedWork: Sendable {
    /// Why.
    public let reason: QuireError
    /// Each root, with everything below it, as it was here.
    public let content: [ContainerID: Content]
    /// How many changes had not been stored.
    public let pendingCount: Int
}
