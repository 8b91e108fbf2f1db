import Collaboration
import GRDB
import Testing

@testable import SQLiteStore

@Suite("Revocations on disk")
struct RevocationTests {
    private func revocation(_ subject: Revocation.Subject, until: Int64? = nil, at time: Int64 = 5) -> Revocation {
        Revocation(subject: subject, before: time, until: until, author: "root", timestamp: time)
    }

    @Test("One of each subject is kept, the last; a user and a token of the same name are two")
    func replaced() async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        let kept = [revocation(.token("a")), revocation(.user("a"), at: 9)]
        try await store.revoke(revocation(.user("a")), limit: 3) {}
        for one in kept { try await store.revoke(one, limit: 3) {} }
        #expect(try await store.allRevocations(now: 0).all == kept)
        #expect(try await store.lift(.user("a")) {})
        #expect(try await !store.lift(.user("a")) { Issue.record("told of what was not there") })
        #expect(try await store.allRevocations(now: 0).all == [kept[0]])
        await store.close()
    }

    @Test("There are no more than the limit, and those that are over make room")
    func bound() async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        try await store.revoke(revocation(.token("short"), until: 10), limit: 2) {}
        try await store.revoke(revocation(.token("long"), until: 100), limit: 2) {}
        let refused = await #expect(throws: StoreError.self) {
            try await store.revoke(revocation(.user("late")), limit: 2) { Issue.record("told of what was refused") }
        }
        #expect(refused?.code == .tooMany)
        // In place of an earlier one there is room.
        try await store.revoke(revocation(.token("long"), until: 200), limit: 2) {}
        try await store.revoke(revocation(.user("late"), at: 10), limit: 2) {}
        #expect(try await store.allRevocations(now: 10).all.map(\.subject) == [.token("long"), .user("late")])
        #expect(try await store.allRevocations(now: 200).all.map(\.subject) == [.user("late")])
        await store.close()
    }

    @Test("A damaged row shuts out all tokens of its user that were made up to now")
    func damage() async throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        for name in ["ada", "bob"] { try await store.revoke(revocation(.user(name)), limit: 9) {} }
        await store.close()
        try await database.write { try $0.execute(sql: "UPDATE revocations SET made_before = 0 WHERE name = 'ada'") }
        let again = try database.open()
        let (all, damagedCount) = try await again.allRevocations(now: 77)
        #expect(damagedCount == 1)
        #expect(all.map(\.before) == [77, 5])
        await again.close()
    }
}
