/// How a room reaches the outside.
///
/// The owner of the room implements it; every call comes on the room's executor, from within a call into the room.
///
/// An implementation calls nothing of the room from within these, but ``Room/fellBehind(_:)`` from within `send` and
/// `broadcast`.
public protocol RoomOutbox: AnyObject {
    /// Delivers to one participant.
    func send(_ event: RoomEvent, to session: SessionID)

    /// Broadcasts to those of `format` reach the participant from now on; not called again before ``withhold(from:)``.
    func follow(_ session: SessionID, as format: ParticipantFormat)

    /// Broadcasts no longer reach the participant: it fell behind, or is gone.
    func withhold(from session: SessionID)

    /// Delivers to all that follow, of one format or (nil) of each: encode once, hand the same bytes to all. `excluded`,
    /// when it is among them, is left out.
    func broadcast(_ event: RoomEvent, to format: ParticipantFormat?, except excluded: SessionID?)

    /// Asks for one call of `body` when this turn of the room's executor ends, before anything that was broadcast in it
    /// leaves. It broadcasts what was gathered.
    func atEndOfTurn(_ body: @escaping () -> Void)

    /// Asks for a call of ``Room/tick()`` at `deadline` (of the room's monotonic clock). One deadline at a time: a
    /// later call replaces the former.
    func wake(at deadline: UInt64)

    /// The room had no participant for the idle interval and nothing pending: unload it (``Room/unload(completion:)``).
    func roomIsIdle()

    /// The store failed: participants have been told `reset` and are gone from the room, which takes nothing more.
    /// Forget it; the next join loads the document again. Not called for a room that is being unloaded: that one says
    /// so in the completion of `unload`.
    func roomFailed(_ error: StoreError)
}

/// What a room tells its participants.
public enum RoomEvent: Sendable, Equatable {
    /// To full clients: a `ChangeSet`. `session` is the author's, `nil` for a catch-up.
    case change([UInt8], revision: Revision, session: SessionID?)
    /// To thin clients: edits in order, each relative to what the one before left.
    case edit([PathEdit], revision: Revision, session: SessionID)
    /// States that are new or changed, and the sessions that left.
    case presence([Member], left: [SessionID])
    /// Another participant's signal.
    case signal([UInt8], from: SessionID, user: User)
    /// The participant's role is now this.
    case role(Role, revision: Revision)
    /// What the participant holds is no longer to be trusted, or it missed what cannot be replayed: it is out of the
    /// room and must join again.
    case reset(ResetReason, epoch: Epoch)
}

/// Why a participant must join again; the raw value is the wire's `reason`.
public enum ResetReason: String, Sendable {
    /// The store failed: revisions after the last acknowledged one may be gone.
    case storeFailed = "STORE_FAILED"
    /// The participant was too slow, and what it missed cannot be replayed to it.
    case behind = "BEHIND"
    /// The room was unloaded.
    case closed = "ROOM_CLOSED"
    /// The participant has no role for the document any more. Joining again is refused until it is given one.
    case forbidden = "FORBIDDEN"
    /// Somebody who manages the document put the participant out. A client stays out until its user comes back.
    case kicked = "KICKED"
    /// The document was deleted. Who joins again with its epoch is refused with `UNKNOWN_DOCUMENT`.
    case deleted = "DELETED"
}
