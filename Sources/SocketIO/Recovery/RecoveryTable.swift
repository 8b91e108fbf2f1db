import NIOConcurrencyHelpers
import NIOCore
import Synchronization

/// The sockets of a namespace that can be recovered, by their `pid`: those that are there and those that are away.
final class RecoveryTable: Sendable {
    private struct State {
        var sockets: [WireName: Socket] = [:]
        var awayCount = 0
    }

    let limits: ConnectionStateRecovery
    /// How long something sent may be on its way before the heartbeat gives the connection up.
    let window: TimeAmount
    /// What may be kept for all sockets together.
    let budget: RecoveryBudget

    /// Held while a broadcast is handed to all loops, and while a socket is asked away from one.
    ///
    /// A socket that moves to another loop is in both loops' rooms for a while. With the lock, a broadcast is in the queues
    /// of both before the request to leave the old one is, or comes to the new one when the socket is there: it is never
    /// missed by both.
    let handover = NIOLock()

    private let state = NIOLockedValueBox(State())
    private let offsets = Atomic<UInt64>(0)

    init(limits: ConnectionStateRecovery, window: TimeAmount) {
        self.limits = limits
        self.window = window
        self.budget = RecoveryBudget(limit: limits.maxBytes)
    }

    /// An offset nobody else has.
    func makeOffset() -> String {
        String(self.offsets.add(1, ordering: .relaxed).newValue, radix: 36)
    }

    /// Who has this `pid`.
    func socket(_ pid: String) -> Socket? {
        self.state.withLockedValue { $0.sockets[WireName(pid)] }
    }

    /// A socket has got this `pid`, or has taken it over.
    func add(_ socket: Socket, pid: String) {
        self.state.withLockedValue { $0.sockets[WireName(pid)] = socket }
    }

    /// A socket will not come back.
    func remove(_ socket: Socket, pid: String) {
        self.state.withLockedValue { state in
            if state.sockets[WireName(pid)] === socket { state.sockets[WireName(pid)] = nil }
        }
    }

    /// Whether one more may be away; it counts from now on.
    func mayGoAway() -> Bool {
        self.state.withLockedValue { state in
            guard state.awayCount < self.limits.maxSessions else { return false }
            state.awayCount += 1
            return true
        }
    }

    /// One that was away is back, or forgotten.
    func isNoLongerAway() {
        self.state.withLockedValue { $0.awayCount -= 1 }
    }

    /// How many are away.
    var awayCount: Int { self.state.withLockedValue { $0.awayCount } }
}
