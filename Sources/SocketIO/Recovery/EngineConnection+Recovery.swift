import NIOConcurrencyHelpers
import NIOCore
import SocketIOProtocol

/// A connection whose client says that it was a socket before.
extension EngineConnection {
    /// Makes the socket for a CONNECT: the one the client had, if it can be recovered, or a new one.
    ///
    /// - Parameters:
    ///   - namespace: where it is to be.
    ///   - handshake: with the CONNECT's payload.
    ///   - completion: gets the socket on this loop, at once unless another loop has to be asked.
    func makeSocket(in namespace: Namespace, handshake: Handshake, completion: @escaping @Sendable (Socket) -> Void) {
        let fresh: @Sendable () -> Void = {
            completion(Socket(connection: self, namespace: namespace, handshake: handshake))
        }
        guard
            let table = namespace.recovery,
            let pid = handshake.auth["pid"]?.stringValue,
            let offset = handshake.auth["offset"]?.stringValue,
            let previous = table.socket(pid)
        else { return fresh() }

        let loop = self.loop.eventLoop
        let old = previous.eventLoop
        self.ask(old, { previous.claim(after: offset) }) { rooms in
            guard let rooms else { return fresh() }
            let socket = Socket(connection: self, namespace: namespace, handshake: handshake, previous: previous)
            socket.prepareToFollow(pid: pid, table: table, rooms: rooms, offset: offset)
            let finish: @Sendable (SocketLegacy?) -> Void = { legacy in
                guard let legacy, socket.isAway else {
                    socket.giveUpFollowing(legacy, table)
                    return fresh()
                }
                socket.follow(legacy, rooms: rooms)
                completion(socket)
            }
            if old === loop { return finish(previous.handOver()) }
            table.handover.withLock {
                old.execute {
                    let legacy = previous.handOver()
                    loop.execute { finish(legacy) }
                }
            }
        }
    }

    /// Asks on another loop and goes on here; at once when it is this one.
    private func ask<Answer: Sendable>(
        _ other: any EventLoop,
        _ question: @escaping @Sendable () -> Answer,
        _ answered: @escaping @Sendable (Answer) -> Void
    ) {
        let loop = self.loop.eventLoop
        if other === loop { return answered(question()) }
        other.execute {
            let answer = question()
            loop.execute { answered(answer) }
        }
    }
}
