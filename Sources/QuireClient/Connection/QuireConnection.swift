public import Logging
public import NIOCore
public import NIOPosix

/// A connection to a Quire server that stays: it reconnects by itself, and the documents opened on it catch up.
///
/// ```swift
/// let connection = try QuireConnection(url: "http://127.0.0.1:8080")
/// let notes = try await connection.open("notes")
/// try await notes.insert("Hello", at: 0)
/// try await notes.flush()          // now it is on the server's disk
/// await connection.close()
/// ```
///
/// Everything behind it runs on one event loop; the object itself may be used from any task. Waits between attempts grow
/// exponentially with full jitter (``Backoff``). When the server refuses the token it stops (``ConnectionState/refused(_:)``)
/// until ``setToken(_:)``.
public final class QuireConnection: Sendable {
    private let eventLoop: any EventLoop
    private let core: NIOLoopBoundBox<ConnectionCore>

    /// Makes a connection; it connects when the first document is opened.
    ///
    /// - Parameters:
    ///   - url: `http://host:port`, with the prefix where the server is mounted, if any.
    ///   - token: the JWT of the user; nil for a guest.
    ///   - configuration: times and bounds.
    ///   - eventLoopGroup: one loop of it is taken.
    ///   - logger: hears of reconnects at `debug`, of what a user should know at `warning`.
    /// - Throws: `INVALID_URL`.
    public init(
        url: String,
        token: String? = nil,
        configuration: ConnectionConfiguration = .init(),
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "quire.client", factory: { _ in SwiftLogNoOpLogHandler() })
    ) throws(QuireError) {
        let address = try ServerAddress(url)
        let eventLoop = eventLoopGroup.next()
        if address.isSecure, configuration.secureTransport == nil { throw TransportOptions.noTLS(address) }
        self.eventLoop = eventLoop
        self.core = NIOLoopBoundBox.makeBoxSendingValue(
            ConnectionCore(
                address: address,
                token: token,
                configuration: configuration,
                eventLoop: eventLoop,
                logger: logger
            ),
            eventLoop: eventLoop
        )
    }

    deinit {
        let core = self.core
        self.eventLoop.execute { core.value.close() }
    }

    /// Opens a document.
    ///
    /// Opening it twice gives two handles of one replica.
    ///
    /// - Parameters:
    ///   - id: 1 to 128 characters of `[A-Za-z0-9._~:-]`.
    ///   - options: how; the first opening's count.
    /// - Returns: a handle of the document.
    /// - Throws: the server's refusal, when it is final. While the server cannot be reached it waits.
    public func open(_ id: String, options: DocumentOptions = .init()) async throws(QuireError) -> DocumentHandle {
        let document = try await self.onLoop { core throws(QuireError) in
            let document = try core.open(id, options: options)
            return NIOLoopBound(document, eventLoop: core.eventLoop)
        }
        let handle = DocumentHandle(id: id, connection: self, core: document, eventLoop: self.eventLoop)
        if options.waitsForServer { try await handle.wait(for: .joined) }
        return handle
    }

    /// Where the connection stands.
    public var state: ConnectionState {
        get async { await self.read { $0.state } }
    }

    /// What the connection has cost so far.
    public var statistics: ConnectionStatistics {
        get async { await self.read { $0.statistics } }
    }

    /// Calls `handler` with the state, now and whenever it changes, on the connection's event loop: it must not block.
    public func observe(_ handler: @escaping @Sendable (ConnectionState) -> Void) async {
        await self.read { $0.observe(handler) }
    }

    /// Connects now instead of with the first document.
    public func connect() async {
        await self.read { $0.connect() }
    }

    /// Uses another token from the next attempt on; a refused connection tries at once.
    public func setToken(_ token: String?) async {
        await self.read { $0.setToken(token) }
    }

    /// Cuts the socket as a failing network would.
    ///
    /// For tests and demonstrations of reconnecting.
    public func interrupt() async {
        await self.read { $0.interrupt() }
    }

    /// Leaves all documents and closes the socket.
    ///
    /// What was not stored is lost: ``DocumentHandle/flush(timeout:)`` first.
    public func close() async {
        await self.read { $0.close() }
    }

    /// The text of a document as the server gives it over HTTP.
    ///
    /// - Throws: `NOT_FOUND` when there is no such document, `DISCONNECTED` when the server cannot be reached.
    public func fetchText(of id: String, root: String? = nil, token: String? = nil) async throws(QuireError) -> String {
        let core = self.core
        let promise = self.eventLoop.makePromise(of: OneShotHTTP.Response.self)
        self.eventLoop.execute {
            promise.completeWith(DocumentFetch.text(of: id, root: root, token: token, core: core.value))
        }
        let response: OneShotHTTP.Response
        do {
            response = try await promise.futureResult.get()
        } catch {
            throw QuireError(code: .disconnected, message: "\(error)", retryable: true)
        }
        guard response.status == 200 else { throw DocumentFetch.error(response) }
        return String(decoding: response.body, as: UTF8.self)
    }

    private func read<T: Sendable>(_ body: @escaping @Sendable (ConnectionCore) -> T) async -> T {
        let core = self.core
        return await withCheckedContinuation { continuation in
            self.eventLoop.execute { continuation.resume(returning: body(core.value)) }
        }
    }

    private func onLoop<T: Sendable>(
        _ body: @escaping @Sendable (ConnectionCore) throws(QuireError) -> T
    ) async throws(QuireError) -> T {
        let result = await self.read { core in
            Result { () throws(QuireError) in try body(core) }
        }
        return try result.get()
    }
}
