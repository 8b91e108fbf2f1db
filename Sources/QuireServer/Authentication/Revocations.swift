import Collaboration
import Synchronization

/// Which tokens are revoked, as everybody who checks one asks.
///
/// In memory whole: a token is looked up in nanoseconds, and the number of revocations has a bound.
final class Revocations: Sendable {
    private let known = Mutex<[Revocation.Subject: Revocation]>([:])

    /// Adds one, in place of an earlier one of the same subject.
    func add(_ revocation: Revocation) {
        known.withLock { $0[revocation.subject] = revocation }
    }

    /// Takes one back.
    func remove(_ subject: Revocation.Subject) {
        known.withLock { $0[subject] = nil }
    }

    /// Forgets those that are over.
    ///
    /// - Parameter now: milliseconds since 1970.
    func forget(now: Int64) {
        known.withLock { known in known = known.filter { $0.value.until.map { $0 > now } ?? true } }
    }

    /// Whether somebody's token is revoked; never a guest's, who has none.
    func cover(_ principal: Principal) -> Bool {
        guard !principal.user.isAnonymous else { return false }
        return known.withLock { known in
            guard !known.isEmpty else { return false }
            if let id = principal.tokenID, known[.token(id)] != nil { return true }
            guard let revocation = known[.user(principal.user.id)] else { return false }
            guard let issuedAt = principal.issuedAt else { return true }
            return issuedAt * 1000 < Double(revocation.before)
        }
    }
}
