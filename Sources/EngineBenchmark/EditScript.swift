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

    /// One edit of a transaction.
    struct Edit {
        var utf16Offset: Int32
        var deleteCount: Int32
        /// Where in ``EditScript/units`` the inserted units are.
        var start: Int32
        var insertCount: Int32
    }

    private(set) var transactions: [Transaction] = []
    /// The edits of all transactions, one after the other.
    private(set) var edits: [Edit] = []
    private(set) var units: [UInt16] = []
    private(set) var others: [[TextEdit]] = []

    init(_ transactions: some Sequence<[Splice]>) {
        for edits in transactions { self.append(edits) }
    }

    private mutating func append(_ edits: [Splice]) {
        var transaction = Transaction()
        let start = self.units.count
        for edit in edits {
            self.edits.append(
                Edit(
                    utf16Offset: Int32(edit.utf16Offset),
                    deleteCount: Int32(edit.deleteCount),
                    start: Int32(self.units.count),
                    insertCount: Int32(edit.insert.count)
                )
            )
            self.units += edit.insert
        }
        if let edit = edits.first, edits.count == 1, edit.deleteCount == 0 || edit.insert.isEmpty {
            transaction.utf16Offset = Int32(edit.utf16Offset)
            transaction.deleteCount = Int32(edit.deleteCount)
            transaction.start = Int32(start)
            transaction.insertCount = Int32(edit.insert.count)
        } else if !edits.isEmpty {
            transaction.other = Int32(self.others.count)
            self.others.append(edits.map(\.textEdit))
        }
        self.transactions.append(transaction)
    }

    // MARK: Editing

    /// Makes all transactions, each of which writes its change into the buffer.
    ///
    /// - Parameters:
    ///   - replica: who makes them.
    ///   - changes: where the changes go.
    /// - Returns: the bytes of changes that did not go through the buffer: of several edits in one.
    /// - Throws: when an edit is not possible.
    func replay(
        in replica: inout Replica,
        to changes: inout ChangeBuffer
    ) throws -> Int {
        let allTransactions = self.transactions
        let allUnits = self.units
        let transactions = allTransactions.span
        let units = allUnits.span
        var otherByteCount = 0
        for index in transactions.indices {
            let transaction = transactions[index]
            guard transaction.other < 0, let handle = replica.handle else {
                otherByteCount += try self.makeGenerally(transaction, in: &replica).count
                continue
            }
            let offset = Int(transaction.utf16Offset)
            if transaction.deleteCount > 0 {
                let range = offset..<offset + Int(transaction.deleteCount)
                try replica.document.delete(range, in: handle, to: &changes)
            } else {
                let first = Int(transaction.start)
                let insert = units.extracting(first..<first + Int(transaction.insertCount))
                try replica.document.insert(insert, at: offset, in: handle, to: &changes)
            }
        }
        return otherByteCount
    }

    /// Makes all edits, many of them in a transaction, as who edits alone and sends now and then; the changes are dropped.
    ///
    /// - Parameters:
    ///   - replica: who makes them.
    ///   - editCount: how many edits are one transaction.
    /// - Throws: when an edit is not possible.
    func replay(in replica: inout Replica, editsPerTransaction editCount: Int) throws {
        let allEdits = self.edits
        let allUnits = self.units
        let edits = allEdits.span
        let units = allUnits.span
        var changes = ChangeBuffer()
        var first = 0
        if replica.handle == nil {
            guard let transaction = self.transactions.first else { return }
            _ = try self.makeGenerally(transaction, in: &replica)
            first = transaction.other < 0 ? 1 : self.others[Int(transaction.other)].count
        }
        guard let handle = replica.handle else { throw WrongResult(description: "a session begins with an insertion") }
        while first < edits.count {
            let end = min(first + editCount, edits.count)
            replica.document.begin()
            let part = edits.extracting(first..<end)
            for index in part.indices {
                let edit = part[index]
                let offset = Int(edit.utf16Offset)
                if edit.deleteCount > 0 {
                    try replica.document.delete(offset..<offset + Int(edit.deleteCount), in: handle)
                }
                if edit.insertCount > 0 {
                    let start = Int(edit.start)
                    let insert = units.extracting(start..<start + Int(edit.insertCount))
                    try replica.document.insert(insert, at: offset, in: handle)
                }
            }
            replica.document.commit(to: &changes)
            changes.removeAll()
            first = end
        }
    }

    /// Makes a transaction the general way, and gives its change; no bytes when it changed nothing.
    @inline(never)
    func makeGenerally(_ transaction: Transaction, in replica: inout Replica) throws -> [UInt8] {
        var edits: [TextEdit] = []
        if transaction.other >= 0 {
            edits = self.others[Int(transaction.other)]
        } else if transaction.deleteCount > 0 || transaction.insertCount > 0 {
            let first = Int(transaction.start)
            let insert = Array(self.units[first..<first + Int(transaction.insertCount)])
            edits = [Splice(Int(transaction.utf16Offset), Int(transaction.deleteCount), insert).textEdit]
        }
        let change = edits.isEmpty ? nil : try replica.document.edit(edits)
        if replica.handle == nil { replica.handle = replica.document.textHandle(Subject.root) }
        return change?.encoded ?? []
    }
}

extension Splice {
    /// The edit as the engine takes it.
    var textEdit: TextEdit {
        TextEdit(
            text: Subject.root,
            utf16Offset: self.utf16Offset,
            deleteCount: self.deleteCount,
            insert: self.insert
        )
    }
}
