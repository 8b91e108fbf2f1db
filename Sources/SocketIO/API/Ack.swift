import NIOConcurrencyHelpers
public import SocketIOProtocol

/// Answers one event of a client; callable once, from any thread, now or later.
///
/// Further calls do nothing.
///
/// An ack that is never called answers nothing, and the client runs into its own time-out.
public struct Ack: Sendable {
    private final class Answer: Sendable {
        let socket: Socket
        let id: UInt64
        private let isGiven = NIOLockedValueBox(false)

        init(socket: Socket, id: UInt64) {
            self.socket = socket
            self.id = id
        }

        /// Whether this call is the first.
        func claim() -> Bool {
            self.isGiven.withLockedValue { isGiven in
                defer { isGiven = true }
                return !isGiven
            }
        }
    }

    private let answer: Answer?

    init(socket: Socket, id: UInt64?) {
        self.answer = id.map { Answer(socket: socket, id: $0) }
    }

    /// Whether the client asked for an answer.
    public var isWanted: Bool { self.answer != nil }

    /// Answers with these arguments.
    public func callAsFunction(_ args: JSON...) {
        self.send(args)
    }

    /// Answers with a list of arguments.
    public func send(_ args: [JSON]) {
        guard let answer = self.answer, answer.claim() else { return }
        answer.socket.acknowledge(answer.id, args)
    }
}
