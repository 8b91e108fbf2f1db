import Collaboration
import Testing

@testable import QuireServer

@Suite("Revoked tokens")
struct RevocationsTests {
    private func principal(_ user: String, jti: String? = nil, iat: Double? = nil, isGuest: Bool = false) -> Principal {
        Principal(
            user: User(id: user, name: user, isAnonymous: isGuest),
            grants: DocumentGrants(everything: .write),
            expiresAt: nil,
            tokenID: jti,
            issuedAt: iat
        )
    }

    private func revocation(_ subject: Revocation.Subject, before: Int64 = .max, until: Int64? = nil) -> Revocation {
        Revocation(subject: subject, before: before, until: until, author: "root", timestamp: 0)
    }

    @Test("A user's tokens count by when they were made, to the millisecond; one that does not say it counts as old")
    func users() {
        let revocations = Revocations()
        #expect(!revocations.cover(principal("ada")))
        revocations.add(revocation(.user("ada"), before: 10_500))
        #expect(revocations.cover(principal("ada")))
        #expect(revocations.cover(principal("ada", iat: 10)))
        #expect(revocations.cover(principal("ada", iat: 10.499)))
        #expect(!revocations.cover(principal("ada", iat: 10.5)))
        #expect(!revocations.cover(principal("bob")))
        #expect(!revocations.cover(principal("ada", isGuest: true)))
        revocations.add(revocation(.user("ada"), before: 20_000))
        #expect(revocations.cover(principal("ada", iat: 10.5)))
        revocations.remove(.user("ada"))
        #expect(!revocations.cover(principal("ada")))
    }

    @Test("A token is known by its id, whoever has it and whenever it was made")
    func tokens() {
        let revocations = Revocations()
        revocations.add(revocation(.token("t1"), until: 50))
        #expect(revocations.cover(principal("ada", jti: "t1", iat: 1e9)))
        #expect(!revocations.cover(principal("ada", jti: "t2")))
        #expect(!revocations.cover(principal("t1")))
        revocations.forget(now: 49)
        #expect(revocations.cover(principal("ada", jti: "t1")))
        revocations.forget(now: 50)
        #expect(!revocations.cover(principal("ada", jti: "t1")))
    }
}
