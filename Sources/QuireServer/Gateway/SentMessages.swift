import NIOConcurrencyHelpers
import NIOCore
import SocketIO

/// The ids of messages that were taken of late, so that one that is sent again after a lost ack is not shown twice.
///
/// A client that lost its connection does not know whether its last messages arrived, and sends them again with the ids it
/// made for them. An id is remembered as long as the client may recover its state.
final class SentMessages: Sendable {
    private struct Key: Hashable {
        let place: WireName
        let sender: WireName
        let id: WireName
    }

    private struct State {
        var known: Set<Key> = []
        var order: CircularBuffer<(key: Key, at: NIODeadline)> = []
    }

    /// Past it the oldest are forgotten early: a bound on memory, of 100 bytes each.
    private static let maximumCount = 100_000

    private let window: TimeAmount
    private let state = NIOLockedValueBox(State())

    init(window: TimeAmount) {
        self.window = window
    }

    /// Notes a message; without an id it is always a new one.
    ///
    /// - Parameters:
    ///   - id: what the client calls it.
    ///   - sender: whose it is.
    ///   - place: where it was said: the same id elsewhere is another message.
    ///   - now: the time.
    /// - Returns: whether it is new.
    func isNew(_ id: String?, from sender: String, in place: String, now: NIODeadline = .now()) -> Bool {
        guard let id else { return true }
        let key = Key(place: WireName(place), sender: WireName(sender), id: WireName(id))
        return state.withLockedValue { state in
            while let first = state.order.first, first.at + window < now || state.order.count >= Self.maximumCount {
                state.known.remove(first.key)
                state.order.removeFirst()
            }
            guard state.known.insert(key).inserted else { return false }
            state.order.append((key, now))
            return true
        }
    }
}
