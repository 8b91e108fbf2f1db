import CRDT
import TestSupport
import Testing

@testable import QuireClient

/// A server that was restored from a backup gets back what it had acknowledged since.
@Suite("What a restored server lost")
struct HealingTests {
    /// A machine that wrote `count` changes, each acknowledged, with one of another's before each.
    private static func acknowledged(
        _ count: Int,
        _ configure: (inout SyncStateMachine.Configuration) -> Void = { _ in }
    ) throws -> SyncStateMachine {
        var other = Author(1)
        var author = Author(2)
        var machine = SyncStateMachine.joined(configure)
        for round in 0..<count {
            let theirs = try other.write()
            try author.read([theirs])
            machine.recordRemote([theirs], own: ReplicaID(2), revision: UInt64(2 * round + 1))
            machine.recordLocal(try author.write())
            #expect(machine.sends().map(\.count) == [1])
            machine.acknowledged(send: UInt64(round), revision: UInt64(2 * round + 2))
        }
        #expect(machine.pendingCount == 0 && machine.keptChanges.isEmpty)
        return machine
    }

    @Test("One's own and others' are given back, in their order, and nothing that it has")
    func givesBack() throws {
        var machine = try Self.acknowledged(5)
        #expect(machine.rejoin(having: Version([1: 3, 2: 2]), revision: 5) == .proceed)
        #expect(machine.pendingCount == 3)
        let next = machine.nextSend()
        let message = try #require(next)
        #expect(message.changes.map(\.replica.rawValue) == [2, 1, 2, 1, 2])
        #expect(message.changes.map(\.sequence) == [2, 3, 3, 4, 4])
        machine.acknowledged(send: message.send, revision: 10)
        #expect(machine.pendingCount == 0 && machine.keptChanges.isEmpty)
        // And once more.
        #expect(machine.rejoin(having: Version([1: 4, 2: 4]), revision: 8) == .proceed)
        #expect(machine.nextSend()?.changes.map(\.sequence) == [4, 4])
    }

    @Test("A server that answers with less than it had at the join is healed in the same way")
    func healsWhenRefused() throws {
        var author = Author(1)
        var machine = SyncStateMachine.joined()
        for round in 0..<3 {
            machine.recordLocal(try author.write())
            _ = machine.sends()
            if round < 2 { machine.acknowledged(send: UInt64(round), revision: UInt64(round + 1)) }
        }
        let missing = QuireError(code: .missingChanges, message: "", retryable: true)
        #expect(machine.refused(send: 2, error: missing, version: Version([1: 1])) == .proceed)
        #expect(machine.nextSend()?.changes.map(\.sequence) == [1, 2])
    }

    @Test("Past the bound the oldest are gone; a server that lost one of those lost it for good")
    func bound() throws {
        let machine = try Self.acknowledged(100) { $0.storedByteLimit = 40 * (64 + 30) }
        var enough = machine
        #expect(enough.rejoin(having: Version([1: 95, 2: 95]), revision: 190) == .proceed)
        #expect(enough.nextSend()?.changes.count == 10)
        var tooFew = machine
        let action = tooFew.rejoin(having: Version([1: 40, 2: 40]), revision: 80)
        #expect(action == .rebuild(QuireError(code: .acknowledgedChangesLost, message: "")))
    }

    @Test("Without the right to write one's own wait for it; others' cannot be given back")
    func readers() throws {
        var author = Author(1)
        var alone = SyncStateMachine.joined()
        alone.recordLocal(try author.write())
        _ = alone.sends()
        alone.acknowledged(send: 0, revision: 1)
        #expect(alone.rejoin(having: Version(), revision: 0, role: .read) == .proceed)
        #expect(alone.isParked && alone.nextSend() == nil)
        alone.roleChanged(.write)
        #expect(alone.nextSend()?.changes.count == 1)

        var together = try Self.acknowledged(2)
        let action = together.rejoin(having: Version(), revision: 0, role: .comment)
        #expect(action == .rebuild(QuireError(code: .missingChanges, message: "")))
    }

    // MARK: Random histories

    /// A server that stores each change as it comes, and can be set back.
    private struct PlayedServer {
        var log: [Change] = []

        var version: Version {
            var version = Version()
            for change in log { version[change.replica] = change.sequence + 1 }
            return version
        }
    }

    private struct Client: ~Copyable {
        var author: Author
        var machine = SyncStateMachine(configuration: .init(inFlightLimit: 2, batchCountLimit: 3))
        var isOnline = false
        var revisions: [UInt64] = []

        mutating func join(_ server: PlayedServer) throws {
            let known = author.document.version
            _ = machine.join(version: known)
            let action = machine.joined(
                epoch: "e",
                revision: UInt64(server.log.count),
                version: server.version,
                role: .write
            )
            #expect(action == .proceed)
            isOnline = true
            let missed = server.log.filter { $0.sequence >= known[$0.replica] }
            try hear(missed, revision: UInt64(server.log.count))
        }

        mutating func hear(_ changes: [Change], revision: UInt64) throws {
            var patches: [Patch] = []
            let receipt = try author.document.receive(changes, patches: &patches)
            machine.recordRemote(receipt.applied, own: author.document.replica, revision: revision)
        }

        /// Sends one message; what of it the server took.
        mutating func send(to server: inout PlayedServer) -> [Change] {
            guard let message = machine.nextSend() else { return [] }
            var (taken, version) = ([Change](), server.version)
            for change in message.changes where change.sequence >= version[change.replica] {
                guard change.sequence == version[change.replica], version.covers(change.dependencies) else {
                    let missing = QuireError(code: .missingChanges, message: "", retryable: true)
                    #expect(machine.refused(send: message.send, error: missing, version: version) == .proceed)
                    return taken
                }
                server.log.append(change)
                version[change.replica] = change.sequence + 1
                taken.append(change)
            }
            machine.acknowledged(send: message.send, revision: UInt64(server.log.count))
            return taken
        }
    }

    @Test(
        "Whatever it lost and whoever comes back first: it has everything again, once, and all agree",
        arguments: 0..<UInt64(40)
    )
    func random(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        var server = PlayedServer()
        var one = Client(author: Author(1))
        var two = Client(author: Author(2))
        var everything = Version()
        for _ in 0..<200 {
            let first = Bool.random(using: &generator)
            switch Int.random(in: 0..<20, using: &generator) {
            case 0..<8:
                let change = first ? try one.author.write() : try two.author.write()
                if first { one.machine.recordLocal(change) } else { two.machine.recordLocal(change) }
            case 8..<15:
                guard first ? one.isOnline : two.isOnline else { continue }
                let taken = first ? one.send(to: &server) : two.send(to: &server)
                everything.merge(server.version)
                let revision = UInt64(server.log.count)
                if first, two.isOnline { try two.hear(taken, revision: revision) }
                if !first, one.isOnline { try one.hear(taken, revision: revision) }
            case 15..<18:
                if first, !one.isOnline { try one.join(server) }
                if !first, !two.isOnline { try two.join(server) }
            case 18:
                if first { one.isOnline = false } else { two.isOnline = false }
                if first { one.machine.disconnected() } else { two.machine.disconnected() }
            default:
                server.log.removeLast(Int.random(in: 0...server.log.count, using: &generator))
                (one.isOnline, two.isOnline) = (false, false)
                one.machine.disconnected()
                two.machine.disconnected()
            }
        }
        for _ in 0..<50 {
            if !one.isOnline { try one.join(server) }
            if !two.isOnline { try two.join(server) }
            let (ones, twos) = (one.send(to: &server), two.send(to: &server))
            try two.hear(ones, revision: UInt64(server.log.count))
            try one.hear(twos, revision: UInt64(server.log.count))
        }
        #expect(server.version.covers(everything), "seed \(seed)")
        #expect(one.machine.pendingCount == 0 && two.machine.pendingCount == 0, "seed \(seed)")
        #expect(
            Set(server.log.map { "\($0.replica.rawValue).\($0.sequence)" }).count == server.log.count,
            "seed \(seed)"
        )
        let text = one.author.document.string(of: "body")
        #expect(text == two.author.document.string(of: "body"), "seed \(seed)")
        var reader = Author(3)
        try reader.read(server.log)
        #expect(reader.document.string(of: "body") == text, "seed \(seed)")
    }
}
