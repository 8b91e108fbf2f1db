import CRDT
public import Collaboration
public import SQLiteStore
import SocketIOProtocol

/// Makes documents of files.
///
/// What is in a file is not trusted: it is held to the limits that clients are held to.
public struct DocumentImport: Sendable {
    /// Where documents go.
    public var store: SQLiteStore
    /// Who is noted as the author.
    public var user = "import"
    /// What a document may have.
    public var maximumByteCount = ServerLimits().maximumDocumentBytes
    /// The time of day, in milliseconds since 1970.
    public var timestamp: Int64

    /// Into a store that nobody else writes to.
    public init(store: SQLiteStore, timestamp: Int64) {
        self.store = store
        self.timestamp = timestamp
    }

    /// Puts a file's content into a document.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - format: its form.
    ///   - id: the document.
    ///   - root: which text, for `text`.
    ///   - epoch: of a new document made of a snapshot: the one that it had, so that its replicas know it again.
    ///   - replaces: whether a document that is there is edited until it is the same; with a snapshot never.
    /// - Throws: when there is such a document, or the file holds none.
    public func put(
        _ bytes: [UInt8],
        as format: TransferFormat,
        into id: DocumentID,
        root: String? = nil,
        epoch: String? = nil,
        replaces: Bool = false
    ) async throws(TransferError) {
        do {
            let stored = try await store.load(id)
            guard stored == nil || (replaces && format != .snapshot) else {
                let advice = format == .snapshot ? "a snapshot makes new ones only" : "--replace edits it"
                throw TransferError("\(id) is there already; \(advice)")
            }
            guard bytes.count <= 8 * maximumByteCount else { throw TransferError("the file is too large") }
            switch format {
            case .snapshot:
                try check(bytes, id)
                let epoch = epoch.map { Epoch($0) } ?? .random()
                try await store.makeDocument(id, epoch: epoch, snapshot: bytes, user: user, timestamp: timestamp)
            case .text, .json:
                let content = format == .text ? try text(bytes, root: root) : try Self.content(of: bytes)
                try await edit(id, stored, to: content, keepsOthers: format == .text)
            }
        } catch let error as TransferError {
            throw error
        } catch let error as RequestError {
            throw TransferError("\(id): \(error.message)")
        } catch let error as RoomError {
            throw TransferError("\(id): \(error.message)")
        } catch let error as StoreError {
            throw TransferError("\(id): \(error)")
        } catch {
            throw TransferError("\(id): \(type(of: error))")
        }
    }

    private func check(_ snapshot: [UInt8], _ id: DocumentID) throws {
        let stored = StoredDocument(epoch: Epoch(""), snapshot: StoredSnapshot(revision: Revision(1), bytes: snapshot))
        let document: PastDocument
        do throws(RoomError) {
            document = try PastDocument(stored, of: id, replica: ReplicaID(1))
        } catch {
            throw TransferError("the file is no snapshot of a document: \(error.message)")
        }
        guard document.contentByteCount <= maximumByteCount else {
            throw TransferError("\(id) would have more than \(maximumByteCount) bytes")
        }
    }

    private func text(_ bytes: [UInt8], root: String?) throws -> [RootContent] {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw TransferError("the file is not UTF-8") }
        let name = try Self.root(root ?? DocumentView.defaultRoot.string)
        return [RootContent(root: name, content: .text(Array(text.utf16)))]
    }

    /// Roots as `WireValue.content` writes them; `content` alone will do as well.
    private static func content(of bytes: [UInt8]) throws -> [RootContent] {
        let limits = JSON.Limits(maxDepth: 128, maxValues: 1 << 24)
        guard let json = try? JSON.parse(bytes, limits: limits), let object = json.objectValue else {
            throw TransferError("the file is no JSON object")
        }
        let roots = object["content"]?.objectValue ?? object
        return try roots.members.map { member in
            let name = try root(member.key)
            if let text = member.value.stringValue {
                return RootContent(root: name, content: .text(Array(text.utf16)))
            }
            let content = try WireContent.content(member.value)
            switch content {
            case .list, .map: return RootContent(root: name, content: content)
            default: throw TransferError("\"\(member.key)\" is neither a text, a list nor a map")
            }
        }
    }

    private static func root(_ name: String) throws -> RootName {
        guard let root = try? RootName(string: name) else { throw TransferError("\"\(name)\" is no name of a root") }
        return root
    }

    /// One change that turns what is there into the content.
    ///
    /// `keepsOthers`: Whether roots that it does not name stay.
    private func edit(
        _ id: DocumentID,
        _ stored: StoredDocument?,
        to content: [RootContent],
        keepsOthers: Bool
    ) async throws {
        let former = stored ?? StoredDocument(epoch: .random())
        var generator = SystemRandomNumberGenerator()
        var document = try PastDocument(former, of: id, replica: .random(using: &generator))
        let names = Set(content.map(\.root))
        let concerned = document.content.filter { !keepsOthers || names.contains($0.root) }
        let edits = ContentDifference(from: concerned, to: content).edits
        let change = try document.change(for: edits)
        guard document.contentByteCount <= maximumByteCount else {
            throw TransferError("\(id) would have more than \(maximumByteCount) bytes")
        }
        let entry = change.map { change in
            LogEntry(
                document: id,
                revision: former.revision.next,
                changes: change.encoded,
                user: user,
                timestamp: timestamp
            )
        }
        if stored == nil {
            try await store.makeDocument(id, epoch: former.epoch, first: entry)
        } else if let entry {
            try await store.append(entry)
        }
    }
}
