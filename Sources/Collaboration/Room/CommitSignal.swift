internal import Synchronization

/// Carries the store's word that revisions are durable from the store's thread to the room's executor.
///
/// The store calls it for each entry; it hops once for however many entries were committed before the room got to look.
final class CommitSignal: Sendable {
    private let durable: Atomic<UInt64>
    private let isScheduled = Atomic<Bool>(false)
    private let hop: @Sendable (@escaping @Sendable () -> Void) -> Void
    private let target: RoomReference

    init(revision: Revision, target: RoomReference, hop: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) {
        durable = Atomic(revision.rawValue)
        self.target = target
        self.hop = hop
    }

    /// The store is done with an entry.
    ///
    /// It says so in the order of revisions (`DocumentStore`, rule 1).
    func entryFinished(_ revision: Revision, _ result: Result<Void, StoreError>) {
        switch result {
        case .success:
            durable.store(revision.rawValue, ordering: .releasing)
            // Whoever finds the flag set may rely on it: the exchange that clears it sees what was stored before, and
            // `durable` is read after it. (A plain store there would see nothing, and an acknowledgement could be lost.)
            guard !isScheduled.exchange(true, ordering: .acquiringAndReleasing) else { return }
            hop { [self] in
                _ = isScheduled.exchange(false, ordering: .acquiringAndReleasing)
                target.room?.becameDurable(Revision(durable.load(ordering: .acquiring)))
            }
        case .failure(let error):
            hop { [target] in target.room?.storeFailed(error) }
        }
    }

    /// The store is done with a snapshot.
    func snapshotFinished(_ snapshot: Revision, byteCount: Int, _ result: Result<Void, StoreError>) {
        hop { [target] in target.room?.snapshotFinished(snapshot, byteCount: byteCount, result) }
    }
}

/// A room as seen from the store's thread: carried there, used only on the room's executor.
///
/// `@unchecked Sendable`: `room` is written once, when the room is made, and afterwards read only in closures that
/// `hop` runs on the room's executor, which also is where the room goes away.
final class RoomReference: @unchecked Sendable {
    weak var room: Room?
}
