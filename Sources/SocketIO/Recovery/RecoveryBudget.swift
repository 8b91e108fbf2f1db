import Synchronization

/// The bytes of all events that a namespace keeps for recovery.
///
/// Each event counts once, however many sockets it is kept for, from when it is sent until nobody keeps it any more.
final class RecoveryBudget: Sendable {
    private let limit: Int
    private let used = Atomic<Int>(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether more is kept than may be.
    var isExceeded: Bool { self.used.load(ordering: .relaxed) > self.limit }

    fileprivate func add(_ count: Int) {
        self.used.add(count, ordering: .relaxed)
    }
}

/// Held by a packet: takes its bytes off the budget when the last copy of it is gone.
final class BudgetShare: Sendable {
    private let count: Int
    private let budget: RecoveryBudget

    init(_ count: Int, of budget: RecoveryBudget) {
        self.count = count
        self.budget = budget
        budget.add(count)
    }

    deinit {
        self.budget.add(-self.count)
    }
}
