import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization
import UnixSignals

/// Keeps the certificate fresh: whoever renews it replaces the files, and new connections get it within a minute, or at
/// once after `SIGHUP`.
///
/// Connections that are open stay as they are.
final class TLSIdentityKeeper: Service, CustomStringConvertible {
    private let files: TLSFiles
    private let interval: Duration
    private let logger: Logger
    private let state: Mutex<TLSIdentity>

    /// The name in the logs of the lifecycle.
    var description: String { "the certificate" }

    /// Reads the files for the first time.
    ///
    /// - Throws: when they cannot be used.
    init(_ files: TLSFiles, interval: Duration = .seconds(60), logger: Logger) throws(ConfigurationError) {
        self.files = files
        self.interval = interval
        self.logger = logger
        let identity = try TLSIdentity(files)
        state = Mutex(identity)
        warnIfOver(identity)
    }

    /// The one that handshakes use now.
    var identity: TLSIdentity { state.withLock { $0 } }

    /// Reads the files again; what cannot be used leaves the one before in its place.
    func refresh() {
        do {
            let identity = try TLSIdentity(files)
            let isNew = state.withLock { current in
                guard current.bytes != identity.bytes else { return false }
                current = identity
                return true
            }
            guard isNew else { return }
            logger.notice("certificate replaced", metadata: ["end": "\(WallClock.timestamp(of: Double(identity.end)))"])
            warnIfOver(identity)
        } catch {
            logger.error(
                "the certificate could not be read again, the one before stays",
                metadata: ["reason": "\(error)"]
            )
        }
    }

    /// Until the shutdown.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask {
                    for await _ in await UnixSignalsSequence(trapping: .sighup) { self.refresh() }
                }
                group.addTask {
                    while (try? await Task.sleep(for: self.interval)) != nil { self.refresh() }
                }
            }
        }
    }

    /// Puts what encrypts at the head of a connection's pipeline; call it first, on the channel's event loop.
    func secure(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(NIOSSLServerHandler(context: identity.context))
        try pipeline.addHandler(TLSFailureHandler(logger: logger))
    }

    private func warnIfOver(_ identity: TLSIdentity) {
        guard Double(identity.end) < WallClock.now else { return }
        logger.warning("the certificate is over", metadata: ["end": "\(WallClock.timestamp(of: Double(identity.end)))"])
    }
}
