import CRDT

/// The edits of transactions in flat arrays, so that going through them costs the measured rows next to nothing.
struct EditScript {
    /// One transaction.
    struct Transaction {
        /// Where it edits, when it is one insertion or one deletion.
        var utf16Offset: Int32 = 0
        var deleteCount: Int32 = 0
        /// Where in ``EditScript/units`` the inserted units are.
        var start: Int32 = 0
        var insertCount: Int32 = 0
        /// Which one of ``EditScript/others`` it is, when it is several edits or a replacement.
        var other: Int32 = -1
    }

    private(set) var transactions: [Transaction] = []
    private(set) var units: [UInt16] = []
    private(set) var others: [[TextEdit]] = []

    init(_ transactions: some Sequence<[Splice]>) {
        for edits in transactions { self.append(edits) }
    }

    private mutating func append(_ edits: [Splice]) {
        var transaction = Transaction()
        if let edit = edits.first, edits.count == 1, edit.deleteCount == 0 || edit.insert.isEmpty {
            transaction.utf16Offset = Int32(edit.utf16Offset)
            transaction.deleteCount = Int32(edit.deleteCount)
            transaction.start = Int32(self.units.count)
            transaction.insertCount = Int32(edit.insert.count)
            self.units += edit.insert
        } else if !edits.isEmpty {
            transaction.other = Int32(self.others.count)
            self.others.append(edits.map(\.textEdit))
        }
        self.transactions.append(transaction)
    }
}

extension Splice {
    /// The edit as the engine takes it.
    var textEdit: TextEdit {
        TextEdit(
            root: Subject.root,
            utf16Offset: self.utf16Offset,
            deleteCount: self.deleteCount,
            insert: self.insert
        )
    }
}
