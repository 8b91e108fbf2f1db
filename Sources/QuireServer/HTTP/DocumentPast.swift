import CRDT
import Collaboration

/// Documents as they were, as far as the store goes back: at a revision, in a version, and what people wrote since.
struct DocumentPast: Sendable {
    /// The most entries of the log that are replayed to tell who wrote what.
    static let attributionEntryLimit = 20_000

    let library: any DocumentLibrary
    let hosts: RoomHosts
    let limits: VersionLimits
    let gate = ReplayGate()

    /// The last revision of a document, once that is on disk.
    ///
    /// - Throws: `UNKNOWN_DOCUMENT`.
    func durableRevision(of id: DocumentID) async throws(RequestError) -> Revision {
        if let revision = try await hosts.host(of: id).durableRevision(of: id) { return revision }
        let summary = try await answering { () throws(StoreError) in try await library.summary(of: id) }
        guard let summary else { throw .unknownDocument }
        return summary.revision
    }

    /// Runs `body` with the document as it was at a revision.
    ///
    /// `replica`: Who edits it there; nobody else may ever have written by that id. Throws `UNKNOWN_DOCUMENT`,
    /// `NOT_RETAINED`, `DAMAGED`, and what `body` throws.
    func document<Value>(
        _ id: DocumentID,
        at revision: Revision,
        replica: ReplicaID = .random(),
        _ body: (inout PastDocument) async throws -> Value
    ) async throws -> Value {
        try await gate.pass {
            let stored: StoredDocument?
            do throws(StoreError) {
                stored = try await library.load(id, at: revision)
            } catch {
                throw Self.refusal(error, revision)
            }
            guard let stored else { throw RequestError.unknownDocument }
            do {
                var document = try PastDocument(stored, of: id, replica: replica)
                return try await body(&document)
            } catch let error as RoomError {
                throw RequestError(error)
            }
        }
    }

    /// The content of a version.
    ///
    /// - Throws: `NOT_FOUND`, `DAMAGED`.
    func version(_ number: UInt64, of id: DocumentID) async throws -> (VersionSummary, [RootContent]) {
        try await gate.pass {
            let found = try await answering { () throws(StoreError) in
                try await library.version(number, of: id)
            }
            guard let version = found else {
                throw RequestError(.notFound, "the document has no version of this number")
            }
            do throws(RoomError) {
                let stored = StoredDocument(epoch: Epoch(""), snapshot: version.snapshot)
                return (version.summary, try PastDocument(stored, of: id, replica: .random()).content)
            } catch {
                throw RequestError(error)
            }
        }
    }

    /// Keeps the document as it is now as a version.
    ///
    /// `name`: `nil` for an automatic one. Throws `UNKNOWN_DOCUMENT`, `TOO_MANY`.
    func makeVersion(of id: DocumentID, name: String?, author: User) async throws -> VersionSummary {
        let revision = try await durableRevision(of: id)
        let version = try await document(id, at: revision) { past in
            NewVersion(
                name: name,
                author: author,
                created: Int64(WallClock.now * 1000),
                vector: past.version.encoded,
                snapshot: StoredSnapshot(revision: past.revision, bytes: past.snapshot())
            )
        }
        do throws(StoreError) {
            return try await library.addVersion(version, of: id, limits: limits)
        } catch {
            guard error.code == .tooMany else { throw RequestError(RoomError(error)) }
            throw RequestError(.tooMany, "a document has at most \(limits.namedCount) named versions")
        }
    }

    /// Who wrote which part of a text.
    func attribution(of id: DocumentID, root: RootName) async throws -> Attribution {
        try await gate.pass {
            let stored = try await answering { () throws(StoreError) in
                try await library.loadLog(of: id, limit: Self.attributionEntryLimit)
            }
            guard let stored else { throw RequestError.unknownDocument }
            do throws(RoomError) {
                return try Attribution(stored, of: id, root: root)
            } catch {
                throw RequestError(error)
            }
        }
    }

    private static func refusal(_ error: StoreError, _ revision: Revision) -> RequestError {
        guard error.code == .notRetained else { return RequestError(RoomError(error)) }
        return RequestError(.notRetained, "revision \(revision) is not kept, or not reached yet")
    }
}

extension ReplicaID {
    /// One that never wrote.
    static func random() -> ReplicaID {
        var generator = SystemRandomNumberGenerator()
        return random(using: &generator)
    }
}
