internal import CRDT

extension Room {
    /// Applies a thin client's edits, made against the document at `base`, as one change.
    ///
    /// They are first moved over what was accepted since: an insertion at the place of an earlier accepted one lands
    /// after it, a deletion leaves alone what others inserted meanwhile, of two moves of one item the later accepted one
    /// counts, and nothing is left of edits inside what others deleted or overwrote. What the session itself sent against
    /// the same `base` is taken as what these edits build on. A path may not lead through what the same edits create.
    ///
    /// `completion` is called once, on the room's executor, when the revision is durable or with the error, perhaps
    /// before this returns. Fails with `NOT_JOINED`, `FORBIDDEN`, `INVALID_EDIT`, `STALE_REVISION`, `TOO_LARGE`,
    /// `STORE_FAILED`, `ROOM_CLOSED`; nothing was applied then (unless the store failed: then it is unknown).
    public func edit(
        base: Revision,
        edits: [PathEdit],
        from session: SessionID,
        completion: @escaping (Result<EditReceipt, RoomError>) -> Void
    ) {
        let userID: String
        do throws(RoomError) {
            try requireOpen()
            userID = try requireWriter(session).user.id
        } catch {
            return completion(.failure(error))
        }
        apply(edits, base: base, from: session, userID: userID, isRemembered: true, completion: completion)
    }

    /// Applies edits by position of somebody who may write.
    ///
    /// `isRemembered`: Whether the session's next edits against `base` build on these.
    func apply(
        _ edits: [PathEdit],
        base: Revision,
        from session: SessionID,
        userID: String,
        isRemembered: Bool,
        completion: @escaping (Result<EditReceipt, RoomError>) -> Void
    ) {
        do throws(RoomError) {
            try check(edits)
            let mover = try move(edits, base: base, session: session)
            let applied = mover.applied
            let author = EditHistory.ThinAuthor(session: session, base: base, sent: mover.sent)
            guard let change = try apply(mover.edits) else {
                if isRemembered { history.appendEmpty(author) }
                acknowledgeWhenDurable { [revision] in
                    completion($0.map(Result.failure) ?? .success(EditReceipt(revision: revision, applied: [])))
                }
                return
            }
            let receipt = EditReceipt(revision: revision.next, applied: applied == edits ? nil : applied)
            commit(
                Accepted(
                    changes: [change],
                    bytes: change.encoded,
                    news: .edits(applied, mover.footprints),
                    author: isRemembered ? author : nil,
                    session: session,
                    userID: userID
                ),
                finish: { completion($0.map(Result.failure) ?? .success(receipt)) }
            )
        } catch {
            completion(.failure(error))
        }
    }

    /// Refuses what no document could satisfy, before any arithmetic is done with it.
    private func check(_ edits: [PathEdit]) throws(RoomError) {
        guard edits.count <= environment.limits.editOperationCount else {
            throw RoomError(.invalidEdit, "more than \(environment.limits.editOperationCount) operations in one edit")
        }
        let limit = environment.limits.documentByteCount
        var growth = 0
        for edit in edits {
            let positions =
                switch edit.action {
                case .text(let offset, let deleteCount, _): [offset, deleteCount]
                case .list(let index, let deleteCount, _): [index, deleteCount]
                case .move(let from, let to): [from, to]
                case .set: [Int]()
                }
            guard positions.allSatisfy((0...limit).contains) else {
                throw RoomError(.invalidEdit, "the edit is out of bounds")
            }
            growth += ContentSize.growth(edit)
        }
        if growth > 0, !fits(growth) {
            throw RoomError(.tooLarge, "the document would have more than \(limit) bytes")
        }
    }

    private func move(_ edits: [PathEdit], base: Revision, session: SessionID) throws(RoomError) -> EditMover {
        do throws(EditMover.Failure) {
            let steps = environment.limits.transformationSteps
            let others: ConcurrentEdits
            do {
                others = try history.others(than: session, since: base, steps: steps)
            } catch {
                throw .history(error)
            }
            var mover = EditMover(over: others, steps: steps)
            for edit in edits { try mover.add(edit, to: document) }
            return mover
        } catch {
            throw RoomError(error) { stale($0, base: base) }
        }
    }

    private func stale(_ failure: EditHistory.Failure, base: Revision) -> RoomError {
        let reason =
            switch failure {
            case .unknownRevision: "the room remembers revisions \(history.floor) to \(revision), not \(base)"
            case .mixedBases:
                "an earlier edit of this session is not acknowledged and was made against another revision"
            case .tooMuchWork: "too much was accepted since revision \(base)"
            }
        return RoomError(.staleRevision, reason, details: .content(content, revision))
    }

    private func apply(_ edits: [Edit]) throws(RoomError) -> Change? {
        do {
            return try document.edit(edits)
        } catch {
            throw RoomError(error)
        }
    }
}
