import CRDT
import Testing

@testable import QuireClient

@Suite("What a client owes the server")
struct SyncStateMachineTests {
    @Test("Nothing is sent before the server has answered the join")
    func waitsForJoin() throws {
        var author = Author(1)
        var machine = SyncStateMachine()
        machine.recordLocal(try author.write())
        #expect(machine.sends().isEmpty)
        #expect(machine.join(version: Version()) == .init())
        #expect(machine.sends().isEmpty)
        #expect(machine.joined(epoch: "e", revision: 0, version: Version(), role: .write) == .proceed)
        #expect(machine.sends() == [[0]])
        #expect(machine.pendingCount == 1)
    }

    @Test("What is made while the window is full travels in one message afterwards")
    func batches() throws {
        var author = Author(1)
        var machine = SyncStateMachine.joined { $0.inFlightLimit = 2 }
        machine.recordLocal(try author.write())
        #expect(machine.sends() == [[0]])
        machine.recordLocal(try author.write())
        #expect(machine.sends() == [[1]])
        for _ in 0..<3 { machine.recordLocal(try author.write()) }
        #expect(machine.sends().isEmpty)
        machine.acknowledged(send: 0, revision: 1)
        #expect(machine.sends() == [[2, 3, 4]])
        #expect(machine.inFlightCount == 2)
    }

    @Test("A message holds at most the configured bytes and changes, but always one change")
    func boundsMessages() throws {
        var author = Author(1)
        var machine = SyncStateMachine.joined {
            $0.inFlightLimit = 100
            $0.batchCountLimit = 2
        }
        for _ in 0..<5 { machine.recordLocal(try author.write()) }
        #expect(machine.sends() == [[0, 1], [2, 3], [4]])
        var narrow = SyncStateMachine.joined {
            $0.inFlightLimit = 100
            $0.batchByteLimit = 1
        }
        for change in try author.write(count: 2) { narrow.recordLocal(change) }
        #expect(narrow.sends() == [[5], [6]])
    }

    @Test("An ack frees exactly the changes of its message; a second one changes nothing")
    func acknowledges() throws {
        var author = Author(1)
        var machine = SyncStateMachine.joined()
        machine.recordLocal(try author.write())
        _ = machine.sends()
        machine.recordLocal(try author.write())
        _ = machine.sends()
        #expect(machine.acknowledged(send: 1, revision: 2).ownCount == 1)
        #expect(machine.pendingCount == 1)
        #expect(machine.acknowledged(send: 0, revision: 1).ownCount == 1)
        #expect(machine.acknowledged(send: 0, revision: 1).ownCount == 0)
        #expect(machine.pendingCount == 0)
        #expect(machine.pendingByteCount == 0)
        #expect(machine.revision == 2)
        #expect(machine.storedVersion == Version([1: 2]))
    }

    @Test("After a reconnect everything without an ack is sent again, once, and nothing that had one")
    func resends() throws {
        var author = Author(1)
        var machine = SyncStateMachine.joined()
        for _ in 0..<3 {
            machine.recordLocal(try author.write())
            _ = machine.sends()
        }
        machine.acknowledged(send: 0, revision: 1)
        // The server has the second change too, but has not said that it is stored.
        #expect(machine.rejoin(having: Version([1: 2]), revision: 2) == .proceed)
        #expect(machine.sends() == [[1, 2]])
        #expect(machine.sends().isEmpty)
        // An ack of the old connection's message must not count.
        machine.acknowledged(send: 1, revision: 9)
        #expect(machine.pendingCount == 2)
    }

    @Test("A join says what the replica has, and nothing before it ever had anything")
    func joinRequest() throws {
        var machine = SyncStateMachine()
        #expect(machine.join(version: Version([7: 1])) == .init())
        _ = machine.joined(epoch: "e", revision: 4, version: Version(), role: .write)
        machine.disconnected()
        #expect(machine.join(version: Version([7: 2])) == .init(version: Version([7: 2]), epoch: "e", revision: 4))
    }

    @Test("Others' changes that the server lost are given back, before one's own that depend on them")
    func healsOthers() throws {
        var other = Author(1)
        var author = Author(2)
        var machine = SyncStateMachine.joined()
        let theirs = try other.write(count: 2)
        try author.read(theirs)
        machine.recordRemote(theirs, own: ReplicaID(2), revision: 2)
        machine.recordLocal(try author.write())
        _ = machine.sends()
        // Killed: only the other's first change was on disk.
        #expect(machine.rejoin(having: Version([1: 1]), revision: 1) == .proceed)
        let next = machine.nextSend()
        let message = try #require(next)
        #expect(message.changes.map(\.replica.rawValue) == [1, 2])
        #expect(message.changes.map(\.sequence) == [1, 0])
        machine.acknowledged(send: message.send, revision: 3)
        #expect(machine.keptChanges.isEmpty)
    }

    @Test("An ack of a revision lets go of others' changes up to it, and of no later ones")
    func forgetsStoredOthers() throws {
        var other = Author(1)
        var author = Author(2)
        var machine = SyncStateMachine.joined()
        machine.recordRemote([try other.write()], own: ReplicaID(2), revision: 1)
        machine.recordLocal(try author.write())
        _ = machine.sends()
        machine.recordRemote([try other.write()], own: ReplicaID(2), revision: 3)
        machine.acknowledged(send: 0, revision: 2)
        #expect(machine.keptChanges.map(\.sequence) == [1])
    }

    @Test("A crashed server gives revisions out again: old ones do not make later changes stored")
    func revisionsAfterCrash() throws {
        var other = Author(1)
        var author = Author(2)
        var machine = SyncStateMachine.joined()
        machine.recordRemote(try other.write(count: 1), own: ReplicaID(2), revision: 5)
        #expect(machine.rejoin(having: Version(), revision: 3) == .proceed)
        machine.recordLocal(try author.write())
        #expect(machine.keptChanges.count == 2)
        let next = machine.nextSend()
        let message = try #require(next)
        #expect(message.changes.map(\.replica.rawValue) == [1, 2])
    }

    @Test("A server whose revisions went back is believed: later changes are not taken for stored")
    func revisionsGoBack() throws {
        var other = Author(1)
        var author = Author(2)
        var machine = SyncStateMachine.joined()
        machine.recordLocal(try author.write())
        _ = machine.sends()
        machine.acknowledged(send: 0, revision: 9)
        #expect(machine.rejoin(having: Version([2: 1]), revision: 3) == .proceed)
        machine.recordLocal(try author.write())
        _ = machine.sends()
        machine.recordRemote([try other.write()], own: ReplicaID(2), revision: 5)
        machine.acknowledged(send: 1, revision: 4)
        #expect(machine.keptChanges.map(\.replica.rawValue) == [1])
    }

    @Test("MISSING_CHANGES is answered with what the server lacks, others' included")
    func answersMissingChanges() throws {
        var other = Author(1)
        var author = Author(2)
        var machine = SyncStateMachine.joined()
        let theirs = try other.write(count: 1)
        try author.read(theirs)
        machine.recordRemote(theirs, own: ReplicaID(2), revision: 1)
        machine.recordLocal(try author.write())
        #expect(machine.sends() == [[0]])
        let refusal = QuireError(code: .missingChanges, message: "", retryable: true)
        #expect(machine.refused(send: 0, error: refusal, version: Version()) == .proceed)
        let next = machine.nextSend()
        let message = try #require(next)
        #expect(message.changes.map(\.replica.rawValue) == [1, 2])
    }

    @Test("A server that lacks what nobody can give back is not asked for ever")
    func givesUpHealing() throws {
        var author = Author(2)
        var machine = SyncStateMachine.joined { $0.healingLimit = 2 }
        machine.recordLocal(try author.write())
        let refusal = QuireError(code: .missingChanges, message: "", retryable: true)
        for send in UInt64(0)..<2 {
            #expect(machine.sends().count == 1)
            #expect(machine.refused(send: send, error: refusal, version: Version()) == .proceed)
        }
        #expect(machine.sends().count == 1)
        #expect(machine.refused(send: 2, error: refusal, version: Version()) == .rebuild(refusal))
    }

    @Test("After a refusal the messages behind it are waited for before anything is sent again")
    func drains() throws {
        var author = Author(1)
        var machine = SyncStateMachine.joined()
        for _ in 0..<3 {
            machine.recordLocal(try author.write())
            _ = machine.sends()
        }
        let failed = QuireError(code: .init("STORE_FAILED"), message: "", retryable: true)
        #expect(machine.refused(send: 0, error: failed, version: nil) == .retryLater)
        machine.resume()
        #expect(machine.sends().isEmpty, "two messages are still without an answer")
        let missing = QuireError(code: .missingChanges, message: "", retryable: true)
        #expect(machine.refused(send: 1, error: missing, version: Version()) == .proceed)
        #expect(machine.refused(send: 2, error: missing, version: Version()) == .proceed)
        #expect(machine.sends() == [[0, 1, 2]])
    }

    @Test("A retryable refusal sends nothing until the wait is over")
    func suspends() throws {
        var author = Author(1)
        var machine = SyncStateMachine.joined()
        machine.recordLocal(try author.write())
        _ = machine.sends()
        let limited = QuireError(code: .init("RATE_LIMITED"), message: "", retryable: true)
        #expect(machine.refused(send: 0, error: limited, version: nil) == .retryLater)
        machine.recordLocal(try author.write())
        #expect(machine.sends().isEmpty)
        machine.resume()
        #expect(machine.sends() == [[0, 1]])
    }

    @Test("A refusal for good stops everything and keeps the changes")
    func fails() throws {
        var author = Author(1)
        var machine = SyncStateMachine.joined()
        machine.recordLocal(try author.write())
        _ = machine.sends()
        let invalid = QuireError(code: .init("INVALID_CHANGE"), message: "")
        #expect(machine.refused(send: 0, error: invalid, version: nil) == .fail(invalid))
        #expect(machine.phase == .failed(invalid))
        #expect(machine.pendingCount == 1)
        machine.disconnected()
        #expect(machine.phase == .failed(invalid))
    }

    @Test("A role that falls and rises while messages are under way again and again gives nothing away")
    func fallsAndRises() throws {
        var author = Author(1)
        var machine = SyncStateMachine.joined { $0.healingLimit = 1 }
        let forbidden = QuireError(code: .forbidden, message: "")
        let missing = QuireError(code: .missingChanges, message: "", retryable: true)
        for _ in 0..<3 {
            machine.recordLocal(try author.write())
            _ = machine.sends()
        }
        for round in 0..<5 as Range<UInt64> {
            let first = machine.inFlightSends.first ?? 0
            let count = UInt64(machine.inFlightCount)
            #expect(machine.refused(send: first, error: forbidden, version: Version()) == .park, "\(round)")
            machine.roleChanged(.write)
            // What was sent behind it lacks it.
            for send in first + 1..<first + count {
                #expect(machine.refused(send: send, error: missing, version: Version()) == .proceed, "\(round)")
            }
            #expect(!machine.sends().isEmpty)
            machine.recordLocal(try author.write())
            _ = machine.sends()
        }
        #expect(machine.pendingCount == 8)
    }

    @Test("A lost right to write parks the queue; getting it back sends it")
    func parks() throws {
        var author = Author(1)
        var machine = SyncStateMachine.joined()
        machine.recordLocal(try author.write())
        _ = machine.sends()
        let forbidden = QuireError(code: .forbidden, message: "")
        #expect(machine.refused(send: 0, error: forbidden, version: nil) == .park)
        #expect(machine.isParked)
        #expect(machine.sends().isEmpty)
        machine.roleChanged(.write)
        #expect(!machine.isParked)
        #expect(machine.sends() == [[0]])
    }

    @Test("Another epoch is never merged into: the replica must be rebuilt")
    func epochChange() throws {
        var author = Author(1)
        var machine = SyncStateMachine.joined()
        machine.recordLocal(try author.write())
        machine.disconnected()
        _ = machine.join(version: Version([1: 1]))
        let action = machine.joined(epoch: "f", revision: 0, version: Version(), role: .write)
        guard case .rebuild(let reason) = action else {
            Issue.record("expected a rebuild, got \(action)")
            return
        }
        #expect(reason.code == .init("EPOCH_CHANGED"))
        machine.startOver()
        #expect(machine.pendingCount == 0)
        #expect(machine.join(version: Version()) == .init())
        #expect(machine.joined(epoch: "f", revision: 0, version: Version(), role: .write) == .proceed)
    }

    @Test("A reader that holds what the server lost cannot give it back and is rebuilt")
    func readerCannotHeal() throws {
        var other = Author(1)
        var machine = SyncStateMachine.joined(role: .read)
        machine.recordRemote([try other.write()], own: ReplicaID(2), revision: 1)
        let action = machine.rejoin(having: Version(), revision: 0, role: .read)
        #expect(action == .rebuild(QuireError(code: .missingChanges, message: "")))
    }

    @Test("Others' changes are kept within a bound, the oldest go first")
    func boundsOthers() throws {
        var other = Author(1)
        let changes = try other.write(count: 100)
        let size = changes[50].encoded.count
        var machine = SyncStateMachine.joined { $0.othersByteLimit = 10 * size }
        for (index, change) in changes.enumerated() {
            machine.recordRemote([change], own: ReplicaID(2), revision: UInt64(index + 1))
        }
        #expect(machine.othersByteCount <= 10 * size)
        #expect(machine.keptChanges.last?.sequence == 99)
    }

    @Test("The queue of one's own changes has a bound in bytes")
    func boundsQueue() throws {
        var author = Author(1)
        var machine = SyncStateMachine.joined { $0.queueByteLimit = 100 }
        #expect(machine.hasRoom(for: 100))
        machine.recordLocal(try author.write("some text"))
        #expect(!machine.hasRoom(for: 100))
        #expect(machine.pendingByteCount > 0)
    }

    @Test("Ten thousand acknowledged changes leave nothing behind")
    func forgets() throws {
        var author = Author(1)
        var machine = SyncStateMachine.joined()
        for revision in UInt64(0)..<10_000 {
            machine.recordLocal(try author.write())
            let next = machine.nextSend()
            let message = try #require(next)
            machine.acknowledged(send: message.send, revision: revision + 1)
        }
        #expect(machine.keptChanges.isEmpty)
        #expect(machine.pendingByteCount == 0)
    }
}
