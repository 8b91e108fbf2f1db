internal import Collaboration
internal import Synchronization

/// How the store is: told by the thread that writes, asked by everybody.
public enum StoreHealth: Hashable, Sendable {
    /// Writes are stored.
    case well
    /// The disk refuses; nothing is stored until it does what it is told. The text says what it said.
    case failing(String)
    /// One transaction has been on its way to the disk for so many seconds.
    case slow(seconds: Int)
    /// The file is not there any more; only a restart helps.
    case lost(String)
}

/// What is known of the store's health.
final class StoreCondition: Sendable {
    private struct State {
        var health = StoreHealth.well
        var writingSince: ContinuousClock.Instant?
    }

    /// A transaction that takes longer than this is worth telling.
    private static let patience = Duration.seconds(5)

    private let state = Mutex(State())
    private let losses = AsyncStream.makeStream(of: StoreError.self)

    /// How it is now.
    var health: StoreHealth {
        state.withLock { state in
            guard case .well = state.health, let since = state.writingSince else { return state.health }
            let elapsed = ContinuousClock.now - since
            return elapsed < Self.patience ? .well : .slow(seconds: Int(elapsed.components.seconds))
        }
    }

    /// A transaction begins.
    func startWriting() { state.withLock { $0.writingSince = .now } }

    /// It is over.
    func stopWriting() { state.withLock { $0.writingSince = nil } }

    /// Whether the disk does what it is told.
    func set(_ health: StoreHealth) { state.withLock { $0.health = health } }

    /// The store has come to its end: in order, or because its file was lost.
    func finish(_ loss: StoreError?) {
        if let loss { losses.continuation.yield(loss) }
        losses.continuation.finish()
    }

    /// Waits for the end, for one caller; `nil` when it came in order, or the task was cancelled.
    func ended() async -> StoreError? {
        for await loss in losses.stream { return loss }
        return nil
    }
}
