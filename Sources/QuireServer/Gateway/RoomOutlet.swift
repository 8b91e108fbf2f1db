import Collaboration
import NIOCore
import SocketIO
import SocketIOProtocol

/// A room's way out: to its participants, and to the host for its timer and its end.
///
/// Belongs to the room's event loop, like the room.
final class RoomOutlet: RoomOutbox {
    private struct Entry {
        var client: any RoomClient
        var membership: Membership
    }

    private let document: DocumentID
    private let host: RoomHost
    private var entries: [SessionID: Entry] = [:]
    private var wakeUp: Scheduled<Void>?

    /// The payload of the signal that is being passed on, attachments and all.
    ///
    /// The room only weighs the bytes.
    private var payload: JSON?

    init(document: DocumentID, host: RoomHost) {
        self.document = document
        self.host = host
    }

    /// Lets the room reach a participant from now on.
    func admit(_ client: any RoomClient, membership: Membership) {
        entries[client.session] = Entry(client: client, membership: membership)
    }

    /// The membership that a session has now.
    func membership(of session: SessionID) -> Membership? { entries[session]?.membership }

    /// Forgets a participant.
    func dismiss(_ session: SessionID) {
        entries[session] = nil
    }

    /// Runs `body` with the payload of a signal at hand.
    func passingOn<Result, Failure: Error>(
        _ payload: JSON,
        body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        self.payload = payload
        defer { self.payload = nil }
        return try body()
    }

    /// Ends the timer.
    func close() {
        wakeUp?.cancel()
        wakeUp = nil
    }

    func send(_ event: RoomEvent, to session: SessionID) {
        guard let entry = entries[session] else { return }
        entry.client.deliver(RoomPacket.encode(event, of: document, payload: payload))
        if case .reset = event {
            entries[session] = nil
            entry.client.expelled(from: document, membership: entry.membership)
        }
    }

    func broadcast(_ event: RoomEvent, to sessions: [SessionID], except excluded: SessionID?) {
        var packet: EncodedPacket?
        for session in sessions where session != excluded {
            guard let entry = entries[session] else { continue }
            let encoded = packet ?? RoomPacket.encode(event, of: document, payload: payload)
            packet = encoded
            entry.client.deliver(encoded)
            if case .reset = event {
                entries[session] = nil
                entry.client.expelled(from: document, membership: entry.membership)
            }
        }
    }

    func wake(at deadline: UInt64) {
        wakeUp?.cancel()
        let document = self.document
        let host = self.host
        wakeUp = host.loop.scheduleTask(deadline: .uptimeNanoseconds(deadline)) { host.tick(document) }
    }

    func roomIsIdle() {
        let document = self.document
        let host = self.host
        // Not from within the room's own call.
        host.loop.execute { host.unloadIfIdle(document) }
    }

    func roomFailed(_ error: StoreError) {
        host.roomFailed(document, error)
    }
}

@available(*, unavailable)
extension RoomOutlet: Sendable {}
