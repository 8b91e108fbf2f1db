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
}
