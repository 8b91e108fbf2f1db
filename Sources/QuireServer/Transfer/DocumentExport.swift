import CRDT
public import Collaboration
import SocketIOProtocol

/// Writes documents as files.
public enum DocumentExport {
    /// A document as bytes.
    ///
    /// - Parameters:
    ///   - stored: what the store holds of it.
    ///   - id: its name.
    ///   - format: the form.
    ///   - root: which text, for `text`; nil for the only one, or else `body`.
    /// - Returns: the file.
    /// - Throws: when the engine cannot read it, or there is no such text.
    public static func bytes(
        of stored: StoredDocument,
        named id: DocumentID,
        as format: TransferFormat,
        root: String? = nil
    ) throws(TransferError) -> [UInt8] {
        let document: PastDocument
        do throws(RoomError) {
            document = try PastDocument(stored, of: id, replica: ReplicaID(1))
        } catch {
            throw TransferError("\(id): \(error.message)")
        }
        switch format {
        case .snapshot:
            return document.snapshot()
        case .json:
            let json: JSON = [
                "doc": .string(id.rawValue),
                "epoch": .string(document.epoch.rawValue),
                "rev": WireValue.revision(document.revision),
                "content": WireValue.content(document.content),
            ]
            return json.serialize() + [UInt8(ascii: "\n")]
        case .text:
            let texts = document.content.filter { $0.text != nil }
            let wanted = root ?? (texts.count == 1 ? texts[0].root.string : DocumentView.defaultRoot.string)
            guard let text = texts.first(where: { $0.root.string == wanted })?.text else {
                // A document that nobody wrote to is an empty text.
                if root == nil, document.content.isEmpty { return [] }
                throw TransferError("\(id) has no text \"\(wanted)\"; --format json shows all of it")
            }
            return Array(text.utf8)
        }
    }
}
