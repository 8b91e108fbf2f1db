/// What is done to the document by somebody who is not in the room: over HTTP, as far as the server is concerned who may.
extension Room {
    /// Merges a change that was made on another replica; see ``change(_:from:completion:)``, which does the same for a
    /// participant.
    ///
    /// Fails with `INVALID_CHANGE`, `MISSING_CHANGES`, `TOO_LARGE`, `STORE_FAILED`, `ROOM_CLOSED`.
    public func change(
        _ bytes: [UInt8],
        as user: User,
        completion: @escaping (Result<Revision, RoomError>) -> Void
    ) {
        do throws(RoomError) {
            try requireOpen()
        } catch {
            return completion(.failure(error))
        }
        merge(bytes, from: .outside, userID: user.id, completion: completion)
    }

    /// Applies edits by position; see ``edit(base:edits:from:completion:)``, which does the same for a participant.
    ///
    /// Unlike a participant's, two such edits against one revision do not build on one another.
    ///
    /// Fails with `INVALID_EDIT`, `STALE_REVISION`, `TOO_LARGE`, `STORE_FAILED`, `ROOM_CLOSED`.
    public func edit(
        base: Revision,
        edits: [PathEdit],
        as user: User,
        completion: @escaping (Result<EditReceipt, RoomError>) -> Void
    ) {
        do throws(RoomError) {
            try requireOpen()
        } catch {
            return completion(.failure(error))
        }
        apply(edits, base: base, from: .outside, userID: user.id, isRemembered: false, completion: completion)
    }

    /// Calls `completion` when everything that was accepted so far is durable, or failed to be.
    public func whenDurable(_ completion: @escaping (Result<Revision, RoomError>) -> Void) {
        acknowledgeWhenDurable { [revision] in completion($0.map(Result.failure) ?? .success(revision)) }
    }
}
