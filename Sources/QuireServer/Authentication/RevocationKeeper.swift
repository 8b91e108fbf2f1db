import Collaboration
import Logging
import SQLiteStore
import SocketIO
import SocketIOProtocol

/// Revokes tokens: on disk, for everybody who checks one, on open connections, and on the other servers of a cluster.
struct RevocationKeeper: Sendable {
    /// The most revocations there may be; each is in memory.
    static let maximumCount = 100_000

    /// Between servers only; clients cannot send it.
    private static let event = "quire:revocation"

    let store: SQLiteStore
    let revocations: Revocations
    let sockets: SocketIOServer
    let logger: Logger

    /// Reads what was revoked before, and listens to the other servers.
    ///
    /// Before anybody can connect.
    static func load(_ store: SQLiteStore, into revocations: Revocations, logger: Logger) async throws(StoreError) {
        let (all, damagedCount) = try await store.allRevocations(now: Int64(WallClock.now * 1000))
        for revocation in all { revocations.add(revocation) }
        if damagedCount > 0 {
            logger.error("damaged revocations count as made now", metadata: ["revocations": "\(damagedCount)"])
        }
    }

    /// Listens to the other servers; nothing to do where there are none.
    func share() {
        let namespace = sockets.of("/")
        guard namespace.isClustered else { return }
        namespace.onServerSide(Self.event) { arguments in
            do throws(StoreError) {
                if let lifted = arguments.first?["lifted"].flatMap(Revocation.Subject.init(json:)) {
                    _ = try await forget(lifted)
                } else if let revocation = arguments.first.flatMap(Revocation.init(json:)) {
                    try await keep(revocation)
                }
            } catch {
                logger.error("a revocation of another server was not kept", metadata: ["error": "\(error)"])
            }
            return nil
        }
    }

    /// Revokes tokens; returns when that is durable, and open connections are told.
    ///
    /// - Throws: `tooMany`.
    func revoke(_ revocation: Revocation) async throws(StoreError) {
        try await keep(revocation)
        sockets.of("/").serverSideEmit(Self.event, revocation.json)
    }

    /// Takes a revocation back.
    ///
    /// - Returns: whether there was one.
    func lift(_ subject: Revocation.Subject) async throws(StoreError) -> Bool {
        let wasThere = try await forget(subject)
        // Also when this server knows nothing of it: another may.
        sockets.of("/").serverSideEmit(Self.event, ["lifted": subject.json])
        return wasThere
    }

    private func keep(_ revocation: Revocation) async throws(StoreError) {
        try await store.revoke(revocation, limit: Self.maximumCount) { [revocations] in
            revocations.forget(now: revocation.timestamp)
            revocations.add(revocation)
        }
        putOut(revocation.subject)
    }

    private func forget(_ subject: Revocation.Subject) async throws(StoreError) -> Bool {
        try await store.lift(subject) { [revocations] in revocations.remove(subject) }
    }

    /// Ends the sockets that hold such a token.
    ///
    /// Who connects at this moment finds out by itself: see `SocketAuthentication`.
    private func putOut(_ subject: Revocation.Subject) {
        for namespace in sockets.namespaces {
            let holders =
                switch subject {
                case .user(let id): namespace.to(SocketAuthentication.room(of: id)).local
                // Nobody keeps sockets by their tokens: it would cost each of them, and this is rare.
                case .token: namespace.local
                }
            holders.forEachSocket { [revocations] socket in
                guard let principal = socket[PrincipalKey.self], revocations.cover(principal) else { return }
                SocketAuthentication.end(socket, .tokenRevoked)
            }
        }
    }
}

extension Revocation {
    /// As servers tell each other.
    fileprivate var json: JSON {
        var object = JSONObject([
            ("of", subject.json), ("by", .string(author)), ("time", .int(Int(timestamp))),
            ("before", .int(Int(before))),
        ])
        if let until { object["until"] = .int(Int(until)) }
        return .object(object)
    }

    fileprivate init?(json: JSON) {
        guard let subject = json["of"].flatMap(Subject.init(json:)), let author = json["by"]?.stringValue,
            UserID.isValid(author), let timestamp = json["time"]?.intValue, let before = json["before"]?.intValue
        else { return nil }
        self.init(
            subject: subject,
            before: Int64(before),
            until: json["until"]?.intValue.map { Int64($0) },
            author: author,
            timestamp: Int64(timestamp)
        )
    }
}

extension Revocation.Subject {
    fileprivate var json: JSON {
        switch self {
        case .user(let id): ["user": .string(id)]
        case .token(let id): ["token": .string(id)]
        }
    }

    fileprivate init?(json: JSON) {
        if let id = json["user"]?.stringValue, UserID.isValid(id) {
            self = .user(id)
        } else if let id = json["token"]?.stringValue, UserID.isValid(id) {
            self = .token(id)
        } else {
            return nil
        }
    }
}
