import Collaboration
import SQLiteStore
import Synchronization

/// Whether the server does all that it is there for, for whoever decides where clients are sent.
final class Readiness: Sendable {
    private let isShuttingDown = Atomic<Bool>(false)
    private let health: @Sendable () -> StoreHealth

    /// `health`: how the store is.
    init(health: @escaping @Sendable () -> StoreHealth) { self.health = health }

    /// The server takes nobody new from now on.
    func shutDown() { isShuttingDown.store(true, ordering: .relaxed) }

    /// Why it is not ready; `nil` when it is.
    var refusal: RequestError? {
        if isShuttingDown.load(ordering: .relaxed) {
            return RequestError(.shuttingDown, "the server is shutting down")
        }
        switch health() {
        case .well: return nil
        case .failing(let reason): return refusal("the disk refuses (\(reason)); nothing is stored")
        case .slow(let seconds): return refusal("a transaction has been on its way to the disk for \(seconds) seconds")
        case .lost(let reason): return refusal(reason)
        }
    }

    private func refusal(_ text: String) -> RequestError { RequestError(RoomError(.storeFailed, text)) }
}
