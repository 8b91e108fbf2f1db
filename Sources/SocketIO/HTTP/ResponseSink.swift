import NIOCore
import NIOHTTP1
import SocketIOProtocol

/// Where the answer to one HTTP request goes, whichever loop its channel is on.
struct ResponseSink: Sendable {
    private let gate: NIOLoopBound<Gate>
    private let eventLoop: any EventLoop
    private let number: UInt64

    /// On the gate's loop, while the gate is in its pipeline.
    init(gate: Gate, number: UInt64, eventLoop: any EventLoop) {
        self.gate = NIOLoopBound(gate, eventLoop: eventLoop)
        self.eventLoop = eventLoop
        self.number = number
    }

    /// Answers; ignored when the request is gone.
    ///
    /// - Parameters:
    ///   - response: the answer.
    ///   - whenTaken: called on the gate's loop once the system has taken all of the answer, or never will.
    func respond(_ response: EngineResponse, whenTaken: (@Sendable () -> Void)? = nil) {
        let number = self.number
        var taken: EventLoopPromise<Void>?
        if let whenTaken {
            let promise = self.eventLoop.makePromise(of: Void.self)
            promise.futureResult.whenComplete { _ in whenTaken() }
            taken = promise
        }
        self.gate.run(on: self.eventLoop) { [taken] in $0.respond(number, response, taken: taken) }
    }
}

/// What a connection keeps of its first request.
struct ConnectionInfo: Sendable {
    let headers: HTTPHeaders
    let query: [String: String]
    let address: String
    let isSecure: Bool
    let transport: EngineTransport
    /// Names the connection in logs: the sid would let whoever reads them poll its session.
    let number = UInt64.random(in: .min ... .max)
}

extension NIOLoopBound {
    /// Runs `body` with the value on its loop: now if we are there, else by a hop.
    func run(on eventLoop: any EventLoop, _ body: @escaping @Sendable (Value) -> Void) {
        if eventLoop.inEventLoop {
            body(self.value)
        } else {
            eventLoop.execute { body(self.value) }
        }
    }
}
