import CRDT
import Collaboration
import Logging
import NIOCore

/// The rooms of one event loop: loads a document when it is first needed, runs its timer, unloads it when it is idle.
///
/// A document always has the same host, so nothing about it needs a lock or, as long as its participants are on the same
/// loop, a hop.
///
/// `@unchecked Sendable`: everything mutable is touched on `loop` only, which every entry asserts.
final class RoomHost: @unchecked Sendable {
    /// A room and its way out.
    final class OpenRoom {
        let room: Room
        let outlet: RoomOutlet
        /// Who was given another role than that of the token.
        var roles: DocumentRoles

        init(room: Room, outlet: RoomOutlet, roles: DocumentRoles) {
            self.room = room
            self.outlet = outlet
            self.roles = roles
        }
    }

    /// Somebody who needs a room.
    struct Waiter {
        var mayCreate: Bool
        /// Of which document of the name it has something already.
        var epoch: Epoch?
        var body: (Result<OpenRoom, RequestError>) -> Void
    }

    /// Carries a room from the task that loaded it to its loop.
    ///
    /// `@unchecked Sendable`: the task lets go of it when it hands it over.
    private struct Delivery: @unchecked Sendable {
        var result: Result<OpenRoom, LoadFailure>
    }

    private enum LoadFailure: Error {
        /// There is no such document, and who asked first may not create it.
        case unknown
        /// Who asked first has the document of this epoch, which was deleted.
        case deleted(Epoch)
        case store(StoreError)
        case room(RoomError)
    }

    /// The loop everything here happens on.
    let loop: any EventLoop

    private let store: any DocumentStore
    private let limits: ServerLimits
    private let roomLimits: RoomLimits
    private let logger: Logger
    private let observer: (any RoomObserver)?
    private var table = RoomTable<OpenRoom, Waiter>()
    private var waiterCounts: [DocumentID: Int] = [:]
    private var closingCount = 0
    private var whenClosed: (@Sendable () -> Void)?
    private var isShuttingDown = false

    init(
        loop: any EventLoop,
        store: any DocumentStore,
        limits: ServerLimits,
        logger: Logger,
        observer: (any RoomObserver)?
    ) {
        self.loop = loop
        self.store = store
        self.limits = limits
        self.roomLimits = RoomLimits(limits)
        self.logger = logger
        self.observer = observer
    }

    /// Runs `work` on the loop: at once when already there, otherwise in the order of calls.
    func run(_ work: @escaping @Sendable (RoomHost) -> Void) {
        if loop.inEventLoop {
            work(self)
        } else {
            loop.execute { work(self) }
        }
    }

    /// What is open now.
    var figures: RoomHosts.Figures {
        loop.assertInEventLoop()
        let rooms = table.openRooms
        var figures = RoomHosts.Figures(open: rooms.count)
        for (_, open) in rooms {
            let byteCount = open.room.contentByteCount
            figures.participants += open.room.memberCount
            figures.bytes += byteCount
            figures.largest = max(figures.largest, byteCount)
        }
        return figures
    }

    // MARK: - Reaching a room

    /// Calls `body` with the room, when it is open or after it was loaded.
    ///
    /// `mayCreate`: Whether a document that does not exist is made, unless `epoch` is that of one that was deleted.
    func enter(
        _ id: DocumentID,
        mayCreate: Bool,
        epoch: Epoch? = nil,
        isUrgent: Bool = false,
        body: @escaping (Result<OpenRoom, RequestError>) -> Void
    ) {
        loop.assertInEventLoop()
        guard !isShuttingDown else {
            return body(.failure(RequestError(.shuttingDown, "the server is shutting down; connect again soon")))
        }
        guard isUrgent || waiterCounts[id, default: 0] < limits.maximumWaitingRequests else {
            return body(.failure(RequestError(.busy, "too much waits for the document to be loaded; try again")))
        }
        switch table.request(id, waiter: Waiter(mayCreate: mayCreate, epoch: epoch, body: body)) {
        case .use(let open):
            body(.success(open))
        case .load:
            waiterCounts[id, default: 0] += 1
            load(id, mayCreate: mayCreate, epoch: epoch)
        case .wait:
            waiterCounts[id, default: 0] += 1
        }
    }

    /// Calls `body` with the room if it is open or on its way, but never begins to load it: for those who have joined.
    ///
    /// `isUrgent`: Whether it must get through however many wait, as what takes a participant out must.
    func use(
        _ id: DocumentID,
        isUrgent: Bool = false,
        body: @escaping (Result<OpenRoom, RequestError>) -> Void
    ) {
        loop.assertInEventLoop()
        if let open = table[id] {
            body(.success(open))
        } else if waiterCounts[id] != nil {
            enter(id, mayCreate: false, isUrgent: isUrgent, body: body)
        } else {
            body(.failure(RequestError(.notJoined, "the room was closed; join again")))
        }
    }

    /// The room if it is open; for what happens to rooms rather than in them.
    func openRoom(_ id: DocumentID) -> OpenRoom? {
        loop.assertInEventLoop()
        return table[id]
    }

    // MARK: - Loading

    private func load(_ id: DocumentID, mayCreate: Bool, epoch: Epoch? = nil) {
        let store = self.store
        Task {
            let delivery = Delivery(result: await self.open(id, from: store, mayCreate: mayCreate, epoch: epoch))
            loop.execute { self.finishLoading(id, delivery.result) }
        }
    }

    /// Reads the document and builds the room, off the loop: a large one takes its time.
    private func open(
        _ id: DocumentID,
        from store: any DocumentStore,
        mayCreate: Bool,
        epoch: Epoch?
    ) async -> Result<OpenRoom, LoadFailure> {
        let stored: StoredDocument
        do {
            if let found = try await store.load(id) {
                stored = found
            } else if mayCreate {
                if let epoch, try await store.wasDeleted(id, epoch: epoch) { return .failure(.deleted(epoch)) }
                stored = try await store.open(id, mayCreate: true)
            } else {
                return .failure(.unknown)
            }
        } catch {
            return .failure(.store(error))
        }
        let outlet = RoomOutlet(document: id, host: self)
        do {
            let room = try Room(
                id: id,
                stored: stored,
                replica: Self.randomReplica(),
                environment: .init(hosting: self, store: store, limits: roomLimits, observer: observer),
                outbox: outlet
            )
            return .success(OpenRoom(room: room, outlet: outlet, roles: DocumentRoles(stored.roles)))
        } catch {
            await Self.quarantine(error, in: store)
            return .failure(.room(error))
        }
    }

    /// Notes what the engine could not read of a document, where those who repair look for it.
    static func quarantine(_ error: RoomError, in store: any DocumentStore) async {
        guard case .unreadable(let row) = error.details else { return }
        // The document stays closed either way, and its clients are told why.
        try? await store.quarantine(row)
    }

    /// Apart from the asynchronous `open`, where ThreadSanitizer (Swift 6.3.1) crashes on the address of a generator
    /// without fields.
    private static func randomReplica() -> ReplicaID {
        var generator = SystemRandomNumberGenerator()
        return .random(using: &generator)
    }

    private func finishLoading(_ id: DocumentID, _ result: Result<OpenRoom, LoadFailure>) {
        waiterCounts[id] = nil
        switch result {
        case .success(let open):
            let waiters = table.loaded(id, room: open)
            logger.info("document opened", metadata: ["doc": "\(id)", "rev": "\(open.room.revision)"])
            for waiter in waiters { waiter.body(.success(open)) }
            // Starts the idle timer even when all who waited have left again.
            open.room.tick()
            if isShuttingDown { unload(id) }
        case .failure(.unknown):
            // Those who may create it start again; the others know now.
            for waiter in table.failed(id) {
                if waiter.mayCreate {
                    enter(id, mayCreate: true, epoch: waiter.epoch, body: waiter.body)
                } else {
                    waiter.body(.failure(.unknownDocument))
                }
            }
        case .failure(.deleted(let epoch)):
            for waiter in table.failed(id) {
                if waiter.epoch == epoch {
                    waiter.body(.failure(RequestError(RoomError(.unknownDocument, "the document was deleted"))))
                } else {
                    enter(id, mayCreate: waiter.mayCreate, epoch: waiter.epoch, body: waiter.body)
                }
            }
        case .failure(.store(let error)):
            refuse(id, RoomError(error), because: "\(error)")
        case .failure(.room(let error)):
            refuse(id, error, because: "\(error)")
        }
        reportIfClosed()
    }

    private func refuse(_ id: DocumentID, _ error: RoomError, because reason: String) {
        logger.error("document could not be opened", metadata: ["doc": "\(id)", "error": "\(reason)"])
        for waiter in table.failed(id) { waiter.body(.failure(RequestError(error))) }
    }

    // MARK: - The life of a room

    /// The room's timer fired.
    func tick(_ id: DocumentID) {
        loop.assertInEventLoop()
        table[id]?.room.tick()
    }

    /// Unloads the room unless somebody came meanwhile.
    func unloadIfIdle(_ id: DocumentID) {
        loop.assertInEventLoop()
        guard let open = table[id], open.room.memberCount == 0 else { return }
        unload(id)
    }

    /// Unloads a room in which nobody is any more and nobody was let in.
    func unloadIfUnused(_ id: DocumentID) {
        // Not from within the room's own call.
        loop.execute { self.unloadIfIdle(id) }
    }

    private func unload(_ id: DocumentID) {
        guard let open = table.startUnloading(id) else { return }
        closingCount += 1
        open.room.unload { [self] in
            open.outlet.close()
            closingCount -= 1
            logger.info("document closed", metadata: ["doc": "\(id)", "rev": "\(open.room.revision)"])
            reloadIfWanted(id, table.gone(id))
            reportIfClosed()
        }
    }

    /// Puts everybody out, closes the room and deletes the document; whoever asks for it meanwhile waits.
    ///
    /// A document that cannot be opened is deleted all the same.
    func delete(
        _ id: DocumentID,
        expected: EntityTag?,
        completion: @escaping (Result<Void, RequestError>) -> Void
    ) {
        enter(id, mayCreate: false) { [self] result in
            switch result {
            case .success(let open):
                if let refusal = open.refusal(unless: expected) { return completion(.failure(refusal)) }
                // Two who delete at once: the second finds it gone.
                guard table.startUnloading(id) != nil else { return completion(.failure(.unknownDocument)) }
                closingCount += 1
                open.room.unload(because: .deleted) { [self] in
                    open.outlet.close()
                    deleteStored(id, completion)
                }
            case .failure(let error) where error.code == RoomError.Code.damaged.rawValue && expected == nil:
                // Not from within the call that tells so; by then somebody may have begun to load it again.
                loop.assumeIsolated().execute { [self] in
                    guard table.startClosing(id) else { return completion(.failure(error)) }
                    closingCount += 1
                    deleteStored(id, completion)
                }
            case .failure(let error):
                completion(.failure(error))
            }
        }
    }

    private func deleteStored(_ id: DocumentID, _ completion: @escaping (Result<Void, RequestError>) -> Void) {
        let outcome = loop.makePromise(of: Result<Void, RequestError>.self)
        outcome.completeWithTask { [store] in
            do throws(StoreError) {
                try await store.delete(id)
                return .success(())
            } catch {
                return .failure(RequestError(RoomError(error)))
            }
        }
        outcome.futureResult.assumeIsolated().whenComplete { [self] result in
            closingCount -= 1
            reloadIfWanted(id, table.gone(id))
            reportIfClosed()
            completion((try? result.get()) ?? .failure(RequestError(.internalError, "the server made a mistake")))
        }
    }

    /// The store failed under the room: it is over.
    func roomFailed(_ id: DocumentID, _ error: StoreError) {
        loop.assertInEventLoop()
        logger.error("document closed because the store failed", metadata: ["doc": "\(id)", "error": "\(error)"])
        table[id]?.outlet.close()
        reloadIfWanted(id, table.gone(id))
    }

    private func reloadIfWanted(_ id: DocumentID, _ action: RoomTable<OpenRoom, Waiter>.GoneAction) {
        switch action {
        case .none: break
        // Those who may create it start again when it is not there.
        case .load: load(id, mayCreate: false)
        }
    }

    // MARK: - Shutdown

    /// Unloads every room; `completion` comes, on the loop, when the store has everything.
    func shutDown(completion: @escaping @Sendable () -> Void) {
        loop.assertInEventLoop()
        isShuttingDown = true
        whenClosed = completion
        for (id, _) in table.openRooms { unload(id) }
        reportIfClosed()
    }

    private func reportIfClosed() {
        guard isShuttingDown, closingCount == 0, waiterCounts.isEmpty, table.openRooms.isEmpty else { return }
        whenClosed?()
        whenClosed = nil
    }
}

extension Room.Environment {
    /// What a room gets from its host.
    init(hosting host: RoomHost, store: any DocumentStore, limits: RoomLimits, observer: (any RoomObserver)?) {
        let loop = host.loop
        self.init(
            store: store,
            limits: limits,
            hop: { work in loop.execute(work) },
            now: { NIODeadline.now().uptimeNanoseconds },
            timestamp: { Int64(WallClock.now * 1000) },
            observer: observer
        )
    }
}

extension RoomLimits {
    /// The server's limits, as far as they concern one room.
    init(_ limits: ServerLimits) {
        self.init()
        documentByteCount = limits.maximumDocumentBytes
        presenceByteCount = limits.maximumPresenceBytes
        editOperationCount = limits.maximumEditsPerRequest
        idleInterval = UInt64(limits.idleUnloadSeconds) * 1_000_000_000
        snapshotRevisionCount = limits.snapshotRevisions
        snapshotInterval = UInt64(limits.snapshotSeconds) * 1_000_000_000
        retainedEntryCount = limits.retainedRevisions
    }
}
