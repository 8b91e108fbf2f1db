import NIOConcurrencyHelpers
import NIOCore

/// The loop contexts of one server: made when the first connection comes to a loop, kept for the server's life.
final class LoopTable: Sendable {
    private struct Contexts {
        var byLoop: [ObjectIdentifier: LoopContext] = [:]
        /// The same as a list, so that a broadcast takes the lock once and copies nothing.
        var all: [LoopContext] = []
    }

    private let contexts = NIOLockedValueBox(Contexts())

    /// The context of a loop.
    func context(of eventLoop: any EventLoop) -> LoopContext {
        self.contexts.withLockedValue { contexts in
            let key = ObjectIdentifier(eventLoop)
            if let context = contexts.byLoop[key] { return context }
            let context = LoopContext(eventLoop: eventLoop)
            contexts.byLoop[key] = context
            contexts.all.append(context)
            return context
        }
    }

    /// All contexts.
    var all: [LoopContext] { self.contexts.withLockedValue { $0.all } }
}
