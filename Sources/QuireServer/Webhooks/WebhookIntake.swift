import Collaboration
import Synchronization

/// Hears of what happens in rooms, and remembers it until the service has time.
///
/// Who comes and goes is kept in memory only, and not without end: after a death of the process nobody is in any room.
final class WebhookIntake: RoomObserver {
    private static let maximumCount = 10_000

    private struct State {
        var events: [WebhookEvent] = []
        var dropped = 0
    }

    private let state = Mutex(State())
    private let counts: any RoomObserver
    private let kinds: Set<WebhookEvent.Kind>

    /// Passes on to `counts` what it does not want.
    init(kinds: Set<WebhookEvent.Kind>, counts: any RoomObserver) {
        self.kinds = kinds
        self.counts = counts
    }

    /// What came since the last time, and how many there were beyond what is remembered.
    func take() -> (events: [WebhookEvent], dropped: Int) {
        state.withLock { state in
            defer { state = State() }
            return (state.events, state.dropped)
        }
    }

    /// What was taken and could not be queued, before what came since.
    func putBack(_ taken: (events: [WebhookEvent], dropped: Int)) {
        state.withLock { state in
            let kept = taken.events.prefix(Self.maximumCount - state.events.count)
            state.events.insert(contentsOf: kept, at: 0)
            state.dropped += taken.dropped + taken.events.count - kept.count
        }
    }

    func changeAccepted(byteCount: Int) { counts.changeAccepted(byteCount: byteCount) }

    func changeStored(nanoseconds: UInt64) { counts.changeStored(nanoseconds: nanoseconds) }

    func participantFellBehind() { counts.participantFellBehind() }

    func participantJoined(_ document: DocumentID, _ session: SessionID, _ user: User) {
        note(.participantJoined, document, session, user)
    }

    func participantLeft(_ document: DocumentID, _ session: SessionID, _ user: User) {
        note(.participantLeft, document, session, user)
    }

    private func note(_ kind: WebhookEvent.Kind, _ document: DocumentID, _ session: SessionID, _ user: User) {
        guard kinds.contains(kind) else { return }
        var event = WebhookEvent(kind, of: document, timestamp: Int64(WallClock.now * 1_000))
        event.session = session
        event.user = user
        state.withLock { state in
            if state.events.count < Self.maximumCount { state.events.append(event) } else { state.dropped += 1 }
        }
    }
}
