internal import CRDT

/// A room's outbox, with the changes that one participant sends within a turn put together into one event.
///
/// Whoever sends fast, or was offline for a while, has several changes in what the server reads at once. The others then
/// get one `ChangeSet` with one envelope in place of many. Nothing overtakes: whatever else goes to those who wait for the
/// set, or changes who they are, sends it first.
final class Broadcaster {
    /// How many bytes are put together at most.
    ///
    /// More than this is no gain, and a receiver's message limit is not far.
    private static let byteLimit = 64 << 10

    private struct Gathered {
        var changes: [Change]
        /// The set, as long as one message alone makes it up.
        var bytes: [UInt8]?
        var byteCount: Int
        var revision: Revision
        var session: SessionID
    }

    private weak var outbox: (any RoomOutbox)?
    private var gathered: Gathered?

    init(_ outbox: any RoomOutbox) {
        self.outbox = outbox
    }

    // MARK: - Changes

    /// Tells full clients, but for `session`, of changes that this participant made, at the end of the turn.
    ///
    /// - Parameters:
    ///   - changes: in causal order.
    ///   - bytes: the same as a `ChangeSet`.
    ///   - revision: what they became.
    ///   - session: who sent them.
    func broadcast(_ changes: [Change], bytes: [UInt8], revision: Revision, except session: SessionID) {
        if let gathered, gathered.session != session || gathered.byteCount + bytes.count > Self.byteLimit { flush() }
        if gathered == nil {
            gathered = Gathered(
                changes: changes,
                bytes: bytes,
                byteCount: bytes.count,
                revision: revision,
                session: session
            )
            outbox?.atEndOfTurn { [weak self] in self?.flush() }
        } else {
            gathered?.changes += changes
            gathered?.bytes = nil
            gathered?.byteCount += bytes.count
            gathered?.revision = revision
        }
    }

    /// Sends what was gathered.
    func flush() {
        guard let set = gathered else { return }
        // Before it is sent: the outbox may call ``Room/fellBehind(_:)`` from within.
        gathered = nil
        let bytes = set.bytes ?? ChangeSet.encode(set.changes)
        let event = RoomEvent.change(bytes, revision: set.revision, session: set.session)
        outbox?.broadcast(event, to: .changes, except: set.session)
    }

    // MARK: - Everything else, in its order

    func send(_ event: RoomEvent, to session: SessionID) {
        flush()
        outbox?.send(event, to: session)
    }

    func follow(_ session: SessionID, as format: ParticipantFormat) {
        flush()
        outbox?.follow(session, as: format)
    }

    func withhold(from session: SessionID) {
        flush()
        outbox?.withhold(from: session)
    }

    func broadcast(_ event: RoomEvent, to format: ParticipantFormat?, except excluded: SessionID?) {
        // Thin clients never see a set, so that they need not wait for it, nor end it.
        if format != .content { flush() }
        outbox?.broadcast(event, to: format, except: excluded)
    }

    func wake(at deadline: UInt64) { outbox?.wake(at: deadline) }
    func roomIsIdle() { outbox?.roomIsIdle() }
    func roomFailed(_ error: StoreError) { outbox?.roomFailed(error) }
}
