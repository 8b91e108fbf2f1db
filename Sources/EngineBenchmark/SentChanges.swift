import CRDT

/// The encoded changes of numbered transactions, as they would travel.
struct SentChanges: ~Copyable {
    private(set) var buffer = ChangeBuffer()
    /// Where each transaction's change is: in the buffer, or in ``others`` when the place is below ``nowhere``.
    private var places: [Int] = []
    private static let nowhere = -1
    /// The changes that were made the general way, one after the other.
    private var others: [UInt8] = []
    /// Where each of these starts and ends.
    private var otherRanges: [Range<Int>] = []

    /// Reads changes that are there already.
    init(_ changes: [[UInt8]] = []) {
        for change in changes { self.append(change) }
    }

    /// Bytes of all changes together.
    var byteCount: Int {
        var total = self.others.count
        for place in self.places where place >= 0 { total += self.buffer.withChange(at: place) { $0.count } ?? 0 }
        return total
    }

    /// Forgets everything and keeps the memory.
    mutating func removeAll() {
        self.buffer.removeAll()
        self.places.removeAll(keepingCapacity: true)
        self.others.removeAll(keepingCapacity: true)
        self.otherRanges.removeAll(keepingCapacity: true)
    }

    /// Notes a change that was made the general way; no bytes where nothing was changed.
    mutating func append(_ change: [UInt8]) {
        if change.isEmpty {
            self.places.append(Self.nowhere)
        } else {
            let start = self.others.count
            self.others += change
            self.otherRanges.append(start..<self.others.count)
            self.places.append(Self.nowhere - self.otherRanges.count)
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
        self.places.append(self.buffer.byteCount == start ? Self.nowhere : start)
    }

    @inline(never)
    private mutating func makeGenerally(
        _ transaction: EditScript.Transaction,
        of script: borrowing EditScript,
        in replica: inout Replica
    ) throws {
        self.append(try script.makeGenerally(transaction, in: &replica))
    }

    /// Lets a replica receive the change of a transaction from its bytes.
    ///
    /// The patches are what the change did; those before are forgotten.
    @inline(__always)
    borrowing func deliver(_ transaction: Int, to replica: inout Replica, patches: inout PatchBuffer) throws {
        patches.removeAll()
        let place = self.places[transaction]
        if place >= 0 {
            _ = try replica.document.receive(self.buffer, from: place, to: place + 1, patches: &patches)
        } else if place < Self.nowhere {
            let bytes = self.others
            let range = self.otherRanges[Self.nowhere - place - 1]
            _ = try replica.document.receive(bytes.span.extracting(range), patches: &patches)
            if replica.handle == nil { replica.handle = replica.document.textHandle(Subject.root) }
        }
    }

    /// How many transactions were made.
    var count: Int { self.places.count }
}
