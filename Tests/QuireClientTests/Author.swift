import CRDT
import Testing

@testable import QuireClient

/// Somebody who writes: makes real changes for the state machine to move around.
struct Author: ~Copyable {
    var document: Document

    init(_ replica: UInt64) {
        self.document = Document(replica: ReplicaID(replica))
    }

    /// One change that inserts `text` at the start.
    mutating func write(_ text: String = "x") throws -> Change {
        let change = try self.document.insert(Array(text.utf16), at: 0, in: "body")
        return try #require(change, "an insertion makes a change")
    }

    mutating func write(count: Int) throws -> [Change] {
        var changes: [Change] = []
        for _ in 0..<count { changes.append(try self.write()) }
        return changes
    }

    mutating func read(_ changes: [Change]) throws {
        var patches: [Patch] = []
        _ = try self.document.receive(changes, patches: &patches)
    }
}

extension SyncStateMachine {
    /// A machine that has joined a document in which nothing ever happened.
    static func joined(
        role: DocumentRole = .write,
        _ configure: (inout Configuration) -> Void = { _ in }
    ) -> SyncStateMachine {
        var configuration = Configuration()
        configure(&configuration)
        var machine = SyncStateMachine(configuration: configuration)
        _ = machine.join(version: Version())
        _ = machine.joined(epoch: "e", revision: 0, version: Version(), role: role)
        return machine
    }

    /// Loses the connection and joins again a server that has `version`.
    mutating func rejoin(having version: Version, revision: UInt64, role: DocumentRole = .write) -> JoinAction {
        self.disconnected()
        _ = self.join(version: Version())
        return self.joined(epoch: "e", revision: revision, version: version, role: role)
    }

    /// Sends everything that may be sent now: the sequences of each message.
    mutating func sends() -> [[UInt64]] {
        var sends: [[UInt64]] = []
        while let message = self.nextSend() { sends.append(message.changes.map(\.sequence)) }
        return sends
    }
}

extension Version {
    init(_ counts: [UInt64: UInt64]) {
        self.init()
        for (replica, count) in counts { self[ReplicaID(replica)] = count }
    }
}
