import SQLiteStore
import ServiceLifecycle

/// Ends the server when the store has come to its end by itself: its file was deleted or replaced.
struct StoreWatch: Service, CustomStringConvertible {
    let store: SQLiteStore

    var description: String { "the watch over the store" }

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await store.ended() }
    }
}
