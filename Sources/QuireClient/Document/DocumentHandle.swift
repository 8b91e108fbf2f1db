public import CRDT
internal import NIOCore
public import SocketIOProtocol

/// An open document: a local replica that can always be read and edited, kept in step with the server.
///
/// Edits take effect here at once and are queued until the server says that they are **on its disk**; nothing queued is
/// forgotten by a lost connection or a killed server. Offsets count UTF-16 code units.
///
/// **When the document is replaced on the server** (its epoch changed, or it lost what it had acknowledged), the local
/// text is given up for the server's and handed out once as ``DocumentEvent/discarded(_:)``: it is never merged silently
/// into another history. **When the role no longer allows to write**, what is queued is parked: the text keeps it, ``state``
/// is `parked`, further edits fail with `FORBIDDEN`, and it is sent when the role allows it again, or given up by
/// ``discardPending()``.
public final class DocumentHandle: Sendable {
    /// The document's id.
    public let id: String
    /// Keeps the connection alive as long as somebody holds one of its documents.
    private let connection: QuireConnection
    private let core: NIOLoopBound<DocumentCore>
    private let eventLoop: any EventLoop

    init(id: String, connection: QuireConnection, core: NIOLoopBound<DocumentCore>, eventLoop: any EventLoop) {
        self.id = id
        self.connection = connection
        self.core = core
        self.eventLoop = eventLoop
    }

    // MARK: Editing

    /// Makes the edits, in order, as one change; each offset and index counts in what the edit before left.
    ///
    /// - Returns: the change that is queued now; nil when nothing happened.
    /// - Throws: `INVALID_EDIT`, `QUEUE_FULL` or `FORBIDDEN`. Nothing is edited then.
    @discardableResult
    public func edit(_ edits: [Edit]) async throws(QuireError) -> Change? {
        try await self.perform { replica throws(QuireError) in try replica.edit(edits) }
    }

    /// Makes the edits of texts, in order, as one change; see ``edit(_:)-([Edit])``.
    @discardableResult
    public func edit(_ edits: [TextEdit]) async throws(QuireError) -> Change? {
        try await self.edit(edits.map(Edit.text))
    }

    /// Runs `body` on the connection's event loop with the replica: many edits for the price of one hop, and no change
    /// of others in between.
    ///
    /// It must not block.
    public func perform<T: Sendable>(
        _ body: @escaping @Sendable (DocumentReplica) throws(QuireError) -> T
    ) async throws(QuireError) -> T {
        let result = await self.read { core in
            Result { () throws(QuireError) in try body(DocumentReplica(core: core)) }
        }
        return try result.get()
    }

    // MARK: Reading

    /// What the replica knows.
    public var version: Version {
        get async { await self.read { $0.receivedVersion } }
    }

    /// The newest revision of the server that was heard of.
    public var revision: UInt64 {
        get async { await self.read { $0.sync.revision } }
    }

    /// The replica's id.
    ///
    /// It changes when the document is rebuilt from the server's state.
    public var replica: ReplicaID {
        get async { await self.read { $0.document.replica } }
    }

    /// Where the document stands with its server.
    public var state: DocumentState {
        get async { await self.read { $0.state } }
    }

    /// What we may do.
    public var role: DocumentRole {
        get async { await self.read { $0.sync.role } }
    }

    /// How many changes made here the server has not said to be stored.
    public var pendingCount: Int {
        get async { await self.read { $0.sync.pendingCount } }
    }

    // MARK: Waiting

    /// Waits until everything made here is on the server's disk.
    ///
    /// Without a timeout it waits through reconnects.
    ///
    /// - Throws: why it cannot be stored: closed, parked, refused; `TIMED_OUT`.
    public func flush(timeout: Duration? = nil) async throws(QuireError) {
        try await self.wait(for: .stored, timeout: timeout)
    }

    /// Waits until the server has let us into the document.
    public func joined(timeout: Duration? = nil) async throws(QuireError) {
        try await self.wait(for: .joined, timeout: timeout)
    }

    /// Waits until everything in `version` was received.
    public func received(_ version: Version, timeout: Duration? = nil) async throws(QuireError) {
        try await self.wait(for: .received(version), timeout: timeout)
    }

    /// Waits until the queue has room for `byteCount` bytes of changes.
    public func room(for byteCount: Int = 4096, timeout: Duration? = nil) async throws(QuireError) {
        try await self.wait(for: .room(byteCount: byteCount), timeout: timeout)
    }

    // MARK: Others

    /// Shows `state` to the other participants; null shows nothing.
    public func setPresence(_ state: JSON) async throws(QuireError) {
        try await self.perform { replica throws(QuireError) in replica.setPresence(state) }
    }

    /// Sends `payload` to the other participants.
    ///
    /// Stored nowhere; lost when there is no connection.
    public func signal(_ payload: JSON) async throws(QuireError) {
        try await self.perform { replica throws(QuireError) in replica.signal(payload) }
    }

    /// Who is in the document, by session.
    public var participants: [String: Participant] {
        get async { await self.read { $0.participants } }
    }

    /// Calls `handler` with each event, in order, on the connection's event loop: it must not block.
    ///
    /// - Returns: an id for ``stopObserving(_:)``.
    @discardableResult
    public func observe(_ handler: @escaping @Sendable (DocumentEvent) -> Void) async -> UInt64 {
        await self.read { $0.observe(handler) }
    }

    /// Stops calling the handler.
    public func stopObserving(_ id: UInt64) async {
        await self.read { $0.stopObserving(id) }
    }

    /// The events as a sequence.
    ///
    /// A reader that falls more than `limit` events behind is cut off: its sequence ends, because events that were left out
    /// would make it follow a text that does not exist. It reads ``text(of:)`` again and asks for another sequence.
    public func events(limit: Int = 4096) async -> AsyncStream<DocumentEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: DocumentEvent.self,
            bufferingPolicy: .bufferingOldest(max(1, limit))
        )
        let id = await self.observe { event in
            switch continuation.yield(event) {
            case .dropped: continuation.finish()
            case .enqueued, .terminated: break
            @unknown default: break
            }
            if case .state(.closed) = event { continuation.finish() }
        }
        continuation.onTermination = { [core, eventLoop] _ in
            eventLoop.execute { core.value.stopObserving(id) }
        }
        return stream
    }

    // MARK: Ending

    /// Gives up what is not stored and takes the server's state; what was given up comes as `discarded`.
    public func discardPending() async {
        await self.read { core in
            core.rebuild(QuireError(code: .init("DISCARDED"), message: "given up by the user"))
        }
    }

    /// Leaves the document.
    ///
    /// What was not stored is lost: ``flush(timeout:)`` first.
    public func close() async {
        await self.read { $0.close() }
    }

    // MARK: Hopping

    func read<T: Sendable>(_ body: @escaping @Sendable (DocumentCore) -> T) async -> T {
        let core = self.core
        return await withCheckedContinuation { continuation in
            self.eventLoop.execute { continuation.resume(returning: body(core.value)) }
        }
    }

    func wait(for condition: DocumentWaiters.Condition, timeout: Duration? = nil) async throws(QuireError) {
        let core = self.core
        let eventLoop = self.eventLoop
        let result: Result<Void, QuireError> = await withCheckedContinuation { continuation in
            eventLoop.execute {
                let document = core.value
                var timer: Scheduled<Void>?
                var isDone = false
                let id = document.waiters.wait(for: condition, in: document) { result in
                    isDone = true
                    timer?.cancel()
                    continuation.resume(returning: result)
                }
                guard let timeout, !isDone else { return }
                timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) {
                    document.waiters.cancel(id, with: QuireError(code: .timedOut, message: "waited \(timeout)"))
                }
            }
        }
        return try result.get()
    }
}
