import CRDT

/// A trace made ready to be measured: its edits in UTF-16 as each replica sees them, and what they led to.
struct Subject {
    /// One transaction of one replica.
    struct Transaction {
        /// Who makes it.
        let lane: Int
        /// The transactions of others that the replica receives before, causes first.
        let received: [Int]
        /// Its edits, each on what the one before left.
        let edits: [Splice]
    }

    /// The root that everything is written into.
    static let root: TextID = "body"

    /// The trace's text at its end.
    let expected: [UInt16]
    /// All transactions, causes first; a start content is one of them.
    private(set) var transactions: [Transaction] = []
    /// Which replica each lane is.
    private(set) var replicas: [ReplicaID] = [ReplicaID(1)]
    /// The encoded change of each transaction; of one that changed nothing, no bytes.
    private(set) var changes: [[UInt8]] = []

    /// Whether one replica made everything.
    var isSequential: Bool { self.replicas.count == 1 }

    /// Edits the whole trace once, and checks where it leads.
    ///
    /// - Throws: when the trace edits at places that its text has not, or does not lead to the text that it says.
    init(_ trace: Trace) throws {
        self.expected = trace.end
        guard trace.agentCount != nil else {
            try self.prepareSequential(trace)
            return
        }
        let plan = try ReplayPlan(concurrent: trace)
        // Where two wrote at one place at the same time, the lower replica's text comes first: the recorder's own order is
        // that of its agents, or the opposite.
        let ascending = plan.lanes.indices.map { ReplicaID(UInt64($0) + 1) }
        do {
            try self.prepareConcurrent(trace, plan, names: ascending)
        } catch is WrongResult where plan.lanes.count > 1 {
            try self.prepareConcurrent(trace, plan, names: ascending.reversed())
        }
    }

    private mutating func prepareSequential(_ trace: Trace) throws {
        var pairs = PairPositions(of: trace.start)
        if !trace.start.isEmpty {
            let start = Splice(utf16Offset: 0, deleteCount: 0, insert: trace.start)
            self.transactions.append(Transaction(lane: 0, received: [], edits: [start]))
        }
        for transaction in trace.transactions {
            let edits = transaction.splices.map { pairs.splice($0) }
            self.transactions.append(Transaction(lane: 0, received: [], edits: edits))
        }
        var document = Document(replica: self.replicas[0])
        for (index, transaction) in self.transactions.enumerated() {
            do {
                self.changes.append(try document.edit(transaction.textEdits)?.encoded ?? [])
            } catch {
                throw WrongResult(description: "transaction \(index) cannot be made: \(error)")
            }
        }
        try WrongResult.check(document.text(of: Self.root), self.expected, "local replay")
    }

    private func receive(_ transaction: Int, in replica: UnsafeMutablePointer<Replica>) throws -> [Patch] {
        var patches: [Patch] = []
        let change = try Change(decoding: self.changes[transaction])
        try replica.pointee.document.integrate(change, patches: &patches)
        return patches
    }

    /// Follows each lane's own text, since offsets count in it.
    private mutating func prepareConcurrent(_ trace: Trace, _ plan: ReplayPlan, names: [ReplicaID]) throws {
        self.replicas = names
        self.transactions = []
        self.changes = []
        let replicas = Replicas(names)
        var pairs = plan.lanes.map { _ in PairPositions() }
        var schedule = DeliverySchedule(laneCount: plan.lanes.count)
        if !trace.start.isEmpty { throw WrongResult(description: "a trace of several authors begins empty") }
        for (index, step) in plan.steps.enumerated() {
            let received = schedule.deliveries(to: step.lane, upTo: step.seen)
            for transaction in received where !self.changes[transaction].isEmpty {
                for case .text(let patch) in try self.receive(transaction, in: replicas[step.lane]) {
                    pairs[step.lane].splice(
                        at: patch.utf16Offset,
                        deleting: patch.deleteCount,
                        inserting: patch.insert
                    )
                }
            }
            let edits = trace.transactions[index].splices.map { pairs[step.lane].splice($0) }
            let transaction = Transaction(lane: step.lane, received: received, edits: edits)
            do {
                self.changes.append(try replicas[step.lane].pointee.document.edit(transaction.textEdits)?.encoded ?? [])
            } catch {
                throw WrongResult(description: "transaction \(index) cannot be made: \(error)")
            }
            self.transactions.append(transaction)
            schedule.note(index, by: step.lane)
        }
        // In the end everybody receives the rest.
        for lane in plan.lanes.indices {
            let received = schedule.rest(for: lane)
            for transaction in received where !self.changes[transaction].isEmpty {
                _ = try self.receive(transaction, in: replicas[lane])
            }
            self.transactions.append(Transaction(lane: lane, received: received, edits: []))
            self.changes.append([])
            try WrongResult.check(replicas[lane].pointee.text, self.expected, "collaboration, replica \(lane + 1)")
        }
    }
}

extension Subject.Transaction {
    /// The edits as the engine takes them.
    var textEdits: [TextEdit] { self.edits.map(\.textEdit) }
}

/// Which transactions each lane has, and which it needs next.
struct DeliverySchedule {
    /// For each lane, its transactions in order.
    private var made: [[Int]]
    /// For each lane, how many of each other lane's transactions it has.
    private var known: [[Int]]

    init(laneCount: Int) {
        self.made = Array(repeating: [], count: laneCount)
        self.known = Array(repeating: Array(repeating: 0, count: laneCount), count: laneCount)
    }

    /// What a lane lacks of a state, causes first; from now on it has that.
    mutating func deliveries(to lane: Int, upTo state: [Int: Int]) -> [Int] {
        var transactions: [Int] = []
        for (other, count) in state where other != lane && self.known[lane][other] < count {
            transactions += self.made[other][self.known[lane][other]..<count]
            self.known[lane][other] = count
        }
        return transactions.sorted()
    }

    /// Notes that a lane made a transaction.
    mutating func note(_ transaction: Int, by lane: Int) {
        self.made[lane].append(transaction)
        self.known[lane][lane] += 1
    }

    /// What a lane lacks of all.
    mutating func rest(for lane: Int) -> [Int] {
        let state = Dictionary(uniqueKeysWithValues: self.made.enumerated().map { ($0.offset, $0.element.count) })
        return self.deliveries(to: lane, upTo: state)
    }
}
