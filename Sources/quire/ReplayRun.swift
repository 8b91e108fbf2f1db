import CRDT
import EngineBenchmark
import Logging
import NIOCore
import QuireClient
import Synchronization

/// Replays one trace through real clients.
struct ReplayRun {
    /// What the command line asks for.
    struct Settings {
        var url: String
        var document: String
        var clientCount: Int
        var isBurst: Bool
        var token: String?
        var secureTransport: @Sendable (any Channel, _ host: String) throws -> Void
        var logger: Logger
    }

    /// Why a replay did not end well.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// How far it is; read by the progress bar.
    final class Progress: Sendable {
        private let count = Atomic<Int>(0)

        /// Transactions made.
        var done: Int {
            get { self.count.load(ordering: .relaxed) }
            set { self.count.store(newValue, ordering: .relaxed) }
        }
    }

    static let root: RootName = "body"
    static let text = TextID(root)
    /// Transactions of one hop to the event loop in a burst: enough that the hop costs nothing.
    private static let burstCount = 256
    /// How long the server may take to answer at first.
    private static let patience = Duration.seconds(30)

    let trace: Trace
    let settings: Settings
    let recorder: ReplayRecorder
    let progress = Progress()

    // MARK: Clients

    /// Opens `count` clients on the document and checks that it is new.
    func openClients(_ count: Int, lanes: [ReplayPlan.Lane]?) async throws -> [ReplayClient] {
        // Replica ids of their own for each replay; within it in the order of the agents, for ties go to the lower one.
        let base = UInt64.random(in: 1..<(1 << 36)) << 16
        var clients: [ReplayClient] = []
        for index in 0..<count {
            var configuration = ConnectionConfiguration()
            configuration.guestName = "replay \(index + 1)"
            configuration.secureTransport = self.settings.secureTransport
            configuration.reconnectBase = .milliseconds(50)
            configuration.reconnectMaximum = .seconds(1)
            let connection = try QuireConnection(
                url: self.settings.url,
                token: self.settings.token,
                configuration: configuration,
                logger: self.settings.logger
            )
            var options = DocumentOptions()
            options.waitsForServer = false
            if let lanes {
                options.replica = ReplicaID(base + UInt64(lanes[index].agent) << 8 + UInt64(lanes[index].fork))
                options.holdsRemoteChanges = true
            }
            let document = try await connection.open(self.settings.document, options: options)
            let recorder = self.recorder
            await document.observe { recorder.record($0, of: "client \(index + 1)") }
            try await self.join(document)
            let client = ReplayClient(connection: connection, document: document, replica: await document.replica)
            clients.append(client)
            let version = await document.version
            guard index > 0 || version.isEmpty else {
                throw Failure(
                    description: "the document \(self.settings.document) is not new; choose another with --doc"
                )
            }
        }
        return clients
    }

    /// A server that goes away comes back; one that was never there is a mistake in the URL.
    private func join(_ document: DocumentHandle) async throws {
        do {
            try await document.joined(timeout: Self.patience)
        } catch {
            guard error.code == .timedOut else { throw error }
            throw Failure(description: "no server let us in at \(self.settings.url) within \(Self.patience)")
        }
    }

    // MARK: Replaying

    /// Makes all transactions.
    ///
    /// Returns what every client must know in the end.
    func replay(_ clients: [ReplayClient], plan: ReplayPlan?) async throws -> Version {
        if let plan { return try await self.replayConcurrent(clients, plan) }
        if clients.count == 1, self.settings.isBurst { return try await self.replayBurst(clients[0]) }
        return try await self.replaySequential(clients)
    }

    private func replaySequential(_ clients: [ReplayClient]) async throws -> Version {
        var known = Version()
        for (index, splices) in self.sequence.enumerated() {
            let client = clients[index % clients.count]
            if clients.count > 1 { try await client.document.received(known) }
            if let change = try await client.make(splices, isBasic: self.trace.isBasic) {
                known[change.replica] = change.sequence + 1
            }
            if clients.count == 1 { try await client.document.flush() }
            self.progress.done = index
            try self.checkDamage()
        }
        return known
    }

    private func replayBurst(_ client: ReplayClient) async throws -> Version {
        let sequence = self.sequence
        let isBasic = self.trace.isBasic
        var next = 0
        while next < sequence.count {
            let start = next
            let end = min(start + Self.burstCount, sequence.count)
            next = try await client.document.perform { replica throws(QuireError) in
                for index in start..<end {
                    do throws(QuireError) {
                        _ = try replica.make(sequence[index], isBasic: isBasic)
                    } catch  where error.code == .queueFull {
                        return index
                    }
                }
                return end
            }
            self.progress.done = next
            try self.checkDamage()
            if next == start { try await client.document.room(for: 1 << 20) }
        }
        return await client.document.version
    }

    private func replayConcurrent(_ clients: [ReplayClient], _ plan: ReplayPlan) async throws -> Version {
        var known = Version()
        // Transactions that change nothing make no change: count what each lane really made.
        var made = [[UInt64]](repeating: [0], count: clients.count)
        for (index, step) in plan.steps.enumerated() {
            let client = clients[step.lane]
            var needed = Version()
            for (lane, count) in step.seen where made[lane][count] > 0 {
                needed[clients[lane].replica] = made[lane][count]
            }
            let target = needed
            let splices = self.trace.transactions[index].splices
            let isBasic = self.trace.isBasic
            try await client.document.received(target)
            let change = try await client.editing { replica throws(QuireError) in
                try replica.integrateHeld(upTo: target)
                guard replica.version == target else {
                    throw QuireError(code: .init("WRONG_STATE"), message: "the replica is not at the parents' state")
                }
                return try replica.make(splices, isBasic: isBasic)
            }
            let before = made[step.lane].last ?? 0
            made[step.lane].append(before + (change == nil ? 0 : 1))
            if let change { known[change.replica] = change.sequence + 1 }
            self.progress.done = index
            try self.checkDamage()
        }
        return known
    }

    /// The transactions of a sequential trace, the start content as the first.
    private var sequence: [[Trace.Splice]] {
        let start = Trace.Splice(position: 0, deleteCount: 0, insert: self.trace.start)
        return (self.trace.start.isEmpty ? [] : [[start]]) + self.trace.transactions.map(\.splices)
    }

    private func checkDamage() throws {
        if let damage = self.recorder.current.damage { throw Failure(description: damage) }
    }

    // MARK: Ending

    /// Waits until everything is stored and received everywhere, then compares all texts.
    func verify(_ clients: [ReplayClient], known: Version) async throws {
        for client in clients { try await client.document.flush() }
        for client in clients {
            try await client.document.received(known)
            try await client.document.perform { replica throws(QuireError) in try replica.integrateHeld(upTo: known) }
        }
        try self.checkDamage()
        let expected = String(decoding: self.trace.end, as: UTF16.self)
        for (index, client) in clients.enumerated() {
            try Self.compare(await client.document.text(of: Self.text), expected, of: "client \(index + 1)")
        }
        let served = try await clients[0].connection.fetchText(
            of: self.settings.document,
            root: Self.root.string,
            token: self.settings.token
        )
        try Self.compare(served, expected, of: "the server, over HTTP,")
    }

    private static func compare(_ text: String, _ expected: String, of whom: String) throws {
        let left = Array(text.utf16)
        let right = Array(expected.utf16)
        guard left != right else { return }
        let offset = zip(left, right).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        let place = offset ?? min(left.count, right.count)
        func excerpt(_ units: [UInt16]) -> String {
            let range = max(0, min(place - 10, units.count))..<min(units.count, place + 20)
            return String(decoding: units[range], as: UTF16.self).debugDescription
        }
        throw Failure(
            description: """
                \(whom) has another text than the trace: \(left.count) UTF-16 code units instead of \(right.count), \
                first difference at offset \(place): \(excerpt(left)) instead of \(excerpt(right))
                """
        )
    }
}

/// One client of a replay.
struct ReplayClient {
    let connection: QuireConnection
    let document: DocumentHandle
    let replica: ReplicaID

    /// Makes one transaction, waiting for room in the queue where needed.
    func make(_ splices: [Trace.Splice], isBasic: Bool) async throws(QuireError) -> Change? {
        try await self.editing { replica throws(QuireError) in try replica.make(splices, isBasic: isBasic) }
    }

    /// Runs `body` until the queue has room for what it does.
    func editing(
        _ body: @escaping @Sendable (DocumentReplica) throws(QuireError) -> Change?
    ) async throws(QuireError) -> Change? {
        while true {
            do {
                return try await self.document.perform(body)
            } catch  where error.code == .queueFull {
                try await self.document.room(for: 1 << 20)
            }
        }
    }
}

extension DocumentReplica {
    /// Makes one transaction of a trace, as one change.
    func make(_ splices: [Trace.Splice], isBasic: Bool) throws(QuireError) -> Change? {
        if isBasic {
            return try self.edit(
                splices.map { splice in
                    TextEdit(
                        text: ReplayRun.text,
                        utf16Offset: splice.position,
                        deleteCount: splice.deleteCount,
                        insert: splice.insert
                    )
                }
            )
        }
        // Code points are counted in the text: linear, but only where somebody wrote outside of the basic plane.
        var text = Array(self.text(of: ReplayRun.text).utf16)
        var edits: [TextEdit] = []
        for splice in splices {
            let start = Self.offset(ofCodePoint: splice.position, from: 0, in: text)
            let end = Self.offset(ofCodePoint: splice.deleteCount, from: start, in: text)
            text.replaceSubrange(start..<end, with: splice.insert)
            edits.append(
                TextEdit(text: ReplayRun.text, utf16Offset: start, deleteCount: end - start, insert: splice.insert)
            )
        }
        return try self.edit(edits)
    }

    private static func offset(ofCodePoint count: Int, from start: Int, in text: [UInt16]) -> Int {
        var offset = start
        for _ in 0..<count where offset < text.count {
            offset += UTF16.isLeadSurrogate(text[offset]) ? 2 : 1
        }
        return min(offset, text.count)
    }
}
