public import CRDT

/// A document as it was, off every room: to be read, compared, or edited as somebody would who knew no more of it.
public struct PastDocument: ~Copyable, Sendable {
    /// Its birth mark.
    public let epoch: Epoch
    /// The last revision that is in it.
    public let revision: Revision
    private var document: Document

    /// Brings it back from what the store holds.
    ///
    /// - Parameters:
    ///   - stored: what the store gave.
    ///   - id: whose it is.
    ///   - replica: who edits it; an id that never wrote before.
    /// - Throws: `DAMAGED`, `UNSUPPORTED_FORMAT`.
    /// - Complexity: as for opening the document.
    public init(_ stored: StoredDocument, of id: DocumentID, replica: ReplicaID) throws(RoomError) {
        let loaded = try LoadedDocument(stored, of: id, replica: replica)
        epoch = stored.epoch
        revision = stored.revision
        document = loaded.document
    }

    /// What is known in it.
    public var version: Version { document.version }

    /// Every root with everything below it; see ``Room/content``.
    public var content: [RootContent] { RootContent.all(of: document) }

    /// About how many bytes of content it has, counted as for the limit of a room.
    ///
    /// - Complexity: O(n).
    public var contentByteCount: Int { ContentSize(document).byteCount }

    /// The whole document as bytes.
    public func snapshot() -> [UInt8] { document.snapshot() }

    /// Edits it.
    ///
    /// - Returns: the change to give to the room; `nil` when there is nothing to do.
    /// - Throws: `INVALID_EDIT`, `TOO_LARGE`, `STALE_REVISION` when the edits are too many to be followed.
    public mutating func change(
        for edits: [PathEdit],
        limits: RoomLimits = .init()
    ) throws(RoomError) -> Change? {
        var mover = EditMover(
            over: ConcurrentEdits(steps: limits.transformationSteps),
            steps: limits.transformationSteps
        )
        for edit in edits {
            do throws(EditMover.Failure) {
                try mover.add(edit, to: document)
            } catch {
                throw RoomError(error) { _ in RoomError(.tooLarge, "the edits are too many to be followed") }
            }
        }
        do {
            return try document.edit(mover.edits)
        } catch {
            throw RoomError(error)
        }
    }
}

extension RootContent {
    /// What thin clients see of a document: of roots with one name the text, else the list, else the map.
    static func all(of document: borrowing Document) -> [RootContent] {
        var names: Set<RootName> = []
        var content: [RootContent] = []
        for id in document.roots {
            guard case .root(let root) = id.place, names.insert(root).inserted else { continue }
            content.append(RootContent(root: root, content: document.content(of: id) ?? .null))
        }
        return content
    }
}

extension RoomError {
    /// What to tell the author of an edit that the engine refused.
    init(_ error: EditError) {
        switch error {
        case .tooLarge: self.init(.tooLarge, "the document cannot hold the edit")
        case .outOfBounds, .splitsSurrogatePair, .illFormedText, .unknownContainer, .invalidValue, .nestingTooDeep:
            self.init(.invalidEdit, "the edit does not fit the document (\(error.code))")
        }
    }

    /// What to tell the author of an edit that could not be moved.
    init(_ failure: EditMover.Failure, stale: (EditHistory.Failure) -> RoomError) {
        switch failure {
        case .history(let failure):
            self = stale(failure)
        case .noContainer(let path):
            self.init(.invalidEdit, "\(path.string) leads to nothing that the operation is for")
        case .createdHere(let path):
            self.init(.invalidEdit, "\(path.string) leads through what the same edit puts there")
        }
    }
}
