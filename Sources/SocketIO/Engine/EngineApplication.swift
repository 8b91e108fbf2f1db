import NIOConcurrencyHelpers

/// The handlers of an ``EngineServer``: what its connections have in place of Socket.IO.
final class EngineApplication: Sendable {
    private let handlers = NIOLockedValueBox<[@Sendable (EngineSocket) -> Void]>([])

    func add(_ handler: @escaping @Sendable (EngineSocket) -> Void) {
        self.handlers.withLockedValue { $0.append(handler) }
    }

    func connected(_ socket: EngineSocket) {
        for handler in self.handlers.withLockedValue({ $0 }) { handler(socket) }
    }
}
