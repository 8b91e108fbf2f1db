import CRDT
import Collaboration
import NIOCore

/// Reads documents for HTTP: from the open room when there is one, otherwise from the store, without opening anything.
struct DocumentReader: Sendable {
    /// What a document looks like at one revision.
    struct View: Sendable {
        var epoch: Epoch
        var revision: Revision
        var content: Content
    }

    /// The document itself.
    enum Content: Sendable {
        case roots([RootContent])
        case snapshot([UInt8])
    }

    /// Which of the two is wanted.
    enum Kind: Sendable {
        case roots
        case snapshot
    }

    let hosts: RoomHosts
    let store: any DocumentStore

    /// The document as it is now.
    ///
    /// - Throws: `UNKNOWN_DOCUMENT` when there is none; it is not created.
    func view(of id: DocumentID, as kind: Kind) async throws(RequestError) -> View {
        let host = hosts.host(of: id)
        let open: View?
        do {
            open = try await host.loop.submit { host.openRoom(id).map { Self.view(of: $0.room, as: kind) } }.get()
        } catch {
            throw RequestError(.shuttingDown, "the server is shutting down")
        }
        if let open { return open }
        do {
            // The store gives what was committed, and first waits for what is on its way.
            guard let stored = try await store.load(id) else {
                throw RoomError(.unknownDocument, "there is no such document")
            }
            return Self.view(of: try Self.room(id, stored, host: host, store: store), as: kind)
        } catch let error as StoreError {
            throw RequestError(RoomError(error))
        } catch let error as RoomError {
            await RoomHost.quarantine(error, in: store)
            throw RequestError(error)
        } catch {
            throw RequestError(.internalError, "the document could not be read")
        }
    }

    private static func view(of room: Room, as kind: Kind) -> View {
        let content: Content
        switch kind {
        case .roots: content = .roots(room.content)
        case .snapshot: content = .snapshot(room.snapshot())
        }
        return View(epoch: room.epoch, revision: room.revision, content: content)
    }

    /// A room that nobody can enter, for the sake of what it knows of the stored format.
    private static func room(
        _ id: DocumentID,
        _ stored: StoredDocument,
        host: RoomHost,
        store: any DocumentStore
    ) throws(RoomError) -> Room {
        var generator = SystemRandomNumberGenerator()
        return try Room(
            id: id,
            stored: stored,
            replica: .random(using: &generator),
            environment: .init(hosting: host, store: store, limits: RoomLimits(), observer: nil),
            outbox: SilentOutbox()
        )
    }
}

/// The way out of a room without participants.
private final class SilentOutbox: RoomOutbox {
    func send(_ event: RoomEvent, to session: SessionID) {}
    func follow(_ session: SessionID, as format: ParticipantFormat) {}
    func withhold(from session: SessionID) {}
    func broadcast(_ event: RoomEvent, to format: ParticipantFormat?, except excluded: SessionID?) {}
    func atEndOfTurn(_ body: @escaping () -> Void) {}
    func wake(at deadline: UInt64) {}
    func roomIsIdle() {}
    func roomFailed(_ error: StoreError) {}
}
