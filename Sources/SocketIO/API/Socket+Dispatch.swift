import Logging
import NIOCore
import SocketIOProtocol
import Synchronization

/// Events of a socket that wait for its `async` handler.
struct EventQueue {
    struct Waiting {
        let event: String
        let args: [JSON]
        let ack: Ack
    }

    /// Whether a handler runs in a task.
    var isRunning = false
    var waiting: CircularBuffer<Waiting> = .small
}

/// What the connection does with a socket's events, on the loop.
extension Socket {
    /// An event came.
    ///
    /// Without `async` handlers this is a look into a table and a call.
    func dispatch(_ event: String, _ args: [JSON], ackID: UInt64?) {
        self.namespace.traffic.received.add(1, ordering: .relaxed)
        let ack = Ack(socket: self, id: ackID)
        if !self.rates.isEmpty, self.rates[WireName(event)]?.take(now: .now()) == false {
            return self.refuse(event, EventError.rateLimited, ack)
        }
        guard self.queue.isRunning else { return self.handle(event, args, ack) }
        guard self.queue.waiting.count < self.connection.server.configuration.maxQueuedEvents else {
            return self.refuse(event, EventError.busy, ack)
        }
        self.queue.waiting.append(.init(event: event, args: args, ack: ack))
    }

    private func handle(_ event: String, _ args: [JSON], _ ack: Ack) {
        for observer in self.handlers.observers { observer(event, args) }
        switch self.handlers.byEvent[WireName(event)] {
        case .sync(let handler):
            do {
                try handler(args, ack)
            } catch {
                self.refuse(event, error, ack)
            }
        case .async(let handler):
            self.queue.isRunning = true
            Task {
                do {
                    try await handler(args, ack)
                } catch {
                    self.refuse(event, error, ack)
                }
                self.eventLoop.execute { self.handlerEnded() }
            }
        case nil:
            self.handlers.unhandled?(event, args, ack)
        }
    }

    /// An `async` handler is done: the next events, until one of them has such a handler too.
    private func handlerEnded() {
        self.queue.isRunning = false
        while !self.queue.isRunning, let next = self.queue.waiting.popFirst() {
            self.handle(next.event, next.args, next.ack)
        }
        if !self.isConnected, !self.queue.isRunning { self.handlers = SocketHandlers() }
    }

    /// A handler threw.
    private func refuse(_ event: String, _ error: any Error, _ ack: Ack) {
        let answer = error as? EventError ?? .internalError
        if !(error is EventError) {
            self.connection.server.logger.error(
                "a handler failed",
                metadata: ["namespace": "\(self.namespace.name)", "event": "\(event.prefix(64))", "error": "\(error)"]
            )
        }
        if ack.isWanted {
            ack(answer.json)
        } else {
            self.emit("exception", answer.json)
        }
    }
}
