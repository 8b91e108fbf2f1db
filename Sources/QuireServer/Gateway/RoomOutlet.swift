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
        /// What its token grants for the document.
        var grant: DocumentRoles.Grant
        /// Set while broadcasts reach it.
        var format: ParticipantFormat?
    }

    /// Who gets broadcasts, of one format.
    private struct Audience {
        let group: BroadcastGroup
        /// Those without a socket.
        var others: [SessionID: any RoomClient] = [:]
    }

    private let document: DocumentID
    private let host: RoomHost
    private var entries: [SessionID: Entry] = [:]
    private var changes: Audience
    private var content: Audience
    private var wakeUp: Scheduled<Void>?

    /// The payload of the signal that is being passed on, attachments and all.
    ///
    /// The room only weighs the bytes.
    private var payload: JSON?

    init(document: DocumentID, host: RoomHost) {
        self.document = document
        self.host = host
        changes = Audience(group: BroadcastGroup(namespace: RoomPacket.namespace, owner: host.loop))
        content = Audience(group: BroadcastGroup(namespace: RoomPacket.namespace, owner: host.loop))
    }

    /// Lets the room reach a participant from now on.
    func admit(_ client: any RoomClient, membership: Membership, grant: DocumentRoles.Grant) {
        let format = entries[client.session]?.format
        entries[client.session] = Entry(client: client, membership: membership, grant: grant, format: format)
    }

    /// What the token of a session's user grants.
    func grant(of session: SessionID) -> DocumentRoles.Grant? { entries[session]?.grant }

    /// The membership that a session has now.
    func membership(of session: SessionID) -> Membership? { entries[session]?.membership }

    /// Forgets a participant.
    func dismiss(_ session: SessionID) {
        withhold(from: session)
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
            dismiss(session)
            entry.client.expelled(from: document, membership: entry.membership)
        }
    }

    func follow(_ session: SessionID, as format: ParticipantFormat) {
        guard let entry = entries[session] else { return }
        entries[session]?.format = format
        change(format) { audience in
            if let socket = entry.client.broadcastSocket {
                audience.group.add(socket)
            } else {
                audience.others[session] = entry.client
            }
        }
    }

    func withhold(from session: SessionID) {
        guard let entry = entries[session], let format = entry.format else { return }
        entries[session]?.format = nil
        change(format) { audience in
            if let socket = entry.client.broadcastSocket {
                audience.group.remove(socket)
            } else {
                audience.others[session] = nil
            }
        }
    }

    func broadcast(_ event: RoomEvent, to format: ParticipantFormat?, except excluded: SessionID?) {
        let packet = RoomPacket.encode(event, of: document, payload: payload)
        let sender = excluded.flatMap { entries[$0]?.client.broadcastSocket }
        if format != .content {
            changes.group.emit(preencoded: packet, except: sender)
            for (session, client) in changes.others where session != excluded { client.deliver(packet) }
        }
        if format != .changes {
            content.group.emit(preencoded: packet, except: sender)
            for (session, client) in content.others where session != excluded { client.deliver(packet) }
        }
    }

    func atEndOfTurn(_ body: @escaping () -> Void) { changes.group.beforeFlush(body) }

    private func change(_ format: ParticipantFormat, _ body: (inout Audience) -> Void) {
        switch format {
        case .changes: body(&changes)
        case .content: body(&content)
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
