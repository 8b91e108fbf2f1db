internal import CRDT
internal import Logging
internal import NIOCore
internal import SocketIOProtocol

/// One open document: the replica, what it owes the server, and who listens.
///
/// Confined to the connection's event loop.
///
/// `DocumentCore` decides nothing about resending and healing: ``SyncStateMachine`` does. It moves bytes between that, the
/// replica and the connection, and tells the observers.
final class DocumentCore {
    let id: String
    let eventLoop: any EventLoop
    let options: DocumentOptions
    let logger: Logger
    var random: any RandomNumberGenerator
    /// How the document reaches the server; nil while there is no socket.
    weak var link: (any DocumentLink)?

    var document: Document
    var sync: SyncStateMachine
    var held: HeldChanges?
    /// Ids that this document wrote under before it took in a snapshot.
    var formerReplicas: Set<ReplicaID> = []
    var state = DocumentState.offline
    var participants: [String: Participant] = [:]
    var session: String?
    var presence: JSON?
    var retryBackoff: Backoff
    var isPumpScheduled = false
    var isSyncing = false
    /// Grows whenever answers to earlier requests lose their meaning.
    var generation: UInt64 = 0
    var observers: [(id: UInt64, handler: @Sendable (DocumentEvent) -> Void)] = []
    var nextObserver: UInt64 = 0
    let waiters = DocumentWaiters()

    init(
        id: String,
        eventLoop: any EventLoop,
        options: DocumentOptions,
        sync: SyncStateMachine.Configuration,
        retryBackoff: Backoff,
        random: any RandomNumberGenerator,
        logger: Logger
    ) {
        var random = random
        self.id = id
        self.eventLoop = eventLoop
        self.options = options
        self.logger = logger
        self.presence = options.presence
        self.retryBackoff = retryBackoff
        self.document = Document(replica: options.replica ?? ReplicaID.random(using: &random))
        self.document.undoLimit = options.undoLimit
        self.random = random
        self.sync = SyncStateMachine(configuration: sync)
        self.held = options.holdsRemoteChanges ? HeldChanges(version: Version()) : nil
    }

    /// Everything that was made here or received, whether the text shows it or not.
    var receivedVersion: Version { self.held?.version ?? self.document.version }

    /// The participant of this session, for signals without one.
    func participant(_ session: String) -> Participant {
        self.participants[session] ?? Participant(session: session, userID: "", userName: "", state: .null)
    }

    // MARK: Editing

    /// Makes the edits as one change and queues it; nil when they change nothing.
    @discardableResult
    func edit(_ edits: [Edit]) throws(QuireError) -> Change? {
        try self.requireRoom(for: edits.reduce(64) { $0 + $1.estimatedByteCount })
        let change: Change?
        do {
            change = try self.document.edit(edits)
        } catch {
            throw QuireError(code: .invalidEdit, message: error.code)
        }
        return self.queue(change)
    }

    /// Undoes or redoes a step and queues the change.
    ///
    /// - Returns: what it did here; nothing when there is no step.
    func revert(isRedo: Bool) throws(QuireError) -> [Patch] {
        // How large the change becomes is not known; a step is seldom larger than what is typed in a minute.
        try self.requireRoom(for: 4096)
        var buffer = PatchBuffer()
        do {
            let change =
                if isRedo {
                    try self.document.redo(patches: &buffer)
                } else {
                    try self.document.undo(patches: &buffer)
                }
            self.queue(change)
        } catch {
            throw QuireError(code: .invalidEdit, message: error.code)
        }
        var patches: [Patch] = []
        for index in 0..<buffer.count { patches.append(buffer[index]) }
        return patches
    }

    /// Whether changes may be made now, and so many bytes of them be queued.
    private func requireRoom(for byteCount: Int) throws(QuireError) {
        switch self.state {
        case .closed: throw QuireError(code: .closed, message: "the document is closed")
        case .failed(let error): throw error
        case .parked: throw QuireError(code: .forbidden, message: "the role does not allow to edit")
        case .offline, .joining, .live: break
        }
        guard self.sync.epoch == nil || self.sync.role.mayWrite else {
            throw QuireError(code: .forbidden, message: "the role does not allow to edit")
        }
        guard self.sync.hasRoom(for: byteCount) else {
            throw QuireError(
                code: .queueFull,
                message: "\(self.sync.pendingByteCount) bytes of changes are not stored yet; wait before editing on",
                retryable: true
            )
        }
    }

    @discardableResult
    private func queue(_ change: Change?) -> Change? {
        guard let change else { return nil }
        self.held?.note(change)
        self.sync.recordLocal(change)
        self.schedulePump()
        return change
    }

    /// Takes held changes in, up to `version`.
    func integrateHeld(upTo version: Version) throws(QuireError) {
        guard let changes = self.held?.take(upTo: version), !changes.isEmpty else { return }
        var patches: [Patch] = []
        do {
            _ = try self.document.receive(changes, patches: &patches)
        } catch {
            throw QuireError(code: .protocolViolation, message: "a change of another replica is refused: \(error.code)")
        }
        if !patches.isEmpty { self.emit(.patches(patches)) }
    }

    // MARK: Telling

    func emit(_ event: DocumentEvent) {
        for observer in self.observers { observer.handler(event) }
    }

    func observe(_ handler: @escaping @Sendable (DocumentEvent) -> Void) -> UInt64 {
        self.nextObserver += 1
        self.observers.append((self.nextObserver, handler))
        return self.nextObserver
    }

    func stopObserving(_ id: UInt64) {
        self.observers.removeAll { $0.id == id }
    }

    /// Works the state out anew, and tells it when it changed.
    func updateState() {
        let state: DocumentState
        switch (self.state, self.sync.phase) {
        case (.closed, _): state = .closed
        case (_, .failed(let error)): state = .failed(error)
        case (_, .offline): state = .offline
        case (_, .joining): state = .joining
        case (_, .joined): state = self.sync.isParked ? .parked : .live
        }
        if state != self.state {
            self.state = state
            self.emit(.state(state))
        }
        self.waiters.update(self)
    }

    /// Ends the document here.
    ///
    /// The server learns it from `leave`, when there is a socket.
    func close() {
        guard self.state != .closed else { return }
        self.generation += 1
        self.link?.leave(self.id)
        self.state = .closed
        self.emit(.state(.closed))
        self.waiters.update(self)
        self.observers.removeAll()
        self.link?.forget(self.id)
        self.link = nil
    }
}

@available(*, unavailable)
extension DocumentCore: Sendable {}

/// What a document needs of its connection.
///
/// Every call and every answer is on the connection's event loop.
protocol DocumentLink: AnyObject {
    /// Sends an event of the documents' namespace; `completion` gets the ack, or why there is none. It is called once.
    func request(_ event: String, _ arguments: [JSON], completion: @escaping (Result<[JSON], QuireError>) -> Void)
    /// Tells the server that the document is not of interest any more.
    func leave(_ document: String)
    /// Stops delivering events to the document.
    func forget(_ document: String)
    /// The server is of use: a document was joined.
    func settled()
    /// The connection makes no sense any more: drop it and connect anew.
    func restart(_ reason: QuireError)
}
