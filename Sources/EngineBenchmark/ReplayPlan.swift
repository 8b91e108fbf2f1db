/// Which client makes which transaction, and what it must have seen.
///
/// A *lane* is one client's line of work: each of its transactions was made on a state that holds the one before. The
/// transactions of one agent fit into one lane unless the agent went back to an older state; then another lane, with a
/// replica of its own, forks off.
public struct ReplayPlan: Sendable {
    /// One transaction's place.
    public struct Step: Sendable {
        /// The lane that makes the transaction.
        public let lane: Int
        /// For each lane that matters, how many of its transactions are part of the state that it was made on.
        public let seen: [Int: Int]
    }

    /// A lane's agent and its number among that agent's lanes.
    public struct Lane: Sendable {
        /// Whose work it is.
        public let agent: Int
        /// 0 for the agent's first lane.
        public let fork: Int
    }

    /// The lanes: first one for each agent, then those that forked off.
    public private(set) var lanes: [Lane] = []
    /// One step for each transaction.
    public private(set) var steps: [Step] = []

    /// More than this many replicas are no recording of people.
    private static let laneLimit = 256

    /// The plan of a concurrent trace.
    ///
    /// - Throws: when it forks too often.
    /// - Complexity: O(n k) for n transactions and k lanes.
    public init(concurrent trace: Trace) throws(Trace.Failure) {
        var made: [Int] = []
        var after: [[Int: Int]] = []
        for agent in 0..<(trace.agentCount ?? 1) {
            self.lanes.append(Lane(agent: agent, fork: 0))
            made.append(0)
        }
        for transaction in trace.transactions {
            var seen: [Int: Int] = [:]
            for parent in transaction.parents { seen.merge(after[parent], uniquingKeysWith: max) }
            let candidates = self.lanes.indices.filter { self.lanes[$0].agent == transaction.agent }
            let lane: Int
            if let fitting = candidates.first(where: { made[$0] == seen[$0, default: 0] && self.fits($0, seen) }) {
                lane = fitting
            } else {
                guard self.lanes.count < Self.laneLimit else {
                    throw Trace.Failure(description: "the trace forks into more than \(Self.laneLimit) replicas")
                }
                lane = self.lanes.count
                self.lanes.append(Lane(agent: transaction.agent, fork: candidates.count))
                made.append(0)
            }
            self.steps.append(Step(lane: lane, seen: seen))
            self.lastSeen[lane] = seen
            made[lane] += 1
            seen[lane] = made[lane]
            after.append(seen)
        }
    }

    /// What each lane's last transaction had seen: a replica cannot unsee it.
    private var lastSeen: [Int: [Int: Int]] = [:]

    private func fits(_ lane: Int, _ seen: [Int: Int]) -> Bool {
        (self.lastSeen[lane] ?? [:]).allSatisfy { seen[$0.key, default: 0] >= $0.value }
    }
}
