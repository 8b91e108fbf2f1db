/// Who counts what happens in rooms.
///
/// Called on the rooms' executors, in the middle of their work: an implementation neither blocks nor allocates.
public protocol RoomObserver: Sendable {
    /// A change or an edit was accepted, which made a revision.
    func changeAccepted(byteCount: Int)

    /// A change or an edit is on disk, so many nanoseconds after it was accepted.
    func changeStored(nanoseconds: UInt64)

    /// A participant reads too slowly, and is sent nothing more until it has caught up.
    func participantFellBehind()

    /// Somebody is in a room now who was not before.
    func participantJoined(_ document: DocumentID, _ session: SessionID, _ user: User)

    /// Somebody is no longer in a room.
    func participantLeft(_ document: DocumentID, _ session: SessionID, _ user: User)
}

extension RoomObserver {
    /// Nothing.
    public func participantJoined(_ document: DocumentID, _ session: SessionID, _ user: User) {}

    /// Nothing.
    public func participantLeft(_ document: DocumentID, _ session: SessionID, _ user: User) {}
}
