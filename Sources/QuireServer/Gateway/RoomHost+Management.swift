import Collaboration
import NIOCore

/// What is done to an open room by those who manage its document.
extension RoomHost.OpenRoom {
    /// Takes over a role that was assigned, or taken back (`nil`), and tells whom it concerns at once.
    func assign(_ assignment: RoleAssignment?, to user: String) {
        roles.assign(assignment, to: user)
        for member in room.members where member.user.id == user && !member.user.isAnonymous {
            guard let grant = outlet.grant(of: member.session) else { continue }
            if let role = roles.role(of: member.user, granted: grant) {
                room.setRole(role, of: member.session)
            } else {
                room.expel(member.session, because: .forbidden)
            }
        }
    }

    /// Puts out whoever `isMeant`; how many they were.
    func kick(where isMeant: (Member) -> Bool) -> Int {
        let sessions = room.members.filter(isMeant).map(\.session)
        for session in sessions { room.expel(session, because: .kicked) }
        return sessions.count
    }
}

extension RoomHost {
    /// Runs `body` on the loop with the room, if it is open or on its way, or with `nil`; for callers elsewhere.
    ///
    /// - Throws: `SHUTTING_DOWN`, or what `body` throws.
    func withOpenRoom<Value: Sendable>(
        _ id: DocumentID,
        body: @escaping @Sendable (OpenRoom?) throws(RequestError) -> Value
    ) async throws(RequestError) -> Value {
        try await onLoop { host, finish in
            host.use(id, isUrgent: true) { result in
                finish(Result { () throws(RequestError) in try body(try? result.get()) })
            }
        }
    }

    /// Opens the room, unless it is open, and runs `body` with it on the loop; `body` finishes when it likes, once.
    ///
    /// - Throws: what makes it impossible to open the document, or what `body` fails with.
    func withRoom<Value: Sendable>(
        _ id: DocumentID,
        mayCreate: Bool = false,
        body: @escaping @Sendable (OpenRoom, @escaping (Result<Value, RequestError>) -> Void) -> Void
    ) async throws(RequestError) -> Value {
        try await onLoop { host, finish in
            host.enter(id, mayCreate: mayCreate) { result in
                switch result {
                case .success(let open): body(open, finish)
                case .failure(let error): finish(.failure(error))
                }
            }
        }
    }

    /// The last revision of an open room, once that is on disk; `nil` when the document is not open.
    func durableRevision(of id: DocumentID) async throws(RequestError) -> Revision? {
        try await onLoop { host, finish in
            host.use(id, isUrgent: true) { result in
                guard case .success(let open) = result else { return finish(.success(nil)) }
                open.room.whenDurable { result in finish(result.map { $0 }.mapError { RequestError($0) }) }
            }
        }
    }

    /// Closes the room, if it is open, and deletes the document.
    ///
    /// - Throws: `UNKNOWN_DOCUMENT`, `PRECONDITION_FAILED`.
    func delete(_ id: DocumentID, expected: EntityTag?) async throws(RequestError) {
        try await onLoop { host, finish in host.delete(id, expected: expected, completion: finish) }
    }

    private func onLoop<Value: Sendable>(
        _ body: @escaping @Sendable (RoomHost, @escaping (Result<Value, RequestError>) -> Void) -> Void
    ) async throws(RequestError) -> Value {
        let promise = loop.makePromise(of: Result<Value, RequestError>.self)
        run { host in body(host) { promise.succeed($0) } }
        guard let result = try? await promise.futureResult.get() else {
            throw RequestError(.shuttingDown, "the server is shutting down")
        }
        return try result.get()
    }
}
