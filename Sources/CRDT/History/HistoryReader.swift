/// Goes through the items of a history, which may be hostile.
struct HistoryReader: ~Copyable {
    /// What is known of the replicas; of the author of the item read last only once all is read.
    private(set) var replicas: [HistoryReplica]
    /// The item read last.
    private(set) var item = HistoryItem(kind: .verbatim, author: -1, sequence: 0, reference: .own(0))
    /// How many elements its author had inserted before it.
    private(set) var elementsBefore: Int64 = 0
    /// How many elements it inserts.
    private(set) var inserted = 0
    /// The change, when it is one in its own bytes.
    private(set) var verbatim: Change?

    private(set) var columns: HistoryCursors
    /// What is known of its author: items of one author come in rows, so the table is left alone meanwhile.
    private var own = HistoryReplica(id: ReplicaID(0))
    private var authorLeft = 0

    /// Starts at the first item; of the replicas only identifiers and starts are used.
    init(_ columns: HistoryCursors, _ replicas: [HistoryReplica]) {
        self.columns = columns
        self.replicas = replicas.map {
            var fresh = HistoryReplica(id: $0.id)
            fresh.start = $0.start
            fresh.next = $0.start ?? 0
            return fresh
        }
    }

    /// Goes to the next item; false after the last one, where all columns must end.
    mutating func next() throws(FormatError) -> Bool {
        if columns.kinds.remaining == 0 {
            guard authorLeft == 0 else { throw .invalid }
            try columns.requireEnd()
            putBack()
            return false
        }
        if authorLeft == 0 { try readAuthor() }
        authorLeft -= 1
        let flags = try columns.kinds.byte()
        guard let kind = HistoryItem.Kind(rawValue: flags & HistoryFlag.kindMask) else { throw .invalid }
        item.kind = kind
        item.sequence = own.next
        item.count = 1
        item.deleteCount = 1
        item.advance = 0
        item.dependency = nil
        item.bytes = 0..<0
        elementsBefore = own.elements
        inserted = 0
        if kind == .verbatim {
            guard flags == 0 else { throw .invalid }
            try readVerbatim()
        } else {
            try readMore(flags)
        }
        own.next += UInt64(item.count)
        guard own.next < Change.maximumSequence else { throw .overflow }
        return true
    }

    private mutating func putBack() {
        if item.author >= 0 { replicas[item.author] = own }
    }

    @inline(never)
    private mutating func readAuthor() throws(FormatError) {
        let author = try replica(columns.authors.size())
        authorLeft = try columns.authors.size()
        guard authorLeft > 0, replicas[author].start != nil else { throw .invalid }
        putBack()
        item.author = author
        own = replicas[author]
    }

    private func replica(_ place: Int) throws(FormatError) -> Int {
        guard place < replicas.count else { throw .invalid }
        return place
    }

    @inline(never)
    private mutating func readVerbatim() throws(FormatError) {
        item.bytes = try columns.others.prefixedRange()
        let change = try Change(decoding: Array(columns.others.bytes[item.bytes]))
        guard change.replica == own.id, change.sequence == item.sequence else { throw .invalid }
        let count = HistoryWriter.elementCount(of: change)
        inserted = Int(count)
        own.elements += count
        guard own.elements < Int64(UInt32.max) else { throw .overflow }
        verbatim = change
    }

    @inline(__always)
    private mutating func readMore(_ flags: UInt8) throws(FormatError) {
        if flags & (HistoryFlag.advance | HistoryFlag.dependency) != 0 { try readNews(flags) }
        if flags & HistoryFlag.other != 0 {
            guard flags & HistoryFlag.same == 0 else { throw .invalid }
            try readOther()
        } else if flags & HistoryFlag.same != 0 {
            guard own.lastOwn < own.elements else { throw .invalid }
            item.reference = .own(own.lastOwn)
        } else {
            let (counter, overflow) = own.lastOwn.addingReportingOverflow(try distance())
            // Before the history there may be elements too, as many as there can be.
            guard !overflow, counter < own.elements, counter > -Int64(UInt32.max) else { throw .invalid }
            item.reference = .own(counter)
        }
        let count = try columns.counts.smallVarint()
        guard count > 0 else { throw .invalid }
        guard count < ByteReader.sizeLimit else { throw .overflow }
        if item.kind == .insert { return try readText(flags, count: Int(count)) }
        if item.kind == .delete {
            guard count > 1 else { throw .invalid }
            item.deleteCount = UInt32(count)
        } else {
            item.count = Int(count)
        }
        guard flags & HistoryFlag.isLong == 0 else { throw .invalid }
        if case .own(let first) = item.reference {
            let distance = Int64(count) - 1
            let isLeft = item.kind == .eraseLeft
            let end = isLeft ? first : first + distance
            guard end < own.elements, !isLeft || first - distance > -Int64(UInt32.max) else { throw .invalid }
            own.lastOwn = end
        } else {
            try noteOtherDeletion()
        }
    }

    @inline(never)
    private mutating func readNews(_ flags: UInt8) throws(FormatError) {
        if flags & HistoryFlag.advance != 0 {
            item.advance = try columns.advances.varint()
            guard item.advance > 0 else { throw .invalid }
            guard item.advance < Change.maximumSequence else { throw .overflow }
        }
        if flags & HistoryFlag.dependency != 0 {
            let place = try replica(columns.dependencies.size())
            let distance = ByteReader.unzigzag(try columns.dependencies.varint())
            let known = replicas[place].lastKnown &+ UInt64(bitPattern: distance)
            guard place != item.author, known > 0, known < Change.maximumSequence else { throw .invalid }
            replicas[place].lastKnown = known
            item.dependency = (place, known)
        }
    }

    @inline(never)
    private mutating func readOther() throws(FormatError) {
        let place = try replica(columns.referenceRests.size())
        let (counter, overflow) = Int64(replicas[place].lastCounter).addingReportingOverflow(try distance())
        guard place != item.author, !overflow, let counter = UInt32(exactly: counter) else { throw .invalid }
        item.reference = .other(place, counter: counter)
    }

    @inline(__always)
    private mutating func distance() throws(FormatError) -> Int64 {
        let low = try columns.references.byte()
        let rest = try columns.referenceRests.smallVarint()
        guard rest < 1 << 40 else { throw .overflow }
        return ByteReader.unzigzag(rest << 8 | UInt64(low))
    }

    /// The text of an insertion: so many bytes or one character for the first change, one for each further one.
    @inline(__always)
    private mutating func readText(_ flags: UInt8, count: Int) throws(FormatError) {
        item.count = count
        let isLong = flags & HistoryFlag.isLong != 0
        item.firstByteCount = isLong ? try columns.sizes.size() : 1
        guard item.firstByteCount > 0, item.firstByteCount <= columns.text.remaining,
            count - 1 <= columns.text.remaining - item.firstByteCount
        else { throw .truncated }
        let start = columns.text.position
        let shortest = item.firstByteCount + count - 1
        let units: Int
        if UTF8Text.isASCII(columns.text.bytes.span, from: start, count: shortest) {
            item.bytes = try columns.text.range(shortest)
            units = shortest
        } else {
            units = try readOtherText(isLong: isLong)
        }
        inserted = units
        own.elements += Int64(units)
        guard own.elements < Int64(UInt32.max) else { throw .overflow }
        own.lastOwn = own.elements - 1
    }

    /// Text with characters of several bytes; the number of units is returned.
    @inline(never)
    private mutating func readOtherText(isLong: Bool) throws(FormatError) -> Int {
        let start = columns.text.position
        if isLong {
            _ = try columns.text.range(item.firstByteCount)
        } else {
            try skipScalars(1)
            item.firstByteCount = columns.text.position - start
        }
        try skipScalars(item.count - 1)
        item.bytes = start..<columns.text.position
        guard let units = UTF8Text.utf16Count(of: columns.text.bytes, in: item.bytes) else { throw .illFormedUTF8 }
        return units
    }

    private mutating func skipScalars(_ count: Int) throws(FormatError) {
        for _ in 0..<count {
            guard columns.text.remaining > 0 else { throw .truncated }
            let lead = columns.text.bytes[columns.text.position]
            _ = try columns.text.range(UTF8Text.byteCount(ofLead: lead))
        }
    }

    @inline(never)
    private mutating func noteOtherDeletion() throws(FormatError) {
        guard case .other(let place, _) = item.reference, item.leftmost >= 0,
            let end = UInt32(exactly: item.rightmost)
        else { throw .invalid }
        replicas[place].lastCounter = end
    }
}

extension ByteReader {
    /// The same as ``varint()``, without a call when it is one byte.
    @inline(__always)
    fileprivate mutating func smallVarint() throws(FormatError) -> UInt64 {
        let byte = try byte()
        if byte < 0x80 { return UInt64(byte) }
        stepBack()
        return try varint()
    }
}
