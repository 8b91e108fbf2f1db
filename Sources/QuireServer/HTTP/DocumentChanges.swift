import CRDT
import Collaboration
import NIOCore
import SocketIOProtocol

/// Writes to documents for those who are in no room: through the room, so that everybody in it sees it at once.
struct DocumentChanges: Sendable {
    let hosts: RoomHosts
    let past: DocumentPast

    /// Where a document stands after a change.
    struct Outcome: Sendable {
        var epoch: Epoch
        var revision: Revision
    }

    /// Applies edits that were made against a revision; durable when it returns.
    ///
    /// The room moves them over what it accepted since, if it remembers. Where it does not, they are made in the document as
    /// it was then, and merged like the change of anybody who was away.
    ///
    /// `base`: `nil` for whatever it is now. `expected`: The only state in which they are to be applied. `replica`: Who makes
    /// them, for a request that may come again: then it is found that they were made already.
    ///
    /// Throws `PRECONDITION_FAILED`, `STALE_REVISION` with the content when the log does not go back so far, and what rooms
    /// refuse.
    func edit(
        _ id: DocumentID,
        _ edits: [PathEdit],
        base: Revision?,
        expected: EntityTag?,
        as user: User,
        replica: ReplicaID?
    ) async throws -> Outcome {
        if let replica {
            if let done = try await outcome(of: replica, in: id) { return done }
        } else if let done = try await editInRoom(id, edits, base: base, expected: expected, as: user) {
            return done
        }
        let start = try await start(id, base: base, expected: expected)
        let change: [UInt8]?
        do {
            change = try await past.document(id, at: start, replica: replica ?? .random()) { document in
                try document.change(for: edits)?.encoded
            }
        } catch {
            guard (error as? RequestError)?.code == RequestError.Code.notRetained.rawValue else { throw error }
            throw try await stale(id, start)
        }
        return try await merge(change ?? [], in: id, expected: expected, as: user)
    }

    /// Makes a document what it was, as one change from what it is now.
    ///
    /// What others write meanwhile stays.
    ///
    /// - Returns: the revision that this is.
    func replace(_ id: DocumentID, by content: [RootContent], as user: User) async throws -> Revision {
        let revision = try await past.durableRevision(of: id)
        let change = try await past.document(id, at: revision) { document in
            try document.change(for: ContentDifference(from: document.content, to: content).edits)?.encoded
        }
        return try await merge(change ?? [], in: id, expected: nil, as: user).revision
    }

    /// `nil` when the room does not remember how positions moved since `base`; the store may have the document as it was.
    private func editInRoom(
        _ id: DocumentID,
        _ edits: [PathEdit],
        base: Revision?,
        expected: EntityTag?,
        as user: User
    ) async throws(RequestError) -> Outcome? {
        try await hosts.host(of: id).withRoom(id) { open, finish in
            if let refusal = open.refusal(unless: expected) { return finish(.failure(refusal)) }
            let epoch = open.room.epoch
            open.room.edit(base: base ?? open.room.revision, edits: edits, as: user) { result in
                switch result {
                case .success(let receipt): finish(.success(Outcome(epoch: epoch, revision: receipt.revision)))
                case .failure(let error) where error.code == .staleRevision: finish(.success(nil))
                case .failure(let error): finish(.failure(RequestError(error)))
                }
            }
        }
    }

    /// The state in which edits are made, once it is on disk.
    private func start(
        _ id: DocumentID,
        base: Revision?,
        expected: EntityTag?
    ) async throws(RequestError) -> Revision {
        try await hosts.host(of: id).withRoom(id) { open, finish in
            if let refusal = open.refusal(unless: expected) { return finish(.failure(refusal)) }
            open.room.whenDurable { result in finish(result.map { base ?? $0 }.mapError { RequestError($0) }) }
        }
    }

    /// What came of the changes of a replica, if the document has any.
    private func outcome(of replica: ReplicaID, in id: DocumentID) async throws(RequestError) -> Outcome? {
        try await hosts.host(of: id).withRoom(id) { open, finish in
            guard open.room.version[replica] > 0 else { return finish(.success(nil)) }
            let epoch = open.room.epoch
            open.room.whenDurable { result in
                finish(result.map { Outcome(epoch: epoch, revision: $0) }.mapError { RequestError($0) })
            }
        }
    }

    private func merge(
        _ change: [UInt8],
        in id: DocumentID,
        expected: EntityTag?,
        as user: User
    ) async throws(RequestError) -> Outcome {
        try await hosts.host(of: id).withRoom(id) { open, finish in
            if let refusal = open.refusal(unless: expected) { return finish(.failure(refusal)) }
            let epoch = open.room.epoch
            let completion: (Result<Revision, RoomError>) -> Void = { result in
                finish(result.map { Outcome(epoch: epoch, revision: $0) }.mapError { RequestError($0) })
            }
            if change.isEmpty {
                open.room.whenDurable(completion)
            } else {
                open.room.change(change, as: user, completion: completion)
            }
        }
    }

    private func stale(_ id: DocumentID, _ base: Revision) async throws(RequestError) -> RequestError {
        try await hosts.host(of: id).withRoom(id) { open, finish in
            let details = RoomError.Details.content(open.room.content, open.room.revision)
            let error = RoomError(.staleRevision, "the document at revision \(base) is not known", details: details)
            finish(.success(RequestError(error)))
        }
    }
}

extension RoomHost.OpenRoom {
    /// Why a request for another state of the document is refused; `nil` when it is as expected.
    func refusal(unless expected: EntityTag?) -> RequestError? {
        guard let expected else { return nil }
        let found = EntityTag(room.epoch, room.revision)
        if found == expected { return nil }
        var error = RequestError(.preconditionFailed, "the document is \(found) by now")
        error.details.append(.init(key: "rev", value: WireValue.revision(room.revision)))
        return error
    }
}
