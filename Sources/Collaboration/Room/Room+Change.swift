internal import CRDT

extension Room {
    /// Merges a full client's `ChangeSet`.
    ///
    /// `completion` is called once, on the room's executor: with the revision when it is durable (and all before it
    /// are), or with the error, perhaps before this returns. When the set's later part is refused, its earlier part is
    /// accepted all the same: changes are idempotent, and the client will send it again. A set of which everything was
    /// known is acknowledged with the current revision, once that is durable.
    ///
    /// Fails with `NOT_JOINED`, `FORBIDDEN`, `INVALID_CHANGE`, `MISSING_CHANGES`, `TOO_LARGE`, `STORE_FAILED`,
    /// `ROOM_CLOSED`.
    public func change(
        _ bytes: [UInt8],
        from session: SessionID,
        completion: @escaping (Result<Revision, RoomError>) -> Void
    ) {
        let userID: String
        do throws(RoomError) {
            try requireOpen()
            userID = try requireWriter(session).user.id
        } catch {
            return completion(.failure(error))
        }
        merge(bytes, from: session, userID: userID, completion: completion)
    }

    /// Merges a `ChangeSet` of somebody who may write.
    func merge(
        _ bytes: [UInt8],
        from session: SessionID,
        userID: String,
        completion: @escaping (Result<Revision, RoomError>) -> Void
    ) {
        var accepted: [Change] = []
        var patches: [Patch] = []
        var failure: RoomError?
        var isWhole = false
        do throws(RoomError) {
            try checkSize(adding: bytes.count)
            let changes = try Self.decode(bytes)
            try merge(changes, accepted: &accepted, patches: &patches)
            isWhole = accepted.count == changes.count
        } catch {
            failure = error
        }

        if !accepted.isEmpty {
            let finish: (RoomError?) -> Void
            if failure == nil {
                let revision = self.revision.next
                finish = { completion($0.map(Result.failure) ?? .success(revision)) }
            } else {
                finish = { _ in }
            }
            commit(
                Accepted(
                    changes: accepted,
                    bytes: isWhole ? bytes : ChangeSet.encode(accepted),
                    news: .patches(patches),
                    author: nil,
                    session: session,
                    userID: userID
                ),
                finish: finish
            )
        }
        if let failure {
            completion(.failure(failure))
        } else if accepted.isEmpty {
            acknowledgeWhenDurable { [revision] in completion($0.map(Result.failure) ?? .success(revision)) }
        }
    }

    private static func decode(_ bytes: [UInt8]) throws(RoomError) -> [Change] {
        do {
            return try ChangeSet.decode(bytes)
        } catch {
            throw RoomError(.invalidChange, "not a change set (\(error.code))")
        }
    }

    /// Integrates what is new.
    ///
    /// On error, what came before stays and is in `accepted`.
    private func merge(
        _ changes: [Change],
        accepted: inout [Change],
        patches: inout [Patch]
    ) throws(RoomError) {
        var duplicates: [Change] = []
        for change in changes {
            switch document.readiness(of: change) {
            case .duplicate:
                duplicates.append(change)
            case .waiting:
                throw RoomError(
                    .missingChanges,
                    "the change builds on changes that the room does not have",
                    details: .version(document.version, revision)
                )
            case .ready:
                // The server alone speaks for its own replica: a forged change would take the sequence number of the
                // next thin edit.
                guard change.replica != document.replica else {
                    throw RoomError(.invalidChange, "the change claims to be the server's")
                }
                do {
                    try document.integrate(change, patches: &patches)
                } catch {
                    throw RoomError(error)
                }
                accepted.append(change)
            }
        }
        // A change that another one, forged or of a replica id used twice, came before must not be acknowledged as known.
        if changeLog.contradicts(duplicates) {
            throw RoomError(.invalidChange, "the room has another change of this replica and number")
        }
    }

    /// Refuses what would let the document grow past its limit.
    ///
    /// How much a change inserts is not known before it is applied, but hardly more units than it has bytes. At the
    /// limit, small messages still pass for a while: somebody must be able to delete.
    private func checkSize(adding byteCount: Int) throws(RoomError) {
        let limit = environment.limits.documentByteCount
        let growth = 2 * byteCount
        if fits(growth) { return }
        if byteCount <= 256, contentSize.byteCount <= limit + limit / 16 { return }
        throw RoomError(.tooLarge, "the document would have more than \(limit) bytes")
    }
}

extension Room {
    /// Whether there is room for so many bytes of content more; counts what there is when that is doubtful.
    func fits(_ growth: Int) -> Bool {
        let limit = environment.limits.documentByteCount
        if contentSize.byteCount + growth > limit, contentSize.isStale(for: limit) {
            contentSize = ContentSize(document)
        }
        return contentSize.byteCount + growth <= limit
    }
}

extension RoomError {
    /// What to tell the sender of a change that the engine refused.
    fileprivate init(_ error: ChangeError) {
        switch error {
        case .documentTooLarge, .tooManyRoots:
            self.init(.tooLarge, "the document cannot hold the change (\(error.code))")
        default:
            self.init(.invalidChange, "the change contradicts the document (\(error.code))")
        }
    }
}
