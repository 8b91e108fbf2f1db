public import CRDT

extension Room {
    /// Applies a thin client's splices, made against the text at `base`, as one change.
    ///
    /// They are first moved over what was accepted since: an insertion at the place of an earlier accepted one lands
    /// after it, and a deletion leaves alone what others inserted meanwhile. What the session itself sent against the
    /// same `base` is taken as the text these edits build on.
    ///
    /// `completion` is called once, on the room's executor, when the revision is durable or with the error, perhaps
    /// before this returns. Fails with `NOT_JOINED`, `FORBIDDEN`, `INVALID_EDIT`, `STALE_REVISION`, `TOO_LARGE`,
    /// `STORE_FAILED`, `ROOM_CLOSED`; nothing was applied then (unless the store failed: then it is unknown).
    public func edit(
        base: Revision,
        edits: [TextEdit],
        from session: SessionID,
        completion: @escaping (Result<EditReceipt, RoomError>) -> Void
    ) {
        do throws(RoomError) {
            try requireOpen()
            let userID = try requireWriter(session).user.id
            try check(edits)
            let moved = try move(edits, base: base, session: session)
            let applied = moved ?? edits
            let author = EditHistory.ThinAuthor(
                session: session,
                base: base,
                sent: edits.map(EditHistory.Shape.init)
            )
            guard let change = try apply(applied) else {
                history.appendEmpty(author)
                acknowledgeWhenDurable { [revision] in
                    completion($0.map(Result.failure) ?? .success(EditReceipt(revision: revision, applied: [])))
                }
                return
            }
            let receipt = EditReceipt(revision: revision.next, applied: moved)
            commit(
                Accepted(
                    changes: [change],
                    bytes: change.encoded,
                    patches: applied.map(Patch.init),
                    author: author,
                    session: session,
                    userID: userID
                ),
                finish: { completion($0.map(Result.failure) ?? .success(receipt)) }
            )
        } catch {
            completion(.failure(error))
        }
    }

    /// Refuses what no text could satisfy, before any arithmetic is done with it.
    private func check(_ edits: [TextEdit]) throws(RoomError) {
        guard edits.count <= environment.limits.editSpliceCount else {
            throw RoomError(.invalidEdit, "more than \(environment.limits.editSpliceCount) splices in one edit")
        }
        let limit = environment.limits.documentByteCount
        var growth = 0
        for edit in edits {
            guard (0...limit).contains(edit.utf16Offset), (0...limit).contains(edit.deleteCount) else {
                throw RoomError(.invalidEdit, "the edit is out of bounds")
            }
            growth += edit.insert.count - edit.deleteCount
        }
        if growth > 0, utf16Count + growth > limit / 2 {
            throw RoomError(.tooLarge, "the document would have more than \(limit) bytes")
        }
    }

    private func move(_ edits: [TextEdit], base: Revision, session: SessionID) throws(RoomError) -> [TextEdit]? {
        do {
            let steps = environment.limits.transformationSteps
            return try history.move(edits, of: session, base: base, steps: steps)
        } catch {
            let reason =
                switch error {
                case .unknownRevision: "the room remembers revisions \(history.floor) to \(revision), not \(base)"
                case .mixedBases:
                    "an earlier edit of this session is not acknowledged and was made against another revision"
                case .tooMuchWork: "too much was accepted since revision \(base)"
                }
            throw RoomError(.staleRevision, reason, details: .content(content, revision))
        }
    }

    private func apply(_ edits: [TextEdit]) throws(RoomError) -> Change? {
        do {
            return try document.edit(edits)
        } catch {
            switch error {
            case .tooLarge: throw RoomError(.tooLarge, "the document cannot hold the edit")
            case .outOfBounds, .splitsSurrogatePair, .illFormedText:
                throw RoomError(.invalidEdit, "the edit does not fit the text (\(error.code))")
            }
        }
    }
}

extension EditHistory.Shape {
    init(_ edit: TextEdit) { self.init(root: edit.root, splice: Splice(edit)) }
    init(_ patch: Patch) { self.init(root: patch.root, splice: Splice(patch)) }
}

extension Patch {
    /// What an edit looks like to others.
    fileprivate init(_ edit: TextEdit) {
        self.init(
            root: edit.root,
            utf16Offset: edit.utf16Offset,
            deleteCount: edit.deleteCount,
            insert: edit.insert
        )
    }
}
