/// Packs changes one after the other into columns.
struct HistoryWriter: Sendable {
    private(set) var columns = HistoryColumns()
    private(set) var replicas: [HistoryReplica] = []
    private(set) var changeCount = 0
    private var places: [ReplicaID: Int] = [:]
    /// The item that may go on; what it took from `text` is there already.
    private var open: HistoryItem?
    private var lastAuthor = 0
    private var authorCount = 0
    /// To see whether a change would be written again as it is.
    private var changeWriter = ChangeWriter()

    init() {}

    /// Goes on after columns, and what a reader that has read them to the end knows of their replicas.
    init(_ columns: HistoryColumns, _ replicas: [HistoryReplica], changeCount: Int) {
        self.columns = columns
        self.replicas = replicas
        self.changeCount = changeCount
        for place in replicas.indices { places[replicas[place].id] = place }
    }

    /// Adds a change, which must be its author's next.
    mutating func append(_ change: Change) throws(ChangeError) {
        let author = place(of: change.replica)
        if replicas[author].start == nil {
            replicas[author].start = change.sequence
            replicas[author].next = change.sequence
        }
        guard change.sequence == replicas[author].next else { throw .notReady }
        if let item = item(for: change, author) {
            if !extend(with: item, change.encoded) { begin(item, change.encoded) }
        } else {
            var item = HistoryItem(kind: .verbatim, author: author, sequence: change.sequence, reference: .own(0))
            item.bytes = 0..<change.encoded.count
            begin(item, change.encoded)
            replicas[author].elements += Self.elementCount(of: change)
        }
        replicas[author].next += 1
        changeCount += 1
    }

    private mutating func place(of replica: ReplicaID) -> Int {
        if let known = places[replica] { return known }
        places[replica] = replicas.count
        replicas.append(HistoryReplica(id: replica))
        return replicas.count - 1
    }

    /// How many elements a change inserts.
    static func elementCount(of change: Change) -> Int64 {
        var reader = OperationReader(change)
        var count: Int64 = 0
        do throws(FormatError) {
            while let operation = try reader.next() {
                switch operation {
                case .insert(_, let text): count += Int64(UTF8Text.utf16Count(of: change.encoded, in: text) ?? 0)
                case .insertItems(_, let values): count += Int64(values.count)
                case .set, .move: count += 1
                case .delete, .restoreText, .restoreItems: break
                }
            }
        } catch {
            preconditionFailure("A change that was decoded cannot be read.")
        }
        return count
    }

    // MARK: What a change is

    /// The change as an item of its own, with text where it is in the change; `nil` when it only fits as it is.
    private mutating func item(for change: Change, _ author: Int) -> HistoryItem? {
        if change.shape == .several || change.dependencies.replicaCount > 1 { return nil }
        var reader = OperationReader(change)
        guard let operation = try? reader.next() else { return nil }
        let newest = HistoryItem.Reference.own(replicas[author].elements - 1)
        var item = HistoryItem(kind: .insert, author: author, sequence: change.sequence, reference: newest)
        item.advance = change.lamportAdvance
        switch operation {
        case .insert(let origin, let text):
            switch origin {
            case .newest: break
            case .element(let reference): item.reference = self.reference(reference, author)
            case .start: return nil
            }
            item.bytes = text
            item.firstByteCount = text.count
        case .delete(let first, let count):
            item.kind = count == 1 ? .eraseLeft : .delete
            item.reference = reference(first, author)
            item.deleteCount = count
        default: return nil
        }
        if let entry = change.dependencies.entries.first {
            item.dependency = (place(of: entry.replica), entry.count)
        }
        return isWritten(item, change) ? item : nil
    }

    private mutating func reference(_ reference: Operation.Reference, _ author: Int) -> HistoryItem.Reference {
        switch reference {
        case .own(let distance): .own(replicas[author].elements - Int64(distance))
        case .other(let replica, let counter): .other(place(of: replica), counter: counter)
        }
    }

    /// Whether the item, written as a change again, is the very same one.
    private mutating func isWritten(_ item: HistoryItem, _ change: Change) -> Bool {
        let parts = HistoryExpansion(item, replicas, elements: replicas[item.author].elements)
        return parts.change(0, text: change.encoded[item.bytes], &changeWriter).encoded == change.encoded
    }

    // MARK: Items

    /// Adds a change to the open item when it goes on there.
    private mutating func extend(with item: HistoryItem, _ bytes: [UInt8]) -> Bool {
        guard var last = open, last.author == item.author, item.advance == 0, item.dependency == nil else {
            return false
        }
        switch (last.kind, item.kind) {
        case (.insert, .insert):
            guard item.reference == .own(replicas[item.author].elements - 1), UTF8Text.isOneScalar(bytes, item.bytes)
            else { return false }
            columns.text.append(contentsOf: bytes[item.bytes])
            last.bytes = last.bytes.lowerBound..<columns.text.count
            noteInsertion(bytes, item.bytes, author: item.author)
        case (.eraseLeft, .eraseLeft), (.eraseRight, .eraseLeft):
            guard let step = Self.step(from: last, to: item) else { return false }
            guard last.count == 1 || (step < 0) == (last.kind == .eraseLeft) else { return false }
            last.kind = step < 0 ? .eraseLeft : .eraseRight
        default: return false
        }
        last.count += 1
        open = last
        return true
    }

    /// -1 or 1 when an erased element is directly on the left or on the right of those that were erased before.
    private static func step(from last: HistoryItem, to item: HistoryItem) -> Int64? {
        let done = Int64(last.count)
        for step: Int64 in [-1, 1] {
            switch (last.reference, item.reference) {
            case (.own(let first), .own(let next)):
                if next == first + step * done { return step }
            case (.other(let a, let first), .other(let b, let next)):
                if a == b, Int64(next) == Int64(first) + step * done { return step }
            default: return nil
            }
        }
        return nil
    }

    private mutating func begin(_ item: HistoryItem, _ bytes: [UInt8]) {
        close()
        var item = item
        switch item.kind {
        case .insert:
            let start = columns.text.count
            columns.text.append(contentsOf: bytes[item.bytes])
            item.isLong = !UTF8Text.isOneScalar(bytes, item.bytes)
            noteInsertion(bytes, item.bytes, author: item.author)
            item.bytes = start..<columns.text.count
        case .verbatim: columns.others.appendPrefixed(bytes)
        default: break
        }
        open = item
    }

    private mutating func noteInsertion(_ bytes: [UInt8], _ range: Range<Int>, author: Int) {
        replicas[author].elements += Int64(UTF8Text.utf16Count(of: bytes, in: range) ?? 0)
    }

    /// Writes the open item down.
    mutating func close() {
        guard let item = open else { return }
        open = nil
        if item.author != lastAuthor || authorCount == 0 {
            if authorCount > 0 { columns.authors.appendVarint(authorCount) }
            columns.authors.appendVarint(item.author)
            lastAuthor = item.author
            authorCount = 0
        }
        authorCount += 1
        var flags = item.kind.rawValue
        if item.kind == .verbatim {
            columns.kinds.append(flags)
            return
        }
        if item.advance > 0 {
            flags |= HistoryFlag.advance
            columns.advances.appendVarint(item.advance)
        }
        if let dependency = item.dependency {
            flags |= HistoryFlag.dependency
            columns.dependencies.appendVarint(dependency.replica)
            let known = Int64(bitPattern: dependency.count &- replicas[dependency.replica].lastKnown)
            columns.dependencies.appendZigzag(known)
            replicas[dependency.replica].lastKnown = dependency.count
        }
        flags |= write(item.reference, author: item.author)
        if item.isLong {
            flags |= HistoryFlag.isLong
            columns.sizes.appendVarint(item.firstByteCount)
        }
        columns.kinds.append(flags)
        columns.counts.appendVarint(item.kind == .delete ? UInt64(item.deleteCount) : UInt64(item.count))
        noteEnd(of: item)
    }

    private mutating func write(_ reference: HistoryItem.Reference, author: Int) -> UInt8 {
        switch reference {
        case .own(let counter):
            if counter == replicas[author].lastOwn { return HistoryFlag.same }
            append(distance: counter - replicas[author].lastOwn)
            return 0
        case .other(let replica, let counter):
            columns.referenceRests.appendVarint(replica)
            append(distance: Int64(counter) - Int64(replicas[replica].lastCounter))
            return HistoryFlag.other
        }
    }

    /// The lowest bytes are noise, the rests are mostly zero: apart they compress better.
    private mutating func append(distance: Int64) {
        let value = UInt64(bitPattern: (distance << 1) ^ (distance >> 63))
        columns.references.append(UInt8(truncatingIfNeeded: value))
        columns.referenceRests.appendVarint(value >> 8)
    }

    private mutating func noteEnd(of item: HistoryItem) {
        if item.kind == .insert {
            replicas[item.author].lastOwn = replicas[item.author].elements - 1
        } else if case .other(let replica, _) = item.reference {
            replicas[replica].lastCounter = UInt32(truncatingIfNeeded: item.rightmost)
        } else {
            replicas[item.author].lastOwn = item.rightmost
        }
    }

    /// The columns with everything written down.
    consuming func finish() -> (columns: HistoryColumns, replicas: [HistoryReplica]) {
        close()
        if authorCount > 0 { columns.authors.appendVarint(authorCount) }
        return (columns, replicas)
    }
}
