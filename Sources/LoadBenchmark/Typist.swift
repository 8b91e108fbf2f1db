import CRDT

/// A replica that types at the end of a text of its own, one change a keystroke.
final class Typist {
    /// The name of the text.
    let textName: String
    private(set) var document: Document
    private let text: TextID
    private var changes = ChangeBuffer()
    private var patches = PatchBuffer()
    private var typedCount = 0

    init(textName: String) throws(FormatError) {
        var generator = SystemRandomNumberGenerator()
        self.textName = textName
        self.text = TextID(try RootName(string: textName))
        self.document = Document(replica: .random(using: &generator))
    }

    /// The replica's name.
    var replica: ReplicaID { self.document.replica }

    /// Types a letter, and returns the change as it travels.
    func type() throws -> [UInt8] {
        let letter: [UInt16] = [0x61 + UInt16(self.typedCount % 26)]
        defer { self.typedCount += 1 }
        guard let handle = self.document.textHandle(self.text) else {
            return try self.document.insert(letter, at: 0, in: self.text)?.encoded ?? []
        }
        self.changes.removeAll()
        try self.document.insert(letter.span, at: self.typedCount, in: handle, to: &self.changes)
        return self.changes.changeSet
    }

    /// Merges what somebody else typed.
    func receive(_ bytes: [UInt8]) throws {
        _ = try self.document.receive(bytes.span, patches: &self.patches)
        self.patches.removeAll()
    }

    /// The text of a name.
    func string(of name: String) throws -> String {
        self.document.string(of: TextID(try RootName(string: name)))
    }
}
