import CRDT

/// The encoded changes of numbered transactions, as they would travel.
struct SentChanges: ~Copyable {
    /// Where a transaction's change is.
    private enum Place {
        case nowhere
        case buffer(Int)
        case other(Range<Int>)
    }

    private(set) var buffer = ChangeBuffer()
    private var places: [Place] = []
    /// The changes that were made the general way, one after the other.
    private var others: [UInt8] = []

    /// Reads changes that are there already.
    init(_ changes: [[UInt8]] = []) {
        for change in changes { self.append(change) }
    }

    /// Bytes of all changes together.
    var byteCount: Int {
        var total = 0
        for place in self.places {
            switch place {
            case .nowhere: break
            case .buffer(let start): total += self.buffer.withChange(at: start) { $0.count } ?? 0
            case .other(let range): total += range.count
            }
        }
        return total
    }

    /// Forgets everything and keeps the memory.
    mutating func removeAll() {
        self.buffer.removeAll()
        self.places.removeAll(keepingCapacity: true)
        self.others.removeAll(keepingCapacity: true)
    }

    /// Notes a change that was made the general way; no bytes where nothing was changed.
    mutating func append(_ change: [UInt8]) {
        if change.isEmpty {
            self.places.append(.nowhere)
        } else {
            let start = self.others.count
            self.others += change
            self.places.append(.other(start..<self.others.count))
        }
    }

    /// Makes a transaction of the script, which becomes the next number.
    @inline(__always)
    mutating func make(
        _ transaction: EditScript.Transaction,
        of script: borrowing EditScript,
        in replica: inout Replica
    ) throws {
        guard transaction.other < 0, let handle = replica.handle else {
            try self.makeGenerally(transaction, of: script, in: &replica)
            return
        }
        let start = self.buffer.byteCount
        let offset = Int(transaction.utf16Offset)
        if transaction.deleteCount > 0 {
            let range = offset..<offset + Int(transaction.deleteCount)
            try replica.document.delete(range, in: handle, to: &self.buffer)
        } else {
            let first = Int(transaction.start)
            let units = script.units.span.extracting(first..<first + Int(transaction.insertCount))
            try replica.document.insert(units, at: offset, in: handle, to: &self.buffer)
        }
        self.places.append(self.buffer.byteCount == start ? .nowhere : .buffer(start))
    }

    @inline(never)
    private mutating func makeGenerally(
        _ transaction: EditScript.Transaction,
        of script: borrowing EditScript,
        in replica: inout Replica
    ) throws {
        var edits: [TextEdit] = []
        if transaction.other >= 0 {
            edits = script.others[Int(transaction.other)]
        } else if transaction.deleteCount > 0 || transaction.insertCount > 0 {
            let first = Int(transaction.start)
            let insert = Array(script.units[first..<first + Int(transaction.insertCount)])
            let edit = Splice(Int(transaction.utf16Offset), Int(transaction.deleteCount), insert)
            edits = [edit.textEdit]
        }
        self.append(edits.isEmpty ? [] : try replica.document.edit(edits)?.encoded ?? [])
        if replica.handle == nil { replica.handle = replica.document.textHandle(Subject.root) }
    }

    /// Lets a replica receive the change of a transaction from its bytes.
    ///
    /// The patches are what the change did; those before are forgotten.
    @inline(__always)
    borrowing func deliver(_ transaction: Int, to replica: inout Replica, patches: inout PatchBuffer) throws {
        patches.removeAll()
        switch self.places[transaction] {
        case .nowhere: break
        case .buffer(let start):
            _ = try self.buffer.withChange(at: start) { (bytes) throws(ChangeError) in
                _ = try replica.document.receive(bytes, patches: &patches)
            }
        case .other(let range):
            let bytes = self.others
            _ = try replica.document.receive(bytes.span.extracting(range), patches: &patches)
            if replica.handle == nil { replica.handle = replica.document.textHandle(Subject.root) }
        }
    }

    /// How many transactions were made.
    var count: Int { self.places.count }
}
