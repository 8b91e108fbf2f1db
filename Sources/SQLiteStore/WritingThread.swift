internal import Foundation
internal import GRDB
internal import Logging

/// The thread of the writer, from the opening of the store to its end.
///
/// A thread of its own, as it blocks on the disk: neither an event loop nor a thread of the cooperative pool may do
/// that.
///
/// `@unchecked Sendable`: `waiters` and `isFinished` are read and written with `lock` held.
final class WritingThread: @unchecked Sendable {
    private let lock = NSLock()
    private var isFinished = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    /// Starts writing.
    ///
    /// The file lock is let go when everything is written and the file is closed.
    init(
        pool: DatabasePool,
        queue: WriteQueue,
        keeper: FileKeeper,
        condition: StoreCondition,
        logger: Logger,
        observer: (any StoreObserver)?
    ) {
        let thread = Thread { [self] in
            let loss = Writer(
                pool: pool,
                queue: queue,
                keeper: keeper,
                condition: condition,
                logger: logger,
                observer: observer
            ).run()
            if loss == nil {
                do {
                    // The readers go last, and they cannot do it: so that whoever copies the file alone has everything.
                    _ = try pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
                    try pool.close()
                } catch {
                    logger.warning("database not closed", metadata: ["error": "\(error)"])
                }
            } else {
                // Closing would remove the log by its name, which by now may be that of another database.
                _ = Unmanaged.passRetained(pool)
            }
            keeper.unlock()
            finish()
            condition.finish(loss)
        }
        thread.name = "quire-store"
        thread.start()
    }

    /// Waits for the end.
    func finished() async {
        await withCheckedContinuation { continuation in
            let isFinished = lock.withLock {
                if !self.isFinished { waiters.append(continuation) }
                return self.isFinished
            }
            if isFinished { continuation.resume() }
        }
    }

    private func finish() {
        let waiters = lock.withLock {
            isFinished = true
            defer { self.waiters = [] }
            return self.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
